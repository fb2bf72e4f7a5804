"""Turn an app-server's notifications into events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain import event as ev
from supervisor.domain.thread import TurnSeen
from supervisor.wire.codex import (
    NotificationReader,
)
from tests.wire.codex.turns import AT, DONE, METHODS, PARAMS, agent, turn, user


def hear(notifications: NotificationReader, method: str, **params: Any) -> ev.Event | None:
    return notifications.hear(method, {"threadId": "t", **params}, AT)


def used(turn: str, given: Any, taken: Any) -> dict[str, Any]:
    last = {"inputTokens": given, "outputTokens": taken, "totalTokens": 0}
    return {"turnId": turn, "tokenUsage": {"last": last, "total": {"inputTokens": 900, "outputTokens": 900}}}


def test_a_turn_is_observed_from_its_beginning_to_its_end() -> None:
    notifications = NotificationReader("api")
    assert hear(notifications, "turn/started", turn=turn(status="inProgress")) == ev.TurnBegan(
        AT, "api", "t", "u", None
    )
    assert hear(notifications, "item/started", turnId="u", item=user("m1")) is None
    assert hear(notifications, "item/completed", turnId="u", item=user("m1")) == ev.TurnBegan(AT, "api", "t", "u", "m1")
    assert hear(notifications, "item/completed", turnId="u", item=agent("first")) is None
    first = ev.TokensSpent(AT, "api", "t", "u", 10, 2)
    assert hear(notifications, "thread/tokenUsage/updated", **used("u", 10, 2)) == first
    assert hear(notifications, "item/completed", turnId="u", item=user("m2")) == ev.TurnBegan(AT, "api", "t", "u", "m2")
    assert hear(notifications, "item/completed", turnId="u", item=agent("last")) is None
    more = ev.TokensSpent(AT, "api", "t", "u", 30, 5)
    assert hear(notifications, "thread/tokenUsage/updated", **used("u", 30, 5)) == more
    assert hear(notifications, "turn/completed", turn=turn()) == ev.TurnEnded(
        AT, "api", "t", TurnSeen("u", DONE, ("m1", "m2"), "last", None, 40, 7)
    )


def test_the_items_in_the_end_of_a_turn_win_over_those_observed_before() -> None:
    notifications = NotificationReader("api")
    hear(notifications, "item/completed", turnId="u", item=user("m1"))
    hear(notifications, "item/completed", turnId="u", item=agent("heard"))
    assert hear(
        notifications, "turn/completed", turn=turn(items=[user("m1"), user("m2"), agent("told")])
    ) == ev.TurnEnded(AT, "api", "t", TurnSeen("u", DONE, ("m1", "m2"), "told"))


def test_turns_keep_their_own_items() -> None:
    notifications = NotificationReader("api")
    for name in ("1", "2"):
        hear(notifications, "item/completed", turnId=name, item=agent(f"text {name}"))
        hear(notifications, "item/completed", turnId=name, item=user(f"m{name}"))
        hear(notifications, "thread/tokenUsage/updated", **used(name, int(name), 0))
    for name in ("2", "1"):
        assert hear(notifications, "turn/completed", turn=turn(id=name)) == ev.TurnEnded(
            AT, "api", "t", TurnSeen(name, DONE, (f"m{name}",), f"text {name}", None, int(name), 0)
        )
    assert hear(notifications, "turn/completed", turn=turn(id="1")) == ev.TurnEnded(AT, "api", "t", TurnSeen("1", DONE))


def test_nothing_of_a_turn_is_kept_after_its_end() -> None:
    notifications = NotificationReader("api")
    hear(notifications, "item/completed", turnId="u", item=user("m"))
    hear(notifications, "item/completed", turnId="u", item=agent("heard"))
    hear(notifications, "thread/tokenUsage/updated", **used("u", 1, 1))
    hear(notifications, "turn/completed", turn=turn(items=[agent("told")]))
    assert hear(notifications, "turn/completed", turn=turn()) == ev.TurnEnded(AT, "api", "t", TurnSeen("u", DONE))


def test_commands_and_file_changes_are_kept_while_they_are_under_way() -> None:
    notifications = NotificationReader("api")
    change = {"type": "fileChange", "id": "f", "changes": []}
    command = {"type": "commandExecution", "id": "c", "command": "ls"}
    for item in (change, command, agent("x")):
        assert hear(notifications, "item/started", turnId="u", item=item) is None
    assert notifications.items == {"f": change, "c": command}
    hear(notifications, "item/completed", turnId="u", item={**change, "status": "completed"})
    assert notifications.items == {"c": command}


def test_only_an_error_that_codex_tries_again_is_an_event() -> None:
    notifications = NotificationReader("api")
    error = {"message": "stream disconnected", "codexErrorInfo": "other"}
    assert hear(notifications, "error", turnId="u", willRetry=True, error=error) == ev.TurnRetried(
        AT, "api", "t", "u", "stream disconnected"
    )
    assert hear(notifications, "error", turnId="u", willRetry=True, error={}) == ev.TurnRetried(
        AT, "api", "t", "u", "no reason given"
    )
    assert hear(notifications, "error", turnId="u", willRetry=False, error=error) is None


def test_other_notifications_are_not_events() -> None:
    assert hear(NotificationReader("api"), "skills/changed") is None
    assert NotificationReader("api").hear("turn/started", {}, AT) is None


def test_messages_of_others_are_observed_only_on_our_threads() -> None:
    notifications = NotificationReader("api")
    item = {"type": "userMessage", "id": "i", "clientId": None, "content": [{"type": "text", "text": "x" * 600}, 7]}
    assert hear(notifications, "item/completed", turnId="u", item=item) is None
    notifications.gave("t", {"model": "m"})
    said = ev.SaidElsewhere(AT, "api", "t", "u", "x" * 500)
    assert hear(notifications, "item/completed", turnId="u", item=item) == said
    assert hear(notifications, "item/completed", turnId="u", item={**item, "clientId": "theirs"}) == said
    ours = ev.TurnBegan(AT, "api", "t", "u", "orch-T1-1")
    assert hear(notifications, "item/completed", turnId="u", item={**item, "clientId": "orch-T1-1"}) == ours


def test_settings_that_differ_from_ours_are_reported_once_each() -> None:
    notifications = NotificationReader("api")
    policy = {"type": "workspaceWrite", "networkAccess": False}
    answer = {"model": "m", "reasoningEffort": None, "approvalPolicy": "on-request", "sandbox": policy, "thread": {}}
    theirs = {
        "model": "m",
        "effort": "high",
        "approvalPolicy": "never",
        "cwd": "/api",
        "sandboxPolicy": {"type": "dangerFullAccess"},
        "collaborationMode": {"mode": "default"},
    }
    assert hear(notifications, "thread/settings/updated", threadSettings=theirs) is None
    notifications.opened("t", answer)
    assert hear(notifications, "thread/settings/updated", threadSettings=theirs) == ev.ThreadSettingsChanged(
        AT,
        "api",
        "t",
        (
            ("effort", "default", "high"),
            ("approvals", "on-request", "never"),
            ("sandbox", "workspaceWrite", "dangerFullAccess"),
        ),
    )
    assert hear(notifications, "thread/settings/updated", threadSettings=theirs) is None
    notifications.gave("t", {"approvalPolicy": "on-request", "model": "n", "sandboxPolicy": policy})
    ours = {**theirs, "approvalPolicy": "on-request", "model": "n", "sandboxPolicy": policy}
    assert hear(notifications, "thread/settings/updated", threadSettings=ours) is None


@given(st.lists(st.tuples(METHODS, PARAMS), max_size=6))
def test_no_notification_breaks_the_reader(told: list[tuple[str, Mapping[str, Any]]]) -> None:
    notifications = NotificationReader("api")
    notifications.gave("t", {})
    for method, params in told:
        event = notifications.hear(method, params, AT)
        assert event is None or event.at == AT
