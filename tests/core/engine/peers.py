"""The outside, simulated: the state of a child's server, its threads and turns, and the connections to it.

Every choice comes from the numbers of a `Dice`. 0 is the harmless choice, and when the numbers are used up nothing goes
wrong any more. So a failing story shrinks to its few bad moments.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Request, RequestKey
from supervisor.domain.thread import Failure, TurnSeen, TurnStatus

NOBODY = ("", "", "")
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


class Dice:
    """A sequence of numbers, then zeros."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = deque(numbers)

    @property
    def left(self) -> bool:
        return bool(self._numbers)

    def roll(self, sides: int) -> int:
        return self._numbers.popleft() % sides if self._numbers else 0

    def rarely(self, one_in: int) -> bool:
        return self.roll(one_in) == one_in - 1


class LostError(Exception):
    """The connection is gone. Whether the request was carried out is not known."""


class FaultError(Exception):
    """The server refused."""


@dataclass(eq=False)
class Turn:
    id: str
    task: str | None
    status: TurnStatus = TurnStatus.IN_PROGRESS
    messages: list[str] = field(default_factory=list)
    text: str = ""
    failure: Failure | None = None
    steered: str | None = None  # the message of the last steer
    silent: bool = False  # it does nothing more by itself
    before: tuple[str, str, str] = NOBODY  # what was delivered of its task before

    @property
    def seen(self) -> TurnSeen:
        return TurnSeen(self.id, self.status, tuple(self.messages), self.text, self.failure, 10, 2)


@dataclass(eq=False)
class Rollout:
    """A thread as codex stores it."""

    id: str
    turns: list[Turn] = field(default_factory=list)
    left: bool = False  # a command outlived its turn

    @property
    def active(self) -> Turn | None:
        return next((turn for turn in self.turns if turn.status is TurnStatus.IN_PROGRESS), None)

    @property
    def latest(self) -> tuple[TurnSeen, ...]:
        """The latest turns, from the last one of ours on."""
        ours = max((number for number, turn in enumerate(self.turns) if turn.messages), default=0)
        return tuple(turn.seen for turn in self.turns[min(ours, max(len(self.turns) - 5, 0)) :])


@dataclass(eq=False)
class Process:
    pid: int
    hung: bool = False
    loaded: set[str] = field(default_factory=set)
    asked: dict[RequestKey, Request] = field(default_factory=dict)
    count: int = 0
    refuses: int = 0  # how many of the next requests


@dataclass(eq=False)
class Call:
    """A request under way. `handle` is what the server does with it."""

    handle: Callable[[Link], Any]
    link: Link | None = None
    answered: bool = False
    value: Any = None
    fault: str | None = None


@dataclass(eq=False)
class Link:
    process: Process
    broken: bool = False
    ingress: deque[Call] = field(default_factory=deque)
    wire: deque[Call | Callable[[datetime], ev.Event]] = field(default_factory=deque)
    subscribed: set[str] = field(default_factory=set)
    asked: set[RequestKey] = field(default_factory=set)
    misses: int = 0


Activity = Generator[Call | None, Any, None]  # one action; it yields where something else may happen


class Repo:
    """One child: its server, its stored threads, and the actions under way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rollouts: dict[str, Rollout] = {}
        self.process: Process | None = None
        self.link: Link | None = None
        self.reading: Link | None = None
        self.queue: deque[act.Action] = deque()
        self.job: Activity | None = None
        self.doing: act.Action | None = None
        self.waits: Call | None = None
        self.checks: list[tuple[act.RunChecks, Link | None]] = []
        self.trees: list[act.MakeTree | act.MergeTree] = []  # acts on linked work trees, under way
        self.would_not_die = False

    @property
    def turns(self) -> list[tuple[Rollout, Turn]]:
        return [(one, turn) for one in self.rollouts.values() if (turn := one.active) is not None]

    def drop(self) -> None:
        """The supervisor died: its actions and connections are gone."""
        self.link = self.reading = self.job = self.doing = self.waits = None
        self.queue.clear()
        self.checks.clear()
        self.trees.clear()
