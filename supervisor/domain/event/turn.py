"""What happens to threads, turns, and the checks after them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from supervisor.domain.report import Check
from supervisor.domain.task import Tree, TurnLook
from supervisor.domain.thread import TurnSeen


class ThreadOpened(Struct, frozen=True):
    """A thread is loaded and heard. `turns` are its latest, oldest first; `waiting`: a turn waits on a human;
    `provider` is the one of models."""

    at: datetime
    child: str
    pid: int
    thread: str
    task: str | None
    waiting: bool
    turns: tuple[TurnSeen, ...]
    provider: str = ""


class ThreadFailed(Struct, frozen=True):
    """It could not be opened. `gone`: the server has no record of it."""

    at: datetime
    child: str
    thread: str | None
    task: str | None
    gone: bool
    reason: str


class ThreadSettingsChanged(Struct, frozen=True):
    """A thread of ours goes on with other settings than we gave it; `changes` are (name, before, after)."""

    at: datetime
    child: str
    thread: str
    changes: tuple[tuple[str, str, str], ...]


class TurnBegan(Struct, frozen=True):
    """A turn runs. `message` is our client message id when it is known to be in it."""

    at: datetime
    child: str
    thread: str
    turn: str
    message: str | None


class TurnEnded(Struct, frozen=True):
    at: datetime
    child: str
    thread: str
    seen: TurnSeen


class TokensSpent(Struct, frozen=True):
    """A running turn has taken so many tokens more since this was last told; not told for each answer of the model."""

    at: datetime
    child: str
    thread: str
    turn: str
    input_tokens: int
    output_tokens: int


class TurnRetried(Struct, frozen=True):
    """Codex tries to reach the provider again."""

    at: datetime
    child: str
    thread: str
    turn: str
    reason: str


class TurnRefused(Struct, frozen=True):
    """A turn could not be started: nothing of it reached the thread."""

    at: datetime
    child: str
    task: str
    message: str
    reason: str


class SteerArrived(Struct, frozen=True):
    at: datetime
    child: str
    task: str
    turn: str
    message: str


class SteerMissed(Struct, frozen=True):
    """The turn had ended before the steer arrived, or would not take it."""

    at: datetime
    child: str
    task: str
    turn: str
    message: str
    reason: str


class TurnLooked(Struct, frozen=True):
    """A running turn was looked at."""

    at: datetime
    child: str
    task: str
    turn: str
    look: TurnLook


class InterruptFailed(Struct, frozen=True):
    """The server would not interrupt the turn (it ended, or the server did not answer)."""

    at: datetime
    child: str
    task: str
    turn: str
    reason: str


class TreeRead(Struct, frozen=True):
    """The working tree as a run found it."""

    at: datetime
    child: str
    task: str
    run: int
    tree: Tree


class ChecksFinished(Struct, frozen=True):
    at: datetime
    child: str
    task: str
    run: int
    checks: tuple[Check, ...]
    changed_files: tuple[str, ...]


class ChecksLost(Struct, frozen=True):
    """The verify commands could not be run to their end (the server went away, or refused)."""

    at: datetime
    child: str
    task: str
    run: int
    reason: str


class SaidElsewhere(Struct, frozen=True):
    """Somebody else wrote on a thread of ours, in another window; `text` is the beginning of it."""

    at: datetime
    child: str
    thread: str
    turn: str
    text: str
