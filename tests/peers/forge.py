"""A stand-in of a forge: an HTTP server on loopback that keeps pull requests, and `gh` and `glab` that talk to it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

_PROGRAM = """#!{python}
import json, os, sys, urllib.request
words = sys.argv[1:]
if sys.stdin.isatty() or os.environ.get("GH_PROMPT_DISABLED") != "1":
    sys.exit("it would ask")
request = urllib.request.Request(
    "http://127.0.0.1:{port}/{program}",
    data=json.dumps({{"words": words, "repo": os.path.basename(os.getcwd())}}).encode(),
    method="POST",
)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
answer = json.loads(opener.open(request, timeout=20).read())
sys.stdout.write(answer["out"])
sys.stderr.write(answer["err"])
sys.exit(answer["code"])
"""


class StandInForge:
    """The pull requests that were opened, and what every program was called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, list[str]]] = []  # program, repo, words
        self.requests: dict[str, dict[str, str]] = {}  # by address
        self.logged_in = ""  # the program that is logged in everywhere
        self.refused: dict[str, str] = {}  # by repo: what is said instead of opening one

    def answer(self, program: str, repo: str, words: list[str]) -> tuple[int, str, str]:
        self.calls.append((program, repo, words))
        options = {name: value for name, value in pairwise(words) if name.startswith("--")}
        branch = options.get("--head") or options.get("--source-branch") or ""
        match words[1]:
            case "status":
                return int(program != self.logged_in), "", ""
            case "list":
                key = "url" if program == "gh" else "web_url"
                found = [
                    {key: url} for url, one in self.requests.items() if (one["repo"], one["branch"]) == (repo, branch)
                ]
                return 0, json.dumps(found), ""
            case "create" if repo in self.refused:
                return 1, "", self.refused[repo]
            case "create":
                kind = "pull" if program == "gh" else "-/merge_requests"
                url = f"https://forge.example/{repo}/{kind}/{len(self.requests) + 1}"
                self.requests[url] = {
                    "repo": repo,
                    "branch": branch,
                    "title": options["--title"],
                    "body": options.get("--body") or options["--description"],
                    "base": options.get("--base") or options.get("--target-branch") or "",
                    "draft": str("--draft" in words),
                }
                return 0, f"Creating it\n{url}\n", "Warning: 1 uncommitted change\n"
            case _:
                url = next(one for one in self.requests if one == words[2] or one.endswith(f"/{words[2]}"))
                self.requests[url]["body"] = options.get("--body") or options["--description"]
                return 0, f"{url}\n", ""


@contextmanager
def stand_in_forge(folder: Path, *programs: str) -> Iterator[StandInForge]:
    """Serve a forge, and put its programs into `folder`."""
    forge = StandInForge()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            code, out, err = forge.answer(self.path[1:], data["repo"], data["words"])
            body = json.dumps({"code": code, "out": out, "err": err}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    folder.mkdir(exist_ok=True)
    for program in programs:
        path = folder / program
        text = _PROGRAM.format(python=sys.executable, port=server.server_port, program=program)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    thread = threading.Thread(target=server.serve_forever, name="forge", daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
