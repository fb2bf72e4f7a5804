"""Turn an app-server's notifications into events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain import event as ev
from supervisor.domain.thread import Tokens, TurnSeen, TurnStatus
from supervisor.wire.codex.answers import START_THREAD, OpenedThread, read_answer
from supervisor.wire.codex.decode import NotUnderstood
from supervisor.wire.codex.notifications import Notification, limits_in, read_notification
from supervisor.wire.codex.reader import KNOWN, NotificationReader
from supervisor.wire.jsonrpc import Notice
from tests.wire.codex.turns import AT, DONE, METHODS, PARAMS, agent, item, notification, turn, user


def read(notifications: NotificationReader, method: str, **params: Any) -> ev.Event | None:
    return notifications.receive(notification(method, {"threadId": "t", **params}), AT)


TOTAL = Tokens(900, 900)


def used(turn: str, given: Any, taken: Any) -> dict[str, Any]:
    last = {"inputTokens": given, "outputTokens": taken, "totalTokens": 0}
    return {"turnId": turn, "tokenUsage": {"last": last, "total": {"inputTokens": 900, "outputTokens": 900}}}


def test_a_turn_is_observed_from_its_beginning_to_its_end() -> None:
    notifications = NotificationReader("api")
    assert read(notifications, "turn/started", turn=turn(status="inProgress")) == ev.TurnBegan(
        AT, "api", "t", "u", None
    )
    assert read(notifications, "item/started", turnId="u", item=user("m1")) is None
    assert read(notifications, "item/completed", turnId="u", item=user("m1")) == ev.TurnBegan(AT, "api", "t", "u", "m1")
    assert read(notifications, "item/completed", turnId="u", item=agent("first")) is None
    first = ev.TokensSpent(AT, "api", "t", "u", 10, 2, TOTAL)
    assert read(notifications, "thread/tokenUsage/updated", **used("u", 10, 2)) == first
    assert read(notifications, "item/completed", turnId="u", item=user("m2")) == ev.TurnBegan(AT, "api", "t", "u", "m2")
    assert read(notifications, "item/completed", turnId="u", item=agent("last")) is None
    more = ev.TokensSpent(AT, "api", "t", "u", 30, 5, TOTAL)
    assert read(notifications, "thread/tokenUsage/updated", **used("u", 30, 5)) == more
    assert read(notifications, "turn/completed", turn=turn()) == ev.TurnEnded(
        AT, "api", "t", TurnSeen("u", DONE, ("m1", "m2"), "last", None, 40, 7, TOTAL)
    )


def test_a_usage_that_is_reported_again_counts_once() -> None:
    notifications = NotificationReader("api")
    for _ in "ab":  # as after another `thread/resume`
        read(notifications, "thread/tokenUsage/updated", **used("u", 10, 2))
    ended = read(notifications, "turn/completed", turn=turn())
    assert ended == ev.TurnEnded(
        AT, "api", "t", TurnSeen("u", DONE, input_tokens=10, output_tokens=2, thread_total=TOTAL)
    )


def test_a_turn_that_ends_with_an_unknown_status_has_failed() -> None:
    ended = read(NotificationReader("api"), "turn/completed", turn=turn(status="expired"))
    assert isinstance(ended, ev.TurnEnded)
    assert (ended.seen.status, ended.seen.failure and ended.seen.failure.message) == (
        TurnStatus.FAILED,
        "codex calls the turn `expired`, a word that this orch does not know",
    )


def test_the_items_in_the_end_of_a_turn_win_over_those_observed_before() -> None:
    notifications = NotificationReader("api")
    read(notifications, "item/completed", turnId="u", item=user("m1"))
    read(notifications, "item/completed", turnId="u", item=agent("reported"))
    assert read(
        notifications, "turn/completed", turn=turn(items=[user("m1"), user("m2"), agent("final")])
    ) == ev.TurnEnded(AT, "api", "t", TurnSeen("u", DONE, ("m1", "m2"), "final"))


def test_a_call_of_a_tool_is_over_with_its_turn_although_codex_reports_no_end_of_it() -> None:
    notifications = NotificationReader("api")
    for name in ("u", "v"):
        call = {"type": "mcpToolCall", "id": f"call {name}", "server": "orch", "tool": "note", "arguments": {}}
        read(notifications, "item/started", turnId=name, item=call)
    assert set(notifications.items) == {"call u", "call v"}
    read(notifications, "turn/completed", turn=turn(id="u"))
    assert set(notifications.items) == {"call v"}


def test_turns_keep_their_own_items() -> None:
    notifications = NotificationReader("api")
    for name in ("1", "2"):
        read(notifications, "item/completed", turnId=name, item=agent(f"text {name}"))
        read(notifications, "item/completed", turnId=name, item=user(f"m{name}"))
        read(notifications, "thread/tokenUsage/updated", **used(name, int(name), 0))
    for name in ("2", "1"):
        assert read(notifications, "turn/completed", turn=turn(id=name)) == ev.TurnEnded(
            AT, "api", "t", TurnSeen(name, DONE, (f"m{name}",), f"text {name}", None, int(name), 0, TOTAL)
        )
    assert read(notifications, "turn/completed", turn=turn(id="1")) == ev.TurnEnded(
        AT, "api", "t", TurnSeen("1", DONE, thread_total=TOTAL)
    )


def test_nothing_of_a_turn_is_kept_after_its_end() -> None:
    notifications = NotificationReader("api")
    read(notifications, "item/completed", turnId="u", item=user("m"))
    read(notifications, "item/completed", turnId="u", item=agent("reported"))
    read(notifications, "thread/tokenUsage/updated", **used("u", 1, 1))
    read(notifications, "turn/completed", turn=turn(items=[agent("final")]))
    assert read(notifications, "turn/completed", turn=turn()) == ev.TurnEnded(
        AT, "api", "t", TurnSeen("u", DONE, thread_total=TOTAL)
    )


def test_commands_and_file_changes_are_kept_while_they_are_under_way() -> None:
    notifications = NotificationReader("api")
    change = {"type": "fileChange", "id": "f", "changes": []}
    command = {"type": "commandExecution", "id": "c", "command": "ls"}
    for one in (change, command, agent("x")):
        assert read(notifications, "item/started", turnId="u", item=one) is None
    assert notifications.items == {"f": item(change), "c": item(command)}
    read(notifications, "item/completed", turnId="u", item={**change, "status": "completed"})
    assert notifications.items == {"c": item(command)}


def test_what_outlives_its_turn_is_reported_for_the_turn_that_started_it() -> None:
    notifications = NotificationReader("api")
    command = {"type": "commandExecution", "id": "c", "command": "make"}
    patch = {
        "type": "fileChange",
        "id": "f",
        "status": "completed",
        "changes": [
            {"path": "/r/a", "kind": {"type": "add"}},
            {"path": "/r/b", "kind": {"type": "update", "move_path": "/r/c"}},
        ],
    }
    sub = turn(id="sub", rootTurnId="u")
    assert isinstance(read(notifications, "turn/started", turn=sub), ev.TurnBegan)
    assert read(notifications, "item/completed", turnId="sub", item=patch) is None, "its root still runs"
    assert isinstance(read(notifications, "turn/completed", turn=turn(rootTurnId="u")), ev.TurnEnded)

    ended = ev.LeftoverReported(AT, "api", "t", "u")
    changed = ev.LeftoverReported(AT, "api", "t", "u", ("/r/a", "/r/b", "/r/c"))
    failed = {**patch, "status": "failed"}
    for name in ("u", "sub"):
        assert read(notifications, "item/completed", turnId=name, item=command) == ended
        assert read(notifications, "item/completed", turnId=name, item=patch) == changed
        assert read(notifications, "item/completed", turnId=name, item=failed) == ended
    assert read(notifications, "turn/completed", turn=sub) == ended
    assert read(notifications, "item/completed", turnId="sub", item=command) == ended, "its command came later still"
    assert read(notifications, "item/completed", turnId="other", item=patch) is None


def test_only_the_latest_turns_are_known() -> None:
    notifications = NotificationReader("api")
    for number in range(3 * KNOWN):
        read(notifications, "turn/started", turn=turn(id=f"sub{number}", rootTurnId=f"u{number}"))
        read(notifications, "turn/completed", turn=turn(id=f"u{number}"))
    assert len(notifications.roots) == KNOWN
    command = {"type": "commandExecution", "id": "c", "command": "make"}
    assert read(notifications, "item/completed", turnId=f"u{2 * KNOWN - 1}", item=command) is None
    assert read(notifications, "item/completed", turnId=f"sub{2 * KNOWN}", item=command) is not None


def test_only_an_error_that_codex_tries_again_is_an_event() -> None:
    notifications = NotificationReader("api")
    error = {"message": "stream disconnected", "codexErrorInfo": "other"}
    assert read(notifications, "error", turnId="u", willRetry=True, error=error) == ev.TurnRetried(
        AT, "api", "t", "u", "stream disconnected"
    )
    assert read(notifications, "error", turnId="u", willRetry=True, error={}) == ev.TurnRetried(
        AT, "api", "t", "u", "no reason given"
    )
    assert read(notifications, "error", turnId="u", willRetry=False, error=error) is None


def test_other_notifications_are_not_events() -> None:
    assert read(NotificationReader("api"), "skills/changed") is None


@pytest.mark.parametrize(
    ("method", "params", "reason"),
    [
        ("turn/started", {}, "Object missing required field `turn`"),
        ("turn/completed", {"turn": {"id": 7}}, "Expected `str`, got `int` - at `$.turn.id`"),
        ("item/completed", {"item": {"type": "userMessage", "clientId": 7}}, "Expected `str | null`, got `int`"),
        ("item/completed", {"item": []}, "Expected `object`, got `array`"),
        ("thread/tokenUsage/updated", {"tokenUsage": {"last": {"inputTokens": "9"}}}, "Expected `int`, got `str`"),
        ("serverRequest/resolved", {"threadId": "t"}, "Object missing required field `requestId`"),
        ("error", {"error": "no"}, "Expected `object`, got `str` - at `$.error`"),
    ],
)
def test_a_notification_that_does_not_fit_says_where(method: str, params: dict[str, Any], reason: str) -> None:
    found = read_notification(Notice(method, params))
    assert isinstance(found, NotUnderstood)
    assert found.reason.startswith(f"codex's {method} does not fit: {reason}")


def test_fields_that_are_not_known_and_items_of_new_kinds_are_left_alone() -> None:
    new = {"type": "dream", "id": "d", "text": {"of": "sheep"}, "clientId": 7, "tool": "night"}
    notifications = NotificationReader("api")
    assert read(notifications, "item/completed", turnId="u", item=new, mood={"dark": True}) is None
    done = read(notifications, "turn/completed", turn=turn(items=[new, agent("final")], weather="fine"))
    assert done == ev.TurnEnded(AT, "api", "t", TurnSeen("u", DONE, (), "final"))


def test_messages_of_others_are_observed_only_on_our_threads() -> None:
    notifications = NotificationReader("api")
    message_item = {
        "type": "userMessage",
        "id": "i",
        "clientId": None,
        "content": [{"type": "text", "text": "x" * 600}, {"type": "image", "url": "i"}],
    }
    assert read(notifications, "item/completed", turnId="u", item=message_item) is None
    notifications.turn_requested("t", {"model": "m"})
    said = ev.SaidElsewhere(AT, "api", "t", "u", "x" * 500)
    assert read(notifications, "item/completed", turnId="u", item=message_item) == said
    assert read(notifications, "item/completed", turnId="u", item={**message_item, "clientId": "theirs"}) == said
    ours = ev.TurnBegan(AT, "api", "t", "u", "orch-T1-1")
    assert read(notifications, "item/completed", turnId="u", item={**message_item, "clientId": "orch-T1-1"}) == ours


def test_settings_that_differ_from_ours_are_reported_once_each() -> None:
    notifications = NotificationReader("api")
    policy = {"type": "workspaceWrite", "networkAccess": False}
    answer = {
        "model": "m",
        "reasoningEffort": None,
        "approvalPolicy": "on-request",
        "sandbox": policy,
        "thread": {"id": "t"},
    }
    theirs = {
        "model": "m",
        "effort": "high",
        "approvalPolicy": "never",
        "cwd": "/api",
        "sandboxPolicy": {"type": "dangerFullAccess"},
        "collaborationMode": {"mode": "default"},
    }
    assert read(notifications, "thread/settings/updated", threadSettings=theirs) is None
    thread_opened = read_answer(START_THREAD, answer)
    assert isinstance(thread_opened, OpenedThread)
    notifications.thread_opened("t", thread_opened.settings)
    assert read(notifications, "thread/settings/updated", threadSettings=theirs) == ev.ThreadSettingsChanged(
        AT,
        "api",
        "t",
        (
            ("effort", "default", "high"),
            ("approvals", "on-request", "never"),
            ("sandbox", "workspaceWrite", "dangerFullAccess"),
        ),
    )
    assert read(notifications, "thread/settings/updated", threadSettings=theirs) is None
    notifications.turn_requested("t", {"approvalPolicy": "on-request", "model": "n", "sandboxPolicy": policy})
    ours = {**theirs, "approvalPolicy": "on-request", "model": "n", "sandboxPolicy": policy}
    assert read(notifications, "thread/settings/updated", threadSettings=ours) is None


@given(st.lists(st.tuples(METHODS, PARAMS), max_size=6))
def test_no_notification_breaks_the_reader(messages: list[tuple[str, Mapping[str, Any]]]) -> None:
    notifications = NotificationReader("api")
    notifications.turn_requested("t", {})
    for method, params in messages:
        found = read_notification(Notice(method, params))
        event = notifications.receive(found, AT) if isinstance(found, Notification) else None
        assert event is None or event.at == AT


def test_the_tokens_of_a_sub_agent_count_to_the_turn_that_started_it() -> None:
    notifications = NotificationReader("api")
    read(notifications, "turn/started", turn=turn(id="sub", status="inProgress", rootTurnId="u"))
    assert read(notifications, "thread/tokenUsage/updated", **used("sub", 10, 2)) == ev.TokensSpent(
        AT, "api", "t", "u", 10, 2
    )


def test_the_limits_that_are_read_are_those_that_are_told() -> None:
    one, two = {"limitId": "codex", "primary": {"usedPercent": 91}}, {"limitId": "other", "primary": None}
    told = [Notice("account/rateLimits/updated", {"rateLimits": limit}) for limit in (one, two)]
    assert limits_in({"rateLimits": one, "rateLimitsByLimitId": {"codex": one, "other": two, "none": None}}) == (*told,)
    assert limits_in({"rateLimits": one, "rateLimitsByLimitId": None}) == (told[0],)
    assert [limits_in(odd) for odd in (None, [], "x", {}, {"rateLimits": 3, "rateLimitsByLimitId": 4})] == [()] * 5
