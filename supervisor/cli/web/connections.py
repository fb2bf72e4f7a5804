"""Judge who connects before the connection counts: whoever is refused must not keep the person out by holding many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from supervisor.core.guard.standing import Refusal
from supervisor.shell.process.tcp_peer import Address

Judge = Callable[[Address, Address], Refusal | None]
"""Says why this peer, at this address of ours, gets nothing; None if it may ask. Called in a thread."""

LINGER = 1.0  # seconds for one that is refused to read why; closed before it asked, it would see only an error
LINGERING = 20  # such connections; more are closed at once
UNJUDGED = 200  # connections; of more, the oldest is closed, so that a flood is over when it ends
ASKS_WITHIN = 20.0  # seconds for the first request
EARLY = 1 << 16  # bytes that are kept of what comes before the judgement


def judged(judge: Judge, headers: Mapping[str, str]) -> type[H11Protocol]:
    """Return the protocol for connections of which each is judged when it is made."""

    class Judged(_Judged):
        pass

    Judged.judge = staticmethod(judge)
    Judged.headers_always = headers
    Judged.lingering, Judged.unjudged = set(), {}
    return Judged


class _Judged(H11Protocol):
    judge: Judge
    headers_always: Mapping[str, str]
    lingering: set[H11Protocol]
    unjudged: dict[_Judged, None]  # the oldest first

    _early: bytearray | None = None  # what came before the judgement
    _refused = False
    _judging: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.connections.discard(self)
        self._early = bytearray()
        if len(self.unjudged) >= UNJUDGED:
            oldest = next(iter(self.unjudged))
            del self.unjudged[oldest]
            oldest.transport.abort()
        self.unjudged[self] = None
        self._judging = self.loop.create_task(self._judge(), name="judge a connection")

    async def _judge(self) -> None:
        refused: Refusal | None = Refusal("it cannot be seen who asks", "open the page in a browser of your own")
        if self.client is not None and self.server is not None and self.server[1] is not None:
            refused = await asyncio.to_thread(self._look, self.client, (self.server[0], self.server[1]))
        self.unjudged.pop(self, None)
        early, self._early = bytes(self._early or b""), None
        if self.transport.is_closing():
            return
        if refused is not None:
            self._refuse(refused)
            return
        self.connections.add(self)
        self.loop.call_later(ASKS_WITHIN, self._close_unused)
        self.flow.resume_reading()
        if early:
            super().data_received(early)

    def _look(self, peer: Address, own: Address) -> Refusal | None:
        return None if self.transport.is_closing() else self.judge(peer, own)  # it may be closed by its turn

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._early is None:
            super().data_received(data)
            return
        self._early += data
        if len(self._early) > EARLY:
            self.flow.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lingering.discard(self)
        super().connection_lost(exc)

    def _refuse(self, refused: Refusal) -> None:
        self._refused = True
        if len(self.lingering) >= LINGERING:
            self.transport.abort()
            return
        self.lingering.add(self)
        text = f"{refused.what}: {refused.next_step}\n".encode()
        headers = {**self.headers_always, "content-type": "text/plain; charset=utf-8", "connection": "close"}
        lines = [f"{name}: {value}" for name, value in {**headers, "content-length": str(len(text))}.items()]
        self.transport.write("\r\n".join(["HTTP/1.1 403 Forbidden", *lines, "\r\n"]).encode("latin-1") + text)
        with suppress(OSError):
            if self.transport.can_write_eof():
                self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER, self.transport.abort)

    def _close_unused(self) -> None:
        if cast("object", self.cycle) is None:  # there was no request yet
            self.transport.close()
