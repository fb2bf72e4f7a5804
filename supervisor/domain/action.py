"""Actions: what to do, in the imperative. Each carries `why`, which becomes a log field and a cell in runs.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from supervisor.domain.ask import Answer, AskKind, NoticeKind, RequestKey
from supervisor.domain.plan import Sandbox, SandboxMode
from supervisor.domain.run import Brief, Due, Tree


@dataclass(frozen=True, slots=True)
class EnsureServer:
    """Adopt the child's server if it still runs, else sweep what it left and start one; then connect."""

    child: str
    why: str


@dataclass(frozen=True, slots=True)
class StopServer:
    """End the child's server and its whole process tree. `kill` skips the polite part."""

    child: str
    kill: bool
    why: str


@dataclass(frozen=True, slots=True)
class OpenThread:
    """Resume `thread` (or start a new one if None) on the child's server, and read what turns it has.

    `task` names the task that owns the thread, None for the child's one long thread.
    """

    child: str
    thread: str | None
    task: str | None
    model: str | None
    effort: str | None
    sandbox: Sandbox
    why: str


@dataclass(frozen=True, slots=True)
class StartTurn:
    """Start a turn of `task`'s run on an idle thread.

    `message` is its client message id; `brief` what `text` conveys; `fresh`: how its run found
    the tree is not known yet.
    """

    child: str
    task: str
    run: int
    fresh: bool
    thread: str
    message: str
    due: Due
    brief: Brief
    text: str
    model: str | None
    effort: str | None
    sandbox: Sandbox
    why: str


@dataclass(frozen=True, slots=True)
class SteerTurn:
    """Add `text` to the running turn `turn`. `nudge`: it asks for a sign of life."""

    child: str
    task: str
    thread: str
    turn: str
    message: str
    brief: Brief
    text: str
    why: str
    nudge: bool = False


@dataclass(frozen=True, slots=True)
class LookAtTurn:
    """See whether the running turn gave a sign of life after `since`, and if not, what it is at."""

    child: str
    task: str
    thread: str
    turn: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class InterruptTurn:
    """Interrupt the running turn, and end the commands it left running. `timed_out`: its time is up; `stalled`: it
    gives no sign of life."""

    child: str
    task: str
    thread: str
    turn: str
    timed_out: bool
    why: str
    stalled: bool = False


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Ask the child's server when the provider takes work again."""

    child: str
    provider: str
    why: str


@dataclass(frozen=True, slots=True)
class RunChecks:
    """Read what changed in the working tree since `base`, and run the verify commands in the child's sandbox."""

    child: str
    task: str
    run: int
    commands: tuple[str, ...]
    base: Tree | None
    sandbox: SandboxMode
    why: str


@dataclass(frozen=True, slots=True)
class RaiseAsk:
    """Put something before the human and announce it. `request` is set for what a server asked in mid-turn,
    `brief` for a human's task, `budget` for one that is used up."""

    ask: str
    kind: AskKind
    child: str | None
    task: str | None
    text: str
    steps: str
    expect: str
    choices: tuple[str, ...]
    brief: Brief | None
    request: RequestKey | None
    why: str
    budget: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawAsk:
    """Take an ask back: it no longer applies. `elsewhere`: somebody settled it in another window."""

    ask: str
    why: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """Give a server the answer to its request: the human's to `ask`, or a rule's ("": nobody was asked)."""

    child: str
    ask: str
    key: RequestKey
    answer: Answer
    why: str
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the human by what the config names. `key` is never used twice; `next_step` is the command to run."""

    key: str
    kind: NoticeKind
    title: str
    text: str
    next_step: str
    child: str | None
    task: str | None
    ask: str | None
    why: str


@dataclass(frozen=True, slots=True)
class SurveyRepos:
    """Bring the map up to date. `touched` are the children that may have changed, each with the task that was at work
    (or None); `known` is the digest of the map that what changed is told against."""

    touched: tuple[tuple[str, str | None], ...]
    known: str
    why: str


@dataclass(frozen=True, slots=True)
class Exit:
    """End the supervisor."""

    why: str


Action = (
    EnsureServer
    | StopServer
    | OpenThread
    | StartTurn
    | SteerTurn
    | LookAtTurn
    | InterruptTurn
    | ReadLimits
    | RunChecks
    | RaiseAsk
    | WithdrawAsk
    | SendAnswer
    | Notify
    | SurveyRepos
    | Exit
)
