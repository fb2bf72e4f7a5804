"""A ChatGPT account on loopback, for a lab that is not up yet: a login that only Codex reads, and the server that says
how much of the account's limits is used."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from tests.e2e.lab import Lab

DAY = 86_400  # seconds


@contextmanager
def account(lab: Lab, percent: int) -> Iterator[None]:
    """Log the lab in, with so much of the limit of 5 hours used."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            window = {"used_percent": percent, "limit_window_seconds": 18_000, "reset_after_seconds": DAY}
            limit = {"allowed": True, "limit_reached": False, "primary_window": {**window, "reset_at": later()}}
            told = {"plan_type": "pro", "rate_limit": limit} if self.path.endswith("/usage") else {}
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        config = lab.home / "config.toml"
        base = f'chatgpt_base_url = "http://127.0.0.1:{server.server_port}/backend-api"\n'
        config.write_text(base + config.read_text(encoding="utf-8"), encoding="utf-8")
        tokens = {"id_token": _token(), "access_token": _token(), "refresh_token": "none", "account_id": "an-account"}
        login = {"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": tokens}
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        (lab.home / "auth.json").write_text(json.dumps({**login, "last_refresh": now}), encoding="utf-8")
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def later() -> int:
    return int(time.time()) + DAY


def _token() -> str:
    """A token that nobody signed."""
    plan = {"chatgpt_plan_type": "pro", "chatgpt_account_id": "an-account", "chatgpt_user_id": "a-person"}
    said = {"email": "a.person@example.invalid", "exp": later(), "https://api.openai.com/auth": plan}
    parts = ({"alg": "none", "typ": "JWT"}, said, {})
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts)
