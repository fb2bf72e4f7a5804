"""The log of a child's activity, and its signs of life."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given

from supervisor.domain import event as ev
from supervisor.wire.codex.activity import activity
from supervisor.wire.codex.notifications import Notification, read_notification
from supervisor.wire.codex.reader import NotificationReader
from supervisor.wire.jsonrpc import Notice
from tests.wire.codex.turns import AT, METHODS, PARAMS, notification


@given(METHODS, PARAMS)
def test_no_notification_breaks_the_log(method: str, params: Mapping[str, Any]) -> None:
    found = read_notification(Notice(method, params))
    line = activity(found) if isinstance(found, Notification) else None
    assert line is None or isinstance(json.dumps(line.fields), str)


WHERE = {"threadId": "t", "turnId": "u"}
PLACE = {"thread": "t", "turn": "u"}


@pytest.mark.parametrize(
    ("method", "params", "line"),
    [
        (
            "item/completed",
            {"item": {"type": "commandExecution", "command": "ls", "exitCode": 0, "status": "completed", "cwd": "/"}},
            {"event": "item_completed", "item": "commandExecution", "command": "ls", "exit_code": 0}
            | {"status": "completed"},
        ),
        (
            "item/completed",
            {"item": {"type": "fileChange", "changes": [{"path": "a.py", "diff": "+x"}], "status": "completed"}},
            {"event": "item_completed", "item": "fileChange", "status": "completed", "paths": ["a.py"]},
        ),
        (
            "item/completed",
            {"item": {"type": "agentMessage", "text": "x" * 3000}},
            {"event": "item_completed", "item": "agentMessage", "text": "x" * 2000},
        ),
        (
            "item/completed",
            {"item": {"type": "mcpToolCall", "server": "lab", "tool": "act", "status": "failed"}},
            {"event": "item_completed", "item": "mcpToolCall", "status": "failed", "tool": "act", "server": "lab"},
        ),
        ("warning", {"message": "hot"}, {"event": "warning", "level": "warning", "text": "hot"}),
        (
            "deprecationNotice",
            {"summary": "old", "details": "very"},
            {"event": "deprecation_notice", "level": "warning", "text": "old"},
        ),
        (
            "error",
            {"error": {"message": "no"}, "willRetry": False},
            {"event": "codex_error", "level": "warning", "text": '{"message": "no"}'},
        ),
        (
            "thread/status/changed",
            {"status": {"type": "idle"}},
            {"event": "thread_status_changed", "level": "debug", "detail": '{"status": {"type": "idle"}}'},
        ),
        (
            "mcpServer/startupStatus/updated",
            {"name": "lab", "failureReason": None},
            {"event": "mcp_server_startup_status_updated", "level": "debug"}
            | {"detail": '{"name": "lab", "failure_reason": null}'},
        ),
    ],
)
def test_notifications_worth_a_line_are_logged(method: str, params: dict[str, Any], line: dict[str, Any]) -> None:
    logged = activity(notification(method, {**WHERE, **params}))
    assert logged is not None
    assert {"event": logged.event, "level": logged.level, **logged.fields} == {"level": "info", **line, **PLACE}


@pytest.mark.parametrize("kind", ["reasoning", "userMessage"])
def test_reasoning_and_our_own_messages_are_not_logged(kind: str) -> None:
    assert activity(notification("item/completed", {**WHERE, "item": {"type": kind, "id": "i"}})) is None
    assert activity(notification("item/started", {**WHERE, "item": {"type": "commandExecution", "id": "i"}})) is None


def usage(given: int, taken: int) -> dict[str, Any]:
    return {"threadId": "t", "turnId": "u", "tokenUsage": {"last": {"inputTokens": given, "outputTokens": taken}}}


def test_the_tokens_of_a_turn_are_reported_when_they_grow_by_a_tenth_and_at_its_end() -> None:
    notifications = NotificationReader("api")
    events = [
        notifications.receive(notification("thread/tokenUsage/updated", usage(given, 1)), AT)
        for given in (999, 49, 49, 49, 0)
    ]
    assert events == [
        ev.TokensSpent(AT, "api", "t", "u", 999, 1),
        None,
        ev.TokensSpent(AT, "api", "t", "u", 98, 2),
        None,
        None,
    ]
    ended = notifications.receive(
        notification("turn/completed", {"threadId": "t", "turn": {"id": "u", "status": "completed"}}), AT
    )
    assert isinstance(ended, ev.TurnEnded)
    assert (ended.seen.input_tokens, ended.seen.output_tokens) == (1146, 5)


@pytest.mark.parametrize(
    ("method", "params", "turn"),
    [
        ("item/started", {"turnId": "u", "item": {"type": "commandExecution"}}, "u"),
        ("thread/tokenUsage/updated", {"turnId": "u", "tokenUsage": {}}, "u"),
        ("error", {"turnId": "u", "willRetry": True, "error": {}}, "u"),
        ("item/completed", {"turnId": "u", "item": {"type": "userMessage"}}, None),
        ("thread/status/changed", {"threadId": "t"}, None),
        ("turn/plan/updated", {"turnId": "u", "plan": []}, "u"),
        ("turn/plan/updated", {"turnId": 7}, None),
    ],
)
def test_activity_of_a_turn_is_a_sign_of_life_and_messages_to_it_are_not(
    method: str, params: dict[str, Any], turn: str | None
) -> None:
    assert notification(method, params).sign == turn
