"""The door of the page: which process asks, by which name, from which page, and whether it has entered."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from supervisor.cli.web.keys import Keys
from supervisor.cli.web.peers import Peers
from supervisor.core.view.page.style import STYLE

_OUR_STYLE = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src {_OUR_STYLE}; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with none at all, a form would not say which page it comes from
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
OPEN = frozenset({"/enter", "/page.js", "/icon.svg"})
"""What is served to whoever has not entered yet: nothing of the workspace is in it."""


class PageDoor:
    """Lets requests through to the app. What it refuses, it says why, and touches nothing."""

    def __init__(
        self, app: ASGIApp, peers: Peers, keys: Keys, *, port: int, secure: bool, hosts: frozenset[str]
    ) -> None:
        self._app = app
        self._peers = peers
        self._keys = keys
        self._cookie = cookie_name(port)
        self._scheme = "https" if secure else "http"
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refused = await self._refusal(scope)
        app: ASGIApp = self._app if refused is None else PlainTextResponse(refused[1] + "\n", refused[0])
        await app(scope, receive, _with_headers(send))

    async def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        client, server, writes = scope.get("client"), scope.get("server"), scope["method"] not in ("GET", "HEAD")
        if client is None or server is None or server[1] is None:
            return 403, "it cannot be seen who asks"
        found = await asyncio.to_thread(
            self._peers.refusal, (client[0], client[1]), (server[0], server[1]), afresh=writes
        )
        if found is not None:
            return 403, f"{found.what}: {found.next_step}"
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or (self._hosts and hosts[0].lower() not in self._hosts):
            return 421, "this is not a name of this page"
        site, mode = headers.get("sec-fetch-site", "same-origin"), headers.get("sec-fetch-mode", "")
        if writes:
            if headers.getlist("origin") != [f"{self._scheme}://{hosts[0]}"] or site != "same-origin":
                return 403, "this comes from another page"
            if headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
                return 415, "this is not a form"
        elif site not in ("same-origin", "none") and mode != "navigate":
            return 403, "this comes from another page"
        scope["session"] = session = session_of(headers, self._cookie)
        scope["entered"] = bool(session) and self._keys.knows(session)
        if not scope["entered"] and scope["path"] not in OPEN and writes:
            return 401, "enter first: open the link that `orch web` printed"
        return None


def cookie_name(port: int) -> str:
    """Return the name of the cookie: browsers send those of one host to all its ports."""
    return f"orch-{port}"


def session_of(headers: Headers, name: str) -> str:
    """Return the secret of the session that a request has; "" if it has none, or more than one."""
    found = []
    for header in headers.getlist("cookie"):
        try:
            cookie: SimpleCookie = SimpleCookie(header)
        except CookieError:
            return ""
        found += [morsel.value for key, morsel in cookie.items() if key == name]
    return found[0] if len(found) == 1 else ""


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in ALWAYS.items():
                headers[name] = value
        await send(message)

    return sent
