"""The report: the structured answer that a child ends its turn with, and the checks that it is weighed against."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """What a child says of its own turn."""

    DONE = "done"
    BLOCKED = "blocked"
    NEEDS_HUMAN = "needs_human"


class Change(Struct, frozen=True):
    """A file that the child says it changed, and what."""

    path: str
    what: str


class ContractNote(Struct, frozen=True):
    """What the child says of a contract: `status` is `kept` or `changed`."""

    id: str
    status: str
    note: str


class Claim(Struct, frozen=True):
    """A check that the child says it ran. Never believed: the verify commands decide."""

    command: str
    result: str


class Question(Struct, frozen=True):
    """What the child needs from a human: the question, exact steps, and the exact result expected."""

    question: str
    steps: str
    expected: str


class Report(Struct, frozen=True):
    """The structured answer that a child ends its turn with."""

    outcome: Outcome
    summary: str
    changes: tuple[Change, ...] = ()
    contracts: tuple[ContractNote, ...] = ()
    checks: tuple[Claim, ...] = ()
    ask: Question | None = None
    learned: tuple[str, ...] = ()


class Check(Struct, frozen=True):
    """One verify command as the supervisor ran it: its exit code, and the tail of its output (text)."""

    command: str
    exit_code: int
    tail: str
