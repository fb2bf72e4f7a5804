"""Turns and items as an app-server sends them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from supervisor.domain.thread import TurnStatus
from tests.wire.values import anything, objects

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
RUNNING, DONE = TurnStatus.IN_PROGRESS, TurnStatus.COMPLETED


def turn(**fields: Any) -> dict[str, Any]:
    return {"id": "u", "status": "completed", "items": [], "error": None, **fields}


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
