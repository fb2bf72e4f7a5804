"""Read the answers of an app-server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from supervisor.wire.codex.answers import (
    DIAGNOSTICS,
    EXECUTE,
    LIST_TURNS,
    METHODS,
    READ_ACCOUNT,
    READ_LIMITS,
    READ_THREAD,
    START_THREAD,
    START_TURN,
    CodexMethod,
    Initialized,
    TurnsPage,
    login_problem,
    read_answer,
    resets_at,
    server_version,
    turns_of,
    version_of,
)
from supervisor.wire.codex.decode import NotUnderstood
from supervisor.wire.codex.turns import is_waiting, standing
from tests.wire.codex.turns import DONE, RUNNING, TURN, agent, turn, user
from tests.wire.values import anything

A = TypeVar("A")


def understood(method: CodexMethod[A], answer: object) -> A:
    found = read_answer(method, answer)
    assert not isinstance(found, NotUnderstood), found
    return found


def seen(turn: dict[str, Any]) -> TurnSeen:
    """Read one turn of an answer."""
    (found,) = turns_of(understood(LIST_TURNS, {"data": [turn]}))
    return found


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
    assert server_version(Initialized("orch/0.169.0 (Debian 12.0.0; x86_64) xterm (orch; 0.1.0)")) == "0.169.0"
    assert [server_version(answer) for answer in (Initialized(), Initialized("0.1.0"))] == [""] * 2


def test_only_an_account_that_is_needed_and_missing_is_a_problem() -> None:
    def problem(answer: dict[str, Any]) -> str | None:
        return login_problem(understood(READ_ACCOUNT, answer))

    assert problem({"account": None, "requiresOpenaiAuth": True}) == "codex is not logged in"
    assert problem({"requiresOpenaiAuth": True}) == "codex is not logged in"
    assert problem({"account": None, "requiresOpenaiAuth": False}) is None
    assert problem({"account": {"type": "apiKey"}, "requiresOpenaiAuth": True}) is None


def test_a_turn_is_read_with_its_messages_and_its_last_text() -> None:
    items = [user("m1"), agent("first"), {"type": "newKind"}, user("m2"), agent("last"), agent("")]
    assert seen(turn(items=items)) == TurnSeen("u", DONE, ("m1", "m2"), "last")


@pytest.mark.parametrize("status", [one.value for one in TurnStatus])
def test_the_status_of_a_turn_is_read(status: str) -> None:
    assert seen(turn(status=status)) == TurnSeen("u", TurnStatus(status))


def test_an_unknown_status_counts_as_in_progress() -> None:
    assert seen(turn(status="paused")) == seen({"id": "u"}) == TurnSeen("u", RUNNING)


def test_an_unknown_status_of_a_turn_that_is_over_is_a_failure_that_names_it() -> None:
    (found,) = turns_of(understood(LIST_TURNS, {"data": [turn(status="expired")]}), over=True)
    words = "codex calls the turn `expired`, a word that this orch does not know"
    assert found == TurnSeen("u", TurnStatus.FAILED, failure=Failure("other", None, words))
    error = {"message": "too late", "codexErrorInfo": "expired"}
    (found,) = turns_of(understood(LIST_TURNS, {"data": [turn(status="expired", error=error)]}), over=True)
    assert found.failure == Failure("expired", None, "too late")


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
    ],
)
def test_the_failure_of_a_turn_is_read(error: Any, failure: Failure | None) -> None:
    assert seen(turn(status="failed", error=error)) == TurnSeen("u", TurnStatus.FAILED, failure=failure)


def test_the_turns_of_a_page_come_oldest_first() -> None:
    page = {"data": [turn(id="3", status="inProgress"), turn(id="2"), turn(id="1")], "nextCursor": None}
    assert turns_of(understood(LIST_TURNS, page)) == (TurnSeen("1", DONE), TurnSeen("2", DONE), TurnSeen("3", RUNNING))
    assert turns_of(understood(LIST_TURNS, {})) == ()


@pytest.mark.parametrize(
    ("status", "waiting", "words"),
    [
        ({"type": "active", "activeFlags": ["waitingOnApproval"]}, True, "active waitingOnApproval"),
        ({"type": "active", "activeFlags": ["new", "waitingOnUserInput"]}, True, "active new waitingOnUserInput"),
        ({"type": "active", "activeFlags": ["waitingOnPayment"]}, True, "active waitingOnPayment"),
        ({"type": "active", "activeFlags": ["new"]}, False, "active new"),
        ({"type": "active", "activeFlags": []}, False, "active"),
        ({"type": "idle"}, False, "idle"),
        ({}, False, "unknown"),
    ],
)
def test_a_thread_shows_whether_it_waits_for_a_human(status: dict[str, Any], waiting: bool, words: str) -> None:
    thread = understood(READ_THREAD, {"thread": {"id": "t", "status": status}}).thread
    assert (is_waiting(thread), standing(thread)) == (waiting, words)
    assert standing(understood(READ_THREAD, {"thread": {"id": "t"}}).thread) == "unknown"


@pytest.mark.parametrize(
    ("method", "answer", "reason"),
    [
        (START_THREAD, {}, "Object missing required field `thread`"),
        (START_THREAD, {"thread": {"id": None}}, "Expected `str`, got `null` - at `$.thread.id`"),
        (START_TURN, {"turn": {}}, "Object missing required field `id` - at `$.turn`"),
        (LIST_TURNS, [], "Expected `object`, got `array`"),
        (LIST_TURNS, {"data": None}, "Expected `array`, got `null` - at `$.data`"),
        (LIST_TURNS, {"data": [turn(items=[{"type": "agentMessage", "text": 7}])]}, "Expected `str`, got `int`"),
        (EXECUTE, {"stdout": ""}, "Object missing required field `exitCode`"),
        (DIAGNOSTICS, {"process": {"id": "7"}}, "Expected `int`, got `str` - at `$.process.id`"),
    ],
)
def test_an_answer_that_does_not_fit_says_where(method: CodexMethod[object], answer: object, reason: str) -> None:
    found = read_answer(method, answer)
    assert isinstance(found, NotUnderstood)
    assert found.reason.startswith(f"codex's answer to {method.name} does not fit: {reason}")


@given(st.sampled_from(METHODS), TURN | anything)
def test_no_answer_breaks_the_reader(method: CodexMethod[object], value: Any) -> None:
    for answer in (value, {"data": value}, {"data": [value]}, {"thread": value}, {"thread": {"status": value}}):
        found = read_answer(method, answer)
        assert isinstance(found, NotUnderstood) or method.answer is object or isinstance(found, method.answer)
        if isinstance(found, TurnsPage):
            assert all(isinstance(one, TurnSeen) for one in turns_of(found))


def test_limits_are_reset_when_the_last_of_those_that_are_reached_is() -> None:
    def window(used: int, at: int | None) -> dict[str, Any]:
        return {"usedPercent": used, "resetsAt": at}

    def resets(answer: dict[str, Any]) -> datetime | None:
        return resets_at(understood(READ_LIMITS, answer))

    answer = {
        "rateLimits": {"primary": window(100, 1_000), "secondary": window(40, 9_000)},
        "rateLimitsByLimitId": {"codex": {"primary": window(101, 2_000), "secondary": None}, "other": None},
    }
    assert resets(answer) == datetime.fromtimestamp(2_000, UTC)
    assert resets({"rateLimits": {"primary": window(99, 1_000)}}) is None
    assert resets({"rateLimits": {"primary": window(100, 10**18)}}) is None
    assert resets({}) is None
