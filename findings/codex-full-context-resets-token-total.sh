#!/usr/bin/env bash
# Surprise: once the model says that the context is full, the token total of a thread begins anew at zero.
#
# codex app-server 0.163.0 (PyPI openai-codex-cli-bin): `thread/tokenUsage/updated` has the `total` of a thread. When the
# provider ends a response with the code `context_length_exceeded`, Codex sends a `total` whose input and output tokens are
# 0 and whose total tokens are the size of the context window. The next responses count from there (two here: with a full
# context, a turn compacts first). A client that takes the last total for what the thread has used loses all before.
#
# Output seen:
#   input 10, output 2, total 12
#   input 0, output 0, total 258400
#   input 20, output 4, total 258424
set -euo pipefail
mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}"
work=$(mktemp -d -p "${XDG_CACHE_HOME:-$HOME/.cache}") # codex takes no home below /tmp
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openai-codex-cli-bin==0.163.0
"$work/venv/bin/python" - "$work" <<'PY' | tee "$work/seen"
import json, os, queue, subprocess, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import codex_cli_bin

work = Path(sys.argv[1])


class Model(BaseHTTPRequestHandler):
    """Answers with a short message; the second time, it says that the context is full."""

    asked = 0

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        message = {"type": "message", "role": "assistant", "id": "m", "content": [{"type": "output_text", "text": "Done."}]}
        usage = {"input_tokens": 10, "input_tokens_details": None, "output_tokens": 2, "output_tokens_details": None}
        events = [
            {"type": "response.created", "response": {"id": "r"}},
            {"type": "response.output_item.done", "item": message},
            {"type": "response.completed", "response": {"id": "r", "usage": {**usage, "total_tokens": 12}}},
        ]
        Model.asked += 1
        if Model.asked == 2:
            error = {"code": "context_length_exceeded", "message": "too long"}
            events[1:] = [{"type": "response.failed", "response": {"id": "r", "error": error}}]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *_):
        pass


model = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
home = work / "home"
home.mkdir(mode=0o700)
(home / "config.toml").write_text(
    'model = "gpt-5.5"\nmodel_provider = "scripted"\n[model_providers.scripted]\nname = "Scripted"\n'
    f'base_url = "http://127.0.0.1:{model.server_port}"\nwire_api = "responses"\nrequires_openai_auth = false\n'
    "supports_websockets = false\n"
)


class Server:
    """An app-server over its standard streams."""

    def __init__(self):
        binary = next(Path(codex_cli_bin.__file__).parent.rglob("codex"))
        self.process = subprocess.Popen(
            [binary, "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "CODEX_HOME": str(home)}, cwd=work, text=True,
        )
        self.seen = queue.Queue()
        threading.Thread(target=lambda: [self.seen.put(json.loads(line)) for line in self.process.stdout], daemon=True).start()
        self.number = 0
        self.ask("initialize", clientInfo={"name": "finding", "version": "1"}, capabilities={"experimentalApi": True})

    def ask(self, method, **params):
        self.number += 1
        self.process.stdin.write(json.dumps({"id": self.number, "method": method, "params": params}) + "\n")
        self.process.stdin.flush()
        return self.until(lambda message: message.get("id") == self.number and "method" not in message, 30)["result"]

    def until(self, wanted, seconds):
        while True:
            message = self.seen.get(timeout=seconds)
            if wanted(message):
                return message

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


server = Server()
thread = server.ask("thread/start", cwd=str(work))["thread"]["id"]
for _ in range(3):
    server.ask("turn/start", threadId=thread, input=[{"type": "text", "text": "Say done.", "text_elements": []}])
    told = []
    server.until(lambda message: told.append(message) or message.get("method") == "turn/completed", 30)
    usages = [one["params"]["tokenUsage"]["total"] for one in told if one.get("method") == "thread/tokenUsage/updated"]
    print(f"input {usages[-1]['inputTokens']}, output {usages[-1]['outputTokens']}, total {usages[-1]['totalTokens']}")
server.close()
PY
expected="input 10, output 2, total 12
input 0, output 0, total 258400
input 20, output 4, total 258424"
[ "$(cat "$work/seen")" = "$expected" ]
