"""Events that a ledger is written with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Answer
from supervisor.domain.thread import TurnSeen, TurnStatus

AT = datetime(2026, 7, 1, 12, 0, 0, 5, tzinfo=UTC)
FIRST: tuple[ev.Event, ...] = (
    ev.UpRequested(AT, ("api", "app")),
    ev.TurnEnded(AT, "api", "t", TurnSeen("u", TurnStatus.COMPLETED, ("m",), "Done: é ✓\n\r\x85\u2028")),
    ev.Intended(AT, act.StopServer("api", False, "the human wants it down")),
    ev.AskAnswered(AT, "A1", Answer("text", "yes", True)),
)


def unlabelled(event: ev.Event) -> dict[str, Any]:
    return {}
