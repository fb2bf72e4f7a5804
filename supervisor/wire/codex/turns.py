"""Turns and threads as the app-server reports them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from supervisor.wire.codex.items import AgentMessage, Item, UserMessage


class TurnError(Struct, frozen=True, rename="camel"):
    """Why a turn failed.

    `codex_error_info` is a word, or an object with that word as its only key and `httpStatusCode` below it. The set of
    words is open.
    """

    message: str = ""
    codex_error_info: object = None


class CodexTurn(Struct, frozen=True, rename="camel"):
    """A turn, with as many of its items as we requested. The root of a sub-agent's turn is the turn that started it."""

    id: str
    status: str = ""
    items: tuple[Item, ...] = ()
    error: TurnError | None = None
    root_turn_id: str | None = None


class ThreadStatus(Struct, frozen=True, rename="camel"):
    """The state of a thread. With an active turn, `active_flags` say what it waits for."""

    type: str = "unknown"
    active_flags: tuple[str, ...] = ()


class CodexThread(Struct, frozen=True):
    """A thread, without its turns."""

    id: str
    status: ThreadStatus = ThreadStatus()
    preview: str = ""  # the beginning of its first message
    path: str | None = None  # the file of its record, on the server's machine


def turn_seen(turn: CodexTurn, *, over: bool = False) -> TurnSeen:
    """Summarize a turn. An unknown status counts as in progress, because a later report corrects it.

    `over`: the turn has ended, so nothing corrects it. Then an unknown status counts as a failure that names it.
    """
    messages = tuple(item.client_id for item in turn.items if isinstance(item, UserMessage) and item.client_id)
    texts = [item.text for item in turn.items if isinstance(item, AgentMessage) and item.text]
    known = next((one for one in TurnStatus if one == turn.status), None)
    status = known or (TurnStatus.FAILED if over else TurnStatus.IN_PROGRESS)
    failure = _failure(turn.error) if turn.error is not None else None
    if known is None and over and failure is None:
        failure = Failure("other", None, f"codex calls the turn `{turn.status}`, a word that this orch does not know")
    return TurnSeen(turn.id, status, messages, texts[-1] if texts else "", failure)


def standing(thread: CodexThread) -> str:
    """Return the state of a thread in Codex's words, and what it waits for."""
    return " ".join([thread.status.type, *thread.status.active_flags])


def is_waiting(thread: CodexThread) -> bool:
    """Whether the turn of a thread waits for a human. So does one that waits for something we do not know."""
    return any(flag.startswith("waitingOn") for flag in thread.status.active_flags)


def at_rest(thread: CodexThread) -> bool:
    """Whether no turn of a thread runs."""
    return thread.status.type in ("idle", "notLoaded", "systemError")


def _failure(error: TurnError) -> Failure:
    info, status = error.codex_error_info, None
    kind = info if isinstance(info, str) else "other"
    if isinstance(info, Mapping) and info:
        kind, detail = next(iter(info.items()))
        code = detail.get("httpStatusCode") if isinstance(detail, Mapping) else None
        status = code if isinstance(code, int) else None
    if status is None and (found := re.search(r"unexpected status (\d{3})", error.message)):
        status = int(found[1])
    return Failure(kind, status, error.message)
