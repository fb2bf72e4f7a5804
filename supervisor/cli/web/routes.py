"""The addresses of the page, and what each answers."""

from __future__ import annotations

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
from supervisor.cli.web.views import Views
from supervisor.cli.web.writes import FormResult, Writes
from supervisor.core.view.page.style import CSS, WEB_CSS

BODY = 1 << 17  # bytes of a form
DIGITS = 18  # of the number of a version; Python refuses to read very long ones
FIELDS = 50  # of a form
BEAT = 15.0  # seconds between two signs of life on a quiet stream
PAUSE = 0.15  # seconds between two changes that are told: a reader sees no more
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M3 8h4m0 0 4-4m-4 4 4 4" fill="none" '
    'stroke="#1971c2" stroke-width="1.6"/><circle cx="3" cy="8" r="2" fill="#1971c2"/><circle cx="12.5" cy="3.5" r="2" '
    'fill="#2b8a3e"/><circle cx="12.5" cy="12.5" r="2" fill="#e67700"/></svg>'
)
SCRIPT = Path(__file__).with_name("page.js")


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
        views = self._views
        script = SCRIPT.read_text(encoding="utf-8")
        fixed = (
            ("/style.css", CSS + WEB_CSS, "text/css"),
            ("/page.js", script, "text/javascript"),
            ("/icon.svg", ICON, "image/svg+xml"),
        )
        routes = [
            Route("/", self._page(lambda view, asked: views.overview(view, self._take_said(asked)))),
            Route("/task/{name}", self._page(lambda view, asked: views.task(view, asked.path_params["name"]))),
            Route("/plan", self._page(lambda view, _: views.plan(view))),
            Route("/log", self._page(lambda view, _: views.log(view))),
            Route("/map", self._page(lambda view, _: views.map(view))),
            Route("/confirm", self._page(lambda _, asked: views.code(asked.query_params.get("waits", ""), ""))),
            Route("/events", self._events),
            Route("/enter", self._enter, methods=["POST"]),
            *(Route(path, self._write, methods=["POST"]) for path in ("/answer", "/hold", "/go")),
            Route("/confirm", self._confirmed, methods=["POST"]),
            *(Route(path, _fixed(text, kind)) for path, text, kind in fixed),
        ]
        return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=800)])

    def _page(self, draw: Callable[[PageView, Request], str | None]) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers with a page, for whoever has entered."""

        async def answer(request: Request) -> Response:
            if not request.scope["entered"]:
                return HTMLResponse(self._views.enter(), 401)
            page = await run_in_threadpool(draw, self._live.now, request)
            return (
                HTMLResponse(page)
                if page is not None
                else HTMLResponse(self._views.problem("There is no such page."), 404)
            )

        return answer

    async def _events(self, request: Request) -> Response:
        """Tell each change, by the number of the new version."""
        last = request.headers.get("last-event-id") or request.query_params.get("after", "")
        known = int(last) if last.isdecimal() and len(last) <= DIGITS else 0
        return StreamingResponse(self._told(known), media_type="text/event-stream")

    async def _told(self, version: int) -> AsyncIterator[str]:
        yield "retry: 2000\n\n"
        if version > self._live.now.version:
            version = 0  # of an `orch web` before this one
        while not self._live.over:
            view = await self._live.after(version, BEAT)
            if view.version == version:
                yield ": still here\n\n"
                continue
            version = view.version
            yield f"id: {version}\ndata: {version}\n\n"
            await self._live.quiet(PAUSE)

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
    return dict(reversed(pairs)) if len(pairs) <= FIELDS else None
