"""The report: the structured answer with which a child ends its turn, and the checks that decide whether it is true."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """What a child says about its own turn."""

    DONE = "done"
    BLOCKED = "blocked"
    NEEDS_HUMAN = "needs_human"


class Change(Struct, frozen=True):
    """A file that the child says it changed, and what changed in it."""

    path: str
    what: str


class ContractNote(Struct, frozen=True):
    """What the child says about a contract."""

    id: str
    status: str  # "kept" or "changed"
    note: str


class Claim(Struct, frozen=True):
    """A check that the child says it ran. It is never trusted: the verify commands decide."""

    command: str
    result: str


class Question(Struct, frozen=True):
    """What the child needs from a human."""

    question: str
    steps: str  # exactly what to do
    expected: str  # the exact result that has to come back


class Report(Struct, frozen=True, gc=False):
    """The structured answer with which a child ends its turn."""

    outcome: Outcome
    summary: str
    changes: tuple[Change, ...] = ()
    contracts: tuple[ContractNote, ...] = ()
    checks: tuple[Claim, ...] = ()
    ask: Question | None = None
    learned: tuple[str, ...] = ()  # facts that the other repos should know


class OutputLine(Struct, frozen=True):
    """A line of an output. Numbers begin with 1."""

    number: int
    text: str


class Check(Struct, frozen=True):
    """One verify command as the supervisor ran it."""

    command: str
    exit_code: int
    tail: str  # the end of what it printed, standard output and standard error as they came
    failing: tuple[OutputLine, ...] = ()  # the lines that look like failures
    lines: int = 0  # of the whole output
    log: str = ""  # the file that has the whole output; "" if there is none
    cut: bool = False  # the middle is left out there, and not counted in `lines`
