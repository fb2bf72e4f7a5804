"""Recognise the routes of WebSockets and of server-sent events, on the side that serves and on the side that connects.

What the route is passed to may stand around it, in another statement of the file (`client.newWebSocket(request, ...)`),
or in the function that handles it (`upgrader.Upgrade(`). All is found in the text, in files that speak of such streams.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from tree_sitter import Node

from supervisor.regex import regex
from supervisor.wire.source.context import ARGUMENTS

WS, SSE = "WS", "SSE"
BEFORE, BEHIND = 240, 400  # bytes around a route that are searched
DEEP = 6  # ancestors that are searched for the call that declares a route
MANY = 500  # streams of one file

_MARKS = (
    b"ebSocket",
    b"ebsocket",
    b"ws://",
    b"wss://",
    b"EventSource",
    b"event-stream",
    b"EVENT_STREAM",
    b"Sse",
    b"pgrade(",
)
_MORE = (b"ocketio", b"ocket.io", b"SocketIO", b"io.of(", b"ActionCable", b"createConsumer", b"MapHub", b"HubConn")
_OTHERS = (b"UserSocket", b"phoenix", b".ws(", b"as_asgi", b"sse")

_TO_WS = rb"""(?:new\ +\w*WebSocket|\bnewWebSocket|\bwebSocketTask|\bws_connect|\bcreateConsumer|\bconnect_async
  | \buseWebSocket|\bcreate_connection|\bWebSocketApp|\b(?:io)(?:\.connect)?|\bnew\ +Socket|\bwithUrl|\bWithUrl
  | \b\w*[wW]eb[sS]ocket\w*[.:]+(?:\w+[.:]+){0,2}(?:connect|Dial|DialContext|dial|client))"""
_TO_SSE = rb"(?:new\ +\w*EventSource\w*|\bEventSource|\bnewEventSource|\bfetchEventSource|\b\w*SSEClient|\bsse_client)"
_OPENS = tuple(
    (kind, regex(call + rb"\s*\((?:[^;{}]|\{[^;{}]{0,60}\}){0,200}$", re.X))
    for kind, call in ((WS, _TO_WS), (SSE, _TO_SSE))
)
_GIVEN = tuple((kind, regex(call + rb"\s*\(([^()]{1,120})", re.X)) for kind, call in ((WS, _TO_WS), (SSE, _TO_SSE)))
_CONNECTS = (b"ocket", b"ventSource", b"io(", b"io.connect(", b"ithUrl(", b"connect_async", b"sse_client", b"SSEClient")
_ASSIGNED = regex(rb"(\w+)\s*(?::\s*[\w.<>?]+\s*)?:?=(?!=)[^;=]{0,160}$")
_SERVES = (
    (
        WS,
        regex(
            rb"""(?: \bio\.of\(\s* | \.ws\(\s* | \bsock\.route\(\s* | \.websocket\w*\(\s* | \bwebSocket\(\s*
              | \.onws\(\s*
              | WebSocket\.?Server\(\s*\{[^{}]{0,80}\bpath\s*:\s* | @WebSocketGateway\([^()]{0,80}
              | @ServerEndpoint\([^()]{0,40} | \.addHandler\([^()]{0,60},\s* | \.addEndpoint\(\s*
              | ActionCable\.server\s*=>\s* | ^\s*socket\s*\(?\s* | \.MapHub<\w+>\(\s*
              | \.on(?:_event)?\([^()]{0,80}\bnamespace\s*=\s* | Namespace\(\s* )["'`rRbf]{0,3}$""",
            re.X | re.M,
        ),
    ),
    (SSE, regex(rb"(?:@Sse\(\s*|\bsse\(\s*|\.sse\(\s*)[\"'`]?$")),
)
_UPGRADES = regex(
    rb"""(?P<ws>[uU]pgrade\w*\(|\b[wW]eb[sS]ocket\.(?:Accept|accept|Upgrade|handler|Handler)\(|\bWebSocketResponse\(
      | \bWebSocketUpgrade\b|\bwebsocket\s*:\s*true|\.as_asgi\(|\bWebSocketPair\(|\bupgradeWebSocket\()
      | (?P<sse>text/event-stream|TEXT_EVENT_STREAM|\bEventSourceResponse\b|\bSseEmitter\b|\.SSEvent\(|\bSse::new\(
      | \bServerSentEvent\b|\bstreamSSE\()""",
    re.X,
)
_FUNCTION = regex(
    rb"""\b(?:func|def|fn|function|fun|defp)\s+(?:\([^()]*\)\s*)?(\w+)
      | \b(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?\(
      | ^\s+(?:public\s+|private\s+|async\s+|static\s+){0,3}(?:[\w<>]+\s+)?(\w+)\([^()\n]*\)
        \s*(?:throws\s+\w+\s*)?\{""",
    re.X | re.M,
)
_WORD = regex(rb"\w+")


class Streamed(NamedTuple):
    """What a route is: a stream that the file serves, or one that it connects to."""

    kind: str  # WS or SSE
    served: bool


class Streams:
    """The streams of one file."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._known = False  # the others are found when they are first needed
        self._given: Mapping[bytes, str] = {}
        self._at: list[tuple[int, str]] = []
        self._handlers: dict[bytes, str] = {}

    def of(self, node: Node) -> Streamed | None:
        """Return what the route in a literal is; None if it is no stream, or the file does not show it."""
        if not self._known:
            self._known, self._given = True, self._variables()
            self._find_handlers()
        source, start, end = self._source, node.start_byte, node.end_byte
        before = source[max(0, start - BEFORE) : start]
        for kind, serves in _SERVES:
            if serves.search(before):
                return Streamed(kind, served=True)
        line = before.rpartition(b"\n\n")[2]
        for kind, opens in _OPENS:
            if opens.search(line):
                return Streamed(kind, served=False)
        inside = source[start : start + 8].lstrip(b"fFrR$@\"'`")
        if inside.startswith((b"ws:/", b"wss:/")):
            return Streamed(WS, served=False)
        if self._given and (assigned := _ASSIGNED.search(line)) and assigned[1] in self._given:
            return Streamed(self._given[assigned[1]], served=False)
        kind = self._handled(node, end)
        return Streamed(kind, served=True) if kind else None

    def _variables(self) -> Mapping[bytes, str]:
        lines = [line for line in self._source.splitlines() if any(mark in line for mark in _CONNECTS)]
        return {
            name: kind
            for line in lines
            for kind, given in _GIVEN
            for match in given.finditer(line[:1000])
            for name in _WORD.findall(match[1])
        }

    def _find_handlers(self) -> None:
        self._at = [
            (match.start(), WS if match["ws"] else SSE) for match in islice(_UPGRADES.finditer(self._source), MANY)
        ]
        if not self._at:
            return
        functions = [(match.start(), match[1] or match[2] or match[3]) for match in _FUNCTION.finditer(self._source)]
        starts = [start for start, _ in functions]
        for at, kind in self._at:
            if above := bisect_left(starts, at):
                self._handlers.setdefault(functions[above - 1][1], kind)

    def _handled(self, node: Node, end: int) -> str:
        """Return what the handler of a route does: it is an argument beside it, or the function below a decorator."""
        if not self._at:
            return ""
        parent, call = node.parent, None
        for _ in range(DEEP):
            if parent is None or parent.type in ARGUMENTS:
                call = parent
                break
            parent = parent.parent
        if call is None:
            return ""
        at = bisect_left(self._at, (end, ""))
        if at < len(self._at) and self._at[at][0] < call.end_byte:
            return self._at[at][1]
        for name in _WORD.findall(self._source, end, min(call.end_byte, end + BEHIND)):
            if name in self._handlers:
                return self._handlers[name]
        below = _FUNCTION.search(self._source, call.end_byte, call.end_byte + BEHIND)
        decorates = self._source[: call.start_byte].rpartition(b"\n")[2].lstrip().startswith((b"@", b"[", b"#["))
        return self._handlers.get(below[1] or below[2] or below[3], "") if below and decorates else ""


def streams(source: bytes) -> Streams | None:
    """Return the streams of a file; None if it does not speak of any."""
    return Streams(source) if any(mark in source for mark in (*_MARKS, *_MORE, *_OTHERS)) else None
