"""Routes of WebSockets and server-sent events are routes whose detail says so, on both sides."""

from __future__ import annotations

import pytest

from tests.core.map.mention.mentioned import Row, mentioned
from tests.core.map.sources import linked

IO = 'import { io } from "socket.io-client";\n'


def routes(language: str, source: str) -> list[Row]:
    return [one for one in mentioned(language, source) if one[0] == "route"]


@pytest.mark.parametrize(
    ("language", "source", "name", "detail"),
    [
        ("python", '@app.websocket("/ws/{room}")\nasync def ws(s): ...', "/ws/{}", "WS"),
        ("python", '@sock.route("/ws")\ndef ws(s):\n  WebSocket()', "/ws", "WS"),
        ("python", 'p = [re_path(r"ws/chat/(?P<room>\\w+)/$", Chat.as_asgi())]', "/ws/chat/{}", "WS"),
        ("python", '@socketio.on("msg", namespace="/chat")\ndef f(): ...', "/chat", "WS"),
        (
            "python",
            'app.router.add_get("/ws", handle)\nasync def handle(r):\n    ws = web.WebSocketResponse()\n',
            "/ws",
            "WS",
        ),
        (
            "python",
            '@app.get("/rides/live")\nasync def live():\n    return EventSourceResponse(gen())\n',
            "/rides/live",
            "SSE",
        ),
        ("javascript", 'io.of("/chat").on("connection", s => {});', "/chat", "WS"),
        ("javascript", 'app.ws("/echo", (ws, req) => {});', "/echo", "WS"),
        ("javascript", 'const wss = new WebSocketServer({ server, path: "/ws" });', "/ws", "WS"),
        ("javascript", 'fastify.get("/ws", { websocket: true }, (c) => {});', "/ws", "WS"),
        (
            "javascript",
            'app.get("/live", (q, s) => {\n  s.set("Content-Type", "text/event-stream");\n});',
            "/live",
            "SSE",
        ),
        ("typescript", '@WebSocketGateway({ namespace: "/chat" })\nclass A {}', "/chat", "WS"),
        ("typescript", 'class A { @Sse("live")\nlive() {} }', "/live", "SSE"),
        ("kotlin", 'fun Route.f() { webSocket("/ws") { } }', "/ws", "WS"),
        ("java", '@ServerEndpoint("/ws")\nclass A {}', "/ws", "WS"),
        ("java", 'import WebSocketX; class A { void r(R g) { g.addHandler(h, "/ws"); } }', "/ws", "WS"),
        (
            "java",
            'class A { @GetMapping(value = "/live", produces = MediaType.TEXT_EVENT_STREAM_VALUE) Flux f() {} }',
            "/live",
            "SSE",
        ),
        (
            "go",
            'package a\nfunc f() { r.GET("/stream", api.Handle) }\nfunc (a *A) Handle(c C) { up.Upgrade(w, r, nil) }',
            "/stream",
            "WS",
        ),
        (
            "go",
            'package a\nfunc f() { http.HandleFunc("/ws", serve) }\nfunc serve(w W, r *R) {\n u.Upgrade(w, r, nil)\n}',
            "/ws",
            "WS",
        ),
        (
            "rust",
            'fn f() { Router::new().route("/ws", get(serve)) }\nasync fn serve(ws: WebSocketUpgrade) {}',
            "/ws",
            "WS",
        ),
        ("ruby", 'mount ActionCable.server => "/cable"', "/cable", "WS"),
        ("elixir", 'socket "/socket", Web.UserSocket', "/socket", "WS"),
        ("csharp", 'class A { void f() { app.MapHub<ChatHub>("/chat"); } }', "/chat", "WS"),
    ],
)
def test_a_stream_is_served(language: str, source: str, name: str, detail: str) -> None:
    assert routes(language, source) == [("route", name, "provides", detail)]


@pytest.mark.parametrize(
    ("language", "source", "name", "detail"),
    [
        ("python", 'async with websockets.connect(f"{base}/ws") as s: ...', "/ws", "WS"),
        ("python", 'url = f"{BASE}/stream"\nws = websocket.create_connection(url)', "/stream", "WS"),
        ("javascript", 'const ws = new WebSocket(url + "/stream");', "/stream", "WS"),
        ("javascript", 'const ws = new WebSocket("/stream");', "/stream", "WS"),
        ("javascript", "const ws = new WebSocket(`wss://${host}/stream`);", "/stream", "WS"),
        ("javascript", "const u = `${base}/stream`;\nconst ws = new ReconnectingWebSocket(u, []);", "/stream", "WS"),
        ("javascript", 'const e = new EventSource("/live");', "/live", "SSE"),
        ("javascript", f'{IO}const s = io(base + "/chat");', "/chat", "WS"),
        ("javascript", 'const s = createConsumer("/cable");', "/cable", "WS"),
        ("javascript", 'new signalR.HubConnectionBuilder().withUrl("/chat").build()', "/chat", "WS"),
        (
            "kotlin",
            'fun f() {\n  val r = Request.Builder().url("$base/stream").build()\n  ws = client.newWebSocket(r, l)\n}',
            "/stream",
            "WS",
        ),
        (
            "java",
            'class A { void f() { Request r = new Request.Builder().url(base + "/stream").build();\n'
            "client.newWebSocket(r, this); } }",
            "/stream",
            "WS",
        ),
        ("go", 'package a\nfunc f() { c, _, e := websocket.DefaultDialer.Dial("ws://h/ws", nil) }', "/ws", "WS"),
        (
            "go",
            'package a\nfunc f() {\n u := base + "/stream"\n c, _, e := websocket.Dial(ctx, u, nil)\n}',
            "/stream",
            "WS",
        ),
        ("swift", 'let t = session.webSocketTask(with: URL(string: "\\(base)/stream")!)', "/stream", "WS"),
        ("dart", 'void f() { final c = WebSocketChannel.connect(Uri.parse("ws://$host/ws")); }', "/ws", "WS"),
    ],
)
def test_a_stream_is_connected_to(language: str, source: str, name: str, detail: str) -> None:
    assert routes(language, source) == [("route", name, "uses", detail)]


@pytest.mark.parametrize(
    ("language", "source", "detail"),
    [
        (
            "python",
            '@app.get("/rides")\ndef rides(): ...\n\n@app.get("/live")\ndef live():\n  return EventSourceResponse(g)\n',
            "GET",
        ),
        (
            "javascript",
            'app.get("/rides", list);\napp.get("/live", (q, s) => { s.type("text/event-stream"); });',
            "GET",
        ),
        (
            "go",
            'package a\nfunc f() {\n r.GET("/rides", list)\n r.GET("/ws", serve)\n}\n'
            "func serve(c C) { up.Upgrade(w, r, nil) }",
            "GET",
        ),
    ],
)
def test_a_route_beside_a_stream_is_none(language: str, source: str, detail: str) -> None:
    assert ("route", "/rides", "provides", detail) in mentioned(language, source)


def test_a_row_says_that_it_is_a_stream_even_if_only_one_side_shows_it() -> None:
    (row,) = linked(
        api={"a.go": 'package a\nfunc f() { r.GET("/rides/stream", api.Stream) }'},
        app={"a.ts": "const ws = new WebSocket(`${base}/rides/stream`);"},
    )

    assert (row.kind, row.name, row.note) == ("route", "/rides/stream", "WebSocket")
