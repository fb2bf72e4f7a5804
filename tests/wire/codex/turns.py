"""Turns and items as an app-server sends them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from supervisor.domain.thread import TurnStatus
from supervisor.wire.codex.decode import decoded
from supervisor.wire.codex.items import Item
from supervisor.wire.codex.notifications import Notification, read_notification
from supervisor.wire.jsonrpc import Notice
from tests.wire.values import anything, objects

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
RUNNING, DONE = TurnStatus.IN_PROGRESS, TurnStatus.COMPLETED


def turn(**fields: Any) -> dict[str, Any]:
    return {"id": "u", "status": "completed", "items": [], "error": None, **fields}


def notification(method: str, params: Mapping[str, Any]) -> Notification:
    """A notification that is understood."""
    found = read_notification(Notice(method, params))
    assert isinstance(found, Notification), found
    return found


def item(fields: Mapping[str, Any]) -> Item:
    """An item that is understood."""
    found = decoded(Item, fields, "an item")
    assert isinstance(found, Item), found
    return found


def user(message: str) -> dict[str, Any]:
    return {"type": "userMessage", "id": f"i-{message}", "clientId": message, "content": []}


def agent(text: str) -> dict[str, Any]:
    return {"type": "agentMessage", "id": "a", "text": text}


ITEM = objects("type", "id", "text", "clientId", "command", "changes", "status", "exitCode").flatmap(
    lambda item: st.sampled_from(
        ["userMessage", "agentMessage", "fileChange", "commandExecution", "plan", "reasoning", 7]
    ).map(lambda kind: {**item, "type": kind})
)
FAILURE = objects("message", "codexErrorInfo", inner=objects("other", inner=objects("httpStatusCode")))
TURN = objects("id", "status", "items", "error", inner=st.lists(ITEM | anything, max_size=3) | FAILURE)
USAGE = objects("last", inner=objects("inputTokens", "outputTokens"))
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "threadId": st.just("t") | anything,
        "threadSettings": objects("model", "effort", "sandboxPolicy", "collaborationMode") | anything,
        "turnId": anything,
        "turn": TURN | anything,
        "item": ITEM | anything,
        "tokenUsage": USAGE | anything,
        "error": FAILURE | anything,
        "willRetry": st.booleans() | anything,
        "message": anything,
        "status": anything,
    },
)
METHODS = st.sampled_from(
    [
        *("turn/started", "turn/completed", "item/started", "item/completed", "thread/tokenUsage/updated", "error"),
        *(
            "thread/settings/updated",
            "warning",
            "configWarning",
            "thread/status/changed",
            "turn/plan/updated",
            "something/else",
        ),
    ]
)
