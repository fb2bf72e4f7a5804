"""What happens to threads, turns, and the checks after them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from supervisor.domain.change.diff import RunDiff
from supervisor.domain.report import Check
from supervisor.domain.task import ChangeList, LeftoverLook, Tree, TurnLook
from supervisor.domain.thread import Tokens, TurnSeen


class ThreadOpened(Struct, frozen=True):
    """A thread is loaded, and its notifications reach us."""

    at: datetime
    child: str
    pid: int
    thread: str
    task: str | None  # the task that owns it; None: the child's shared thread
    waiting: bool  # a turn waits on a human
    turns: tuple[TurnSeen, ...]  # the latest, oldest first
    provider: str = ""  # of the model; "": not known


class ThreadFailed(Struct, frozen=True):
    """A thread could not be opened. `gone`: the server has no record of it."""

    at: datetime
    child: str
    thread: str | None
    task: str | None
    gone: bool
    reason: str


class ThreadSettingsChanged(Struct, frozen=True):
    """Somebody changed the settings of a thread of ours. `changes` are (name, before, after)."""

    at: datetime
    child: str
    thread: str
    changes: tuple[tuple[str, str, str], ...]


class TurnBegan(Struct, frozen=True):
    """A turn runs. `message` is our client message id, if the turn is known to hold it."""

    at: datetime
    child: str
    thread: str
    turn: str
    message: str | None


class TurnEnded(Struct, frozen=True):
    """A turn ended, ours or another; `seen` is what the server says of it."""

    at: datetime
    child: str
    thread: str
    seen: TurnSeen


class TokensSpent(Struct, frozen=True):
    """A turn used this many tokens since the last such event. Not recorded for every response of the model.

    A turn that ended while no supervisor ran is counted too: then only the total of its thread is right.
    """

    at: datetime
    child: str
    thread: str
    turn: str
    input_tokens: int
    output_tokens: int
    thread_total: Tokens | None = None  # of the whole thread; None: not known, or it is a sub-agent's


class TurnRetried(Struct, frozen=True):
    """Codex itself retries a request to the provider."""

    at: datetime
    child: str
    thread: str
    turn: str
    reason: str


class TurnRefused(Struct, frozen=True):
    """The server refused to start a turn. Nothing of it reached the thread."""

    at: datetime
    child: str
    task: str
    message: str
    reason: str


class SteerArrived(Struct, frozen=True):
    """The server took a message into the running turn: its text counts as delivered."""

    at: datetime
    child: str
    task: str
    turn: str
    message: str


class SteerMissed(Struct, frozen=True):
    """The turn ended before the steer arrived, or did not take it."""

    at: datetime
    child: str
    task: str
    turn: str
    message: str
    reason: str


class TurnLooked(Struct, frozen=True):
    """The answer to `LookAtTurn`."""

    at: datetime
    child: str
    task: str
    turn: str
    look: TurnLook


class InterruptFailed(Struct, frozen=True):
    """The server did not interrupt the turn: the turn had ended, or the server did not answer."""

    at: datetime
    child: str
    task: str
    turn: str
    reason: str


class LeftoversLooked(Struct, frozen=True):
    """The answer to `LookForLeftovers`."""

    at: datetime
    child: str
    task: str
    turn: str
    look: LeftoverLook


class LeftoverReported(Struct, frozen=True):
    """A command or sub-agent that outlived its turn ended, or changed files."""

    at: datetime
    child: str
    thread: str
    turn: str  # of the task, also if a sub-agent reported it
    files: tuple[str, ...] = ()  # paths in the repo


class LeftoversEnded(Struct, frozen=True):
    """Commands and sub-agents that outlived a turn were ended. `problem`: why some could not be; "" if none."""

    at: datetime
    child: str
    task: str
    turn: str
    ended: tuple[str, ...]
    problem: str = ""


class TreeRead(Struct, frozen=True):
    """The working tree as it was before a turn."""

    at: datetime
    child: str
    task: str
    run: int
    tree: Tree


class TreeKept(Struct, frozen=True):
    """The working tree was kept as a commit of ours in the child's repo, before a run or after a turn of it."""

    at: datetime
    child: str
    task: str
    run: int
    commit: str
    after: bool = False
    left_out: tuple[str, ...] = ()  # paths that could not be kept, each with the reason
    diff: RunDiff | None = None  # after a turn: what changed since the run began


class OwnTreeMade(Struct, frozen=True):
    """A linked work tree is ready for a run. `base`: a kept tree; what differs from it was not merged yet."""

    at: datetime
    child: str
    task: str
    run: int
    path: str
    base: str


class OwnTreeFailed(Struct, frozen=True):
    """A linked work tree could not be made, or its changes could not be merged."""

    at: datetime
    child: str
    task: str
    run: int
    reason: str


class MergeTried(Struct, frozen=True):
    """The linked work tree of a run and that of its child were kept. Nothing is merged yet.

    `conflicts`: files that both changed, each in another way.
    """

    at: datetime
    child: str
    task: str
    run: int
    work: str
    main: str
    conflicts: tuple[str, ...] = ()


class OwnTreeMerged(Struct, frozen=True):
    """The changes of a linked work tree are in the child's; or, with conflicts, what the child's holds is in the linked
    one, with marks. `path`: where the linked one is; "": it was removed, as it held nothing else."""

    at: datetime
    child: str
    task: str
    run: int
    base: str  # a kept tree: what differs from it in the linked one is not merged
    path: str
    conflicts: tuple[str, ...] = ()


class ChangesListed(Struct, frozen=True):
    """The changes of a task whose turn ended without checks were listed."""

    at: datetime
    child: str
    task: str
    changed_files: tuple[str, ...]  # since the changes were last listed: paths in the repo, tracked ones first
    listed: ChangeList  # by all runs of the task


class ChecksFinished(Struct, frozen=True):
    """The verify commands ran."""

    at: datetime
    child: str
    task: str
    run: int
    checks: tuple[Check, ...]
    changed_files: tuple[str, ...]  # since the changes were last listed: paths in the repo, tracked ones first
    listed: ChangeList | None = None  # by all runs of the task; None: `changed_files` and those listed before


class ChecksLost(Struct, frozen=True):
    """The verify commands could not be completed: the server went away, or refused."""

    at: datetime
    child: str
    task: str
    run: int
    reason: str


class SaidElsewhere(Struct, frozen=True):
    """Somebody wrote on a thread of ours in another window. `text` is the beginning of the message."""

    at: datetime
    child: str
    thread: str
    turn: str
    text: str
