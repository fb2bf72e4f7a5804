"""The addresses of the page, and what each answers."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from supervisor.cli.web.confirm import Asked, Confirmations
from supervisor.cli.web.door import cookie_name
from supervisor.cli.web.keys import SESSIONS, Keys
from supervisor.cli.web.live import Live, PageView
from supervisor.cli.web.views import Drawn, Views
from supervisor.cli.web.writes import FormResult, Writes
from supervisor.core.view.page.parts import Marks

BODY = 1 << 17  # bytes of a form
DIGITS = 18  # of the number of a version; Python refuses to read very long ones
FIELDS = 50  # of a form
BEAT = 15.0  # seconds between two signs of life on a quiet stream
PAUSE = 0.08  # seconds between two changes that are told: a reader sees no more
STREAM = "text/event-stream"
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M3 8h4m0 0 4-4m-4 4 4 4" fill="none" '
    'stroke="#1971c2" stroke-width="1.6"/><circle cx="3" cy="8" r="2" fill="#1971c2"/><circle cx="12.5" cy="3.5" r="2" '
    'fill="#2b8a3e"/><circle cx="12.5" cy="12.5" r="2" fill="#e67700"/></svg>'
)
SCRIPT = Path(__file__).with_name("page.js")

Draw = Callable[[PageView, Request, Marks | None], Drawn | None]
"""Draws a page for a reader that has parts with these marks; None if there is no such page."""


class Routes:
    """Answers requests that the door let through."""

    def __init__(
        self,
        live: Live,
        views: Views,
        writes: Writes,
        keys: Keys,
        *,
        port: int,
        secure: bool,
        confirm: Confirmations | None = None,
        read_only: bool = False,
    ) -> None:
        self._live = live
        self._views = views
        self._writes = writes
        self._keys = keys
        self._cookie = cookie_name(port)
        self._secure = secure
        self._confirm = confirm
        self._read_only = read_only
        self._said: dict[str, FormResult] = {}

    def app(self) -> Starlette:
        """Build the application: each path of the page, with who may ask for it left to the door."""
        views = self._views
        script = SCRIPT.read_text(encoding="utf-8")
        fixed = (("/page.js", script, "text/javascript"), ("/icon.svg", ICON, "image/svg+xml"))
        routes = [
            Route("/", self._page(lambda view, asked, known: views.overview(view, self._take_said(asked), known))),
            Route(
                "/task/{name}",
                self._page(lambda view, asked, known: views.task(view, asked.path_params["name"], known)),
            ),
            Route("/plan", self._page(lambda view, _, known: views.plan(view, known))),
            Route("/log", self._page(lambda view, _, known: views.log(view, known))),
            Route("/map", self._page(lambda view, _, known: views.map(view, known))),
            Route("/confirm", self._code),
            Route("/enter", self._enter, methods=["POST"]),
            *(Route(path, self._write, methods=["POST"]) for path in ("/answer", "/hold", "/go")),
            Route("/confirm", self._confirmed, methods=["POST"]),
            *(Route(path, _fixed(text, kind)) for path, text, kind in fixed),
        ]
        return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=800, compresslevel=5)])

    def _page(self, draw: Draw) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers with a page, or with what changes of it, for whoever has entered."""

        async def answer(request: Request) -> Response:
            if not request.scope["entered"]:
                return HTMLResponse(self._views.enter(), 401)
            if request.headers.get("accept") == STREAM:
                return StreamingResponse(self._changes(draw, request), media_type=STREAM)
            drawn = await run_in_threadpool(draw, self._live.now, request, None)
            return (
                HTMLResponse(drawn.html)
                if drawn is not None
                else HTMLResponse(self._views.problem("There is no such page."), 404)
            )

        return answer

    async def _code(self, request: Request) -> Response:
        if not request.scope["entered"]:
            return HTMLResponse(self._views.enter(), 401)
        return HTMLResponse(self._views.code(request.query_params.get("waits", ""), ""))

    async def _changes(self, draw: Draw, request: Request) -> AsyncIterator[str]:
        """Tell each change, as the page in which the parts that were told before are empty."""
        last = request.headers.get("last-event-id") or request.query_params.get("after", "")
        version = int(last) if last.isdecimal() and len(last) <= DIGITS else 0
        yield "retry: 2000\n\n"
        if version > self._live.now.version:
            version = 0  # of an `orch web` before this one
        known: Marks = {}
        while not self._live.over:
            view = await self._live.after(version, BEAT)
            if view.version == version:
                yield ": still here\n\n"
                continue
            version, begun = view.version, time.monotonic()
            drawn = await run_in_threadpool(draw, view, request, known)
            if drawn is not None:
                known = drawn.marks
                yield f"id: {version}\ndata: {json.dumps(drawn.html)}\n\n"
            # A page that is dear to draw is drawn less often: a third of the time, at most.
            await self._live.quiet(max(PAUSE, 2 * (time.monotonic() - begun)))

    async def _enter(self, request: Request) -> Response:
        fields = await _form(request)
        session = self._keys.enter((fields or {}).get("token", ""))
        quiet = _wants_json(request)
        if session is None:
            words = "That token opens nothing: it was used already, or it is not whole."
            return JSONResponse({"ok": False}, 403) if quiet else HTMLResponse(self._views.enter(words), 403)
        answer: Response = JSONResponse({"ok": True}) if quiet else RedirectResponse("/", 303)
        answer.set_cookie(self._cookie, session, httponly=True, samesite="strict", secure=self._secure, path="/")
        return answer

    async def _write(self, request: Request) -> Response:
        fields, path = await _form(request), request.url.path
        if fields is None:
            return self._answered(request, FormResult(False, "the form is too long"), 413)
        if self._read_only:
            return self._answered(request, FormResult(False, "this page is read-only: answer with `orch answer`"), 403)
        if self._confirm is not None:
            words = self._writes.describe(path, fields)
            name = self._confirm.ask(Asked(path, tuple(fields.items())), request.scope["session"], words)
            if _wants_json(request):
                return JSONResponse({"ok": True, "text": "", "next": f"/confirm?waits={quote(name)}"})
            return HTMLResponse(self._views.code(name, f"To do this: {words}"))
        return await self._done(request, path, fields)

    async def _confirmed(self, request: Request) -> Response:
        fields = await _form(request) or {}
        if self._confirm is None or self._read_only:
            return self._answered(request, FormResult(False, "nothing waits for a code"), 403)
        waits = fields.get("waits", "")
        found = self._confirm.confirmed(waits, request.scope["session"], fields.get("code", ""))
        if isinstance(found, str):
            return HTMLResponse(self._views.code(waits, "", found), 403)
        return await self._done(request, found.path, dict(found.fields))

    async def _done(self, request: Request, path: str, fields: dict[str, str]) -> Response:
        outcome = await run_in_threadpool(self._writes.carry_out, path, fields)
        return self._answered(request, outcome, 200 if outcome.ok else 409)

    def _answered(self, request: Request, outcome: FormResult, status: int) -> Response:
        if _wants_json(request):
            return JSONResponse(outcome._asdict(), status)
        self._said[request.scope["session"]] = outcome
        while len(self._said) > SESSIONS:
            del self._said[next(iter(self._said))]
        return RedirectResponse("/", 303)

    def _take_said(self, request: Request) -> FormResult | None:
        """Return what the session's last form came to, once; a script shows that by itself."""
        return (
            self._said.pop(request.scope["session"], None) if request.headers.get("sec-fetch-mode") != "cors" else None
        )


def _fixed(text: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return Response(text, media_type=kind)

    return answer


def _wants_json(request: Request) -> bool:
    return request.headers.get("accept") == "application/json"


async def _form(request: Request) -> dict[str, str] | None:
    """Read the fields of a form; None if it is too long, or has too many. Of a name, the first field counts."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY:
            return None
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    first = dict(reversed(pairs))
    return {name: first[name] for name, _ in pairs} if len(pairs) <= FIELDS else None
