"""What an ask takes for an answer, what it refuses, and what it says was settled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from supervisor.core.engine.asks.replies import forms, problem_of, settled
from supervisor.domain.ask import Ask, AskKind, RequestKey

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = RequestKey("api", 7, "1")


def ask(kind: AskKind, *, task: str | None = "T1", request: RequestKey | None = None, budget: str = "") -> Ask:
    return Ask("A1", kind, NOON, "", "", "", (), "api", task, request, budget=budget)


APPROVAL = ask(AskKind.APPROVAL, request=KEY)
CHECKPOINT = ask(AskKind.CHECKPOINT, task="H10")
QUESTION = ask(AskKind.QUESTION)
BUDGET = ask(AskKind.QUESTION, budget="task T1")
SERVER = ask(AskKind.QUESTION, task=None)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (APPROVAL, ("accept", "decline")),
        (CHECKPOINT, ("accept", "decline")),
        (QUESTION, ("accept", "decline", "reply TEXT")),
        (ask(AskKind.QUESTION, task=None, request=KEY), ("accept", "decline", "reply TEXT")),
        (replace(QUESTION, choices=("80", "443")), ("80", "443", "reply TEXT")),
        (BUDGET, ("accept", "accept AMOUNT", "decline")),
        (SERVER, ("accept", "decline")),
    ],
)
def test_each_kind_of_ask_says_what_it_takes(one: Ask, expected: tuple[str, ...]) -> None:
    assert forms(one) == expected


@pytest.mark.parametrize("one", [APPROVAL, CHECKPOINT, BUDGET, SERVER])
def test_words_settle_nothing_but_a_question(one: Ask) -> None:
    what, next_step = problem_of(one, "text", "declin it") or ("", "")
    assert what.endswith(", and takes a decision")
    assert next_step.startswith("did you mean `decline`? `orch answer A1 accept`")
    assert "did you mean `accept`?" in (problem_of(one, "text", "Yes, it does") or ("", ""))[1]
    assert "did you mean" not in (problem_of(one, "text", "the light is green") or ("", ""))[1]
    assert problem_of(one, "accept", "and words") is None
    assert problem_of(QUESTION, "text", "declin it") is None


@pytest.mark.parametrize(
    ("one", "decision", "expected"),
    [
        (CHECKPOINT, "accept", "H10 is done"),
        (CHECKPOINT, "decline", "H10 is blocked"),
        (APPROVAL, "accept", "A1 is accepted"),
        (APPROVAL, "decline", "A1 is declined"),
        (QUESTION, "text", "A1 is answered: T1 continues"),
        (BUDGET, "accept", "A1: more is granted"),
        (BUDGET, "decline", "A1: the paused tasks are blocked"),
        (SERVER, "accept", "A1 is answered"),
        (ask(AskKind.QUESTION, task="orchestrator"), "text", "A1 is answered: the orchestrator continues"),
    ],
)
def test_what_was_settled_is_said(one: Ask, decision: str, expected: str) -> None:
    assert settled(one, decision) == expected
