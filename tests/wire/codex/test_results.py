"""Read the answers of an app-server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from supervisor.wire import codex
from supervisor.wire.codex import (
    is_waiting,
    login_problem,
    server_version,
    turn_seen,
    turns_of,
    version_of,
)
from tests.wire.codex.turns import DONE, RUNNING, TURN, agent, turn, user
from tests.wire.values import anything


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("codex-cli 0.163.0", (0, 163, 0)),
        ("orch/0.169.0 (Debian 12.0.0; x86_64) xterm (orch; 0.1.0)", (0, 169, 0)),
        ("codex-cli 0.170.0-alpha.3", (0, 170, 0)),
        ("v1.2", None),
        ("", None),
    ],
)
def test_the_version_is_the_first_one_named(text: str, version: tuple[int, ...] | None) -> None:
    assert version_of(text) == version


def test_the_version_of_a_server_is_read_after_our_own_name() -> None:
    assert server_version({"userAgent": "orch/0.169.0 (Debian 12.0.0; x86_64) xterm (orch; 0.1.0)"}) == "0.169.0"
    assert [server_version(answer) for answer in ({}, None, {"userAgent": 7}, {"userAgent": "0.1.0"})] == [""] * 4


def test_only_an_account_that_is_needed_and_missing_is_a_problem() -> None:
    assert login_problem({"account": None, "requiresOpenaiAuth": True}) == "codex is not logged in"
    assert login_problem({"requiresOpenaiAuth": True}) == "codex is not logged in"
    assert login_problem({"account": None, "requiresOpenaiAuth": False}) is None
    assert login_problem({"account": {"type": "apiKey"}, "requiresOpenaiAuth": True}) is None


def test_a_turn_is_read_with_its_messages_and_its_last_text() -> None:
    items = [user("m1"), agent("first"), {"type": "newKind"}, user("m2"), agent("last"), agent("")]
    assert turn_seen(turn(items=items)) == TurnSeen("u", DONE, ("m1", "m2"), "last")


@pytest.mark.parametrize("status", [one.value for one in TurnStatus])
def test_the_status_of_a_turn_is_read(status: str) -> None:
    assert turn_seen(turn(status=status)) == TurnSeen("u", TurnStatus(status))


@pytest.mark.parametrize("status", ["paused", None, 7, {"type": "completed"}])
def test_an_unknown_status_counts_as_in_progress(status: Any) -> None:
    assert turn_seen(turn(status=status)) == TurnSeen("u", RUNNING)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ({"message": "no", "codexErrorInfo": "usageLimitExceeded"}, Failure("usageLimitExceeded", None, "no")),
        (
            {"message": "no", "codexErrorInfo": {"httpConnectionFailed": {"httpStatusCode": 503}}},
            Failure("httpConnectionFailed", 503, "no"),
        ),
        (
            {"message": "no", "codexErrorInfo": {"httpConnectionFailed": {"httpStatusCode": None}}},
            Failure("httpConnectionFailed", None, "no"),
        ),
        (
            {"message": "no", "codexErrorInfo": {"activeTurnNotSteerable": {"turnKind": "review"}}},
            Failure("activeTurnNotSteerable", None, "no"),
        ),
        (
            {"message": "unexpected status 429 Too Many Requests", "codexErrorInfo": "other"},
            Failure("other", 429, "unexpected status 429 Too Many Requests"),
        ),
        ({"message": "no", "codexErrorInfo": None}, Failure("other", None, "no")),
        ({"message": "no", "codexErrorInfo": {}}, Failure("other", None, "no")),
        ({"codexErrorInfo": {"new": "x"}}, Failure("new", None, "")),
        ({}, Failure("other", None, "")),
        (None, None),
        ("broken", None),
    ],
)
def test_the_failure_of_a_turn_is_read(error: Any, failure: Failure | None) -> None:
    assert turn_seen(turn(status="failed", error=error)) == TurnSeen("u", TurnStatus.FAILED, failure=failure)


def test_the_turns_of_a_page_come_oldest_first() -> None:
    page = {"data": [turn(id="3", status="inProgress"), turn(id="2"), turn(id="1")], "nextCursor": None}
    assert turns_of(page) == (TurnSeen("1", DONE), TurnSeen("2", DONE), TurnSeen("3", RUNNING))


@pytest.mark.parametrize("page", [None, [], {}, {"data": None}, {"data": 7}, {"data": {"id": "u"}}, {"data": [7, {}]}])
def test_a_page_of_an_odd_shape_has_no_turns(page: Any) -> None:
    assert turns_of(page) == ()


@pytest.mark.parametrize(
    ("status", "waiting"),
    [
        ({"type": "active", "activeFlags": ["waitingOnApproval"]}, True),
        ({"type": "active", "activeFlags": ["new", "waitingOnUserInput"]}, True),
        ({"type": "active", "activeFlags": []}, False),
        ({"type": "active", "activeFlags": [{"waitingOnApproval": True}]}, False),
        ({"type": "active", "activeFlags": 7}, False),
        ({"type": "idle"}, False),
        (None, False),
    ],
)
def test_a_thread_shows_whether_it_waits_for_a_human(status: Any, waiting: bool) -> None:
    assert is_waiting({"id": "t", "status": status}) is waiting


@given(TURN | anything)
def test_no_answer_breaks_the_reader(value: Any) -> None:
    pages = [turns_of(page) for page in ({"data": [value]}, {"data": value}, value)]
    assert all(isinstance(turn, TurnSeen) for page in pages for turn in page)
    threads = [{"status": value}, {"status": {"activeFlags": value}}, value]
    assert {is_waiting(thread) for thread in threads} <= {True, False}
    problem = login_problem(value)
    assert problem is None or "logged in" in problem


def test_limits_are_reset_when_the_last_of_those_that_are_reached_is() -> None:
    def window(used: int, at: int | None) -> dict[str, Any]:
        return {"usedPercent": used, "resetsAt": at}

    answer = {
        "rateLimits": {"primary": window(100, 1_000), "secondary": window(40, 9_000)},
        "rateLimitsByLimitId": {"codex": {"primary": window(101, 2_000), "secondary": None}, "other": None},
    }
    assert codex.resets_at(answer) == datetime.fromtimestamp(2_000, UTC)
    assert codex.resets_at({"rateLimits": {"primary": window(99, 1_000)}}) is None
    assert codex.resets_at({"rateLimits": {"primary": window(100, 10**18)}}) is None
    assert codex.resets_at(None) is None
