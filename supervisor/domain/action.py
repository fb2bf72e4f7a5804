"""Actions: what to do, in the imperative. Each carries `why`, which becomes a log field and a cell in runs.md."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from supervisor.domain.ask import Answer, AskKind, NoticeKind, RequestKey
from supervisor.domain.plan import Sandbox, SandboxMode
from supervisor.domain.task import Brief, Due, Tree


class EnsureServer(Struct, frozen=True):
    """Adopt the child's server if it still runs, else sweep what it left and start one; then connect."""

    child: str
    why: str


class StopServer(Struct, frozen=True):
    """End the child's server and its whole process tree. `kill` skips the polite part."""

    child: str
    kill: bool
    why: str


class OpenThread(Struct, frozen=True):
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


class StartTurn(Struct, frozen=True):
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


class SteerTurn(Struct, frozen=True):
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


class LookAtTurn(Struct, frozen=True):
    """See whether the running turn gave a sign of life after `since`, and if not, what it is at."""

    child: str
    task: str
    thread: str
    turn: str
    since: datetime
    why: str


class InterruptTurn(Struct, frozen=True):
    """Interrupt the running turn, and end the commands it left running. `timed_out`: its time is up; `stalled`: it
    gives no sign of life."""

    child: str
    task: str
    thread: str
    turn: str
    timed_out: bool
    why: str
    stalled: bool = False


class ReadLimits(Struct, frozen=True):
    """Ask the child's server when the provider takes work again."""

    child: str
    provider: str
    why: str


class RunChecks(Struct, frozen=True):
    """Read what changed in the working tree since `base`, and run the verify commands in the child's sandbox."""

    child: str
    task: str
    run: int
    commands: tuple[str, ...]
    base: Tree | None
    sandbox: SandboxMode
    why: str


class RaiseAsk(Struct, frozen=True):
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


class WithdrawAsk(Struct, frozen=True):
    """Take an ask back: it no longer applies. `elsewhere`: somebody settled it in another window."""

    ask: str
    why: str
    elsewhere: bool = False


class SendAnswer(Struct, frozen=True):
    """Give a server the answer to its request: the human's to `ask`, or a rule's ("": nobody was asked)."""

    child: str
    ask: str
    key: RequestKey
    answer: Answer
    why: str
    task: str | None = None


class Notify(Struct, frozen=True):
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


class SurveyRepos(Struct, frozen=True):
    """Bring the map up to date. `touched` are the children that may have changed, each with the task that was at work
    (or None); `known` is the digest of the map that what changed is told against."""

    touched: tuple[tuple[str, str | None], ...]
    known: str
    why: str


class Exit(Struct, frozen=True):
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
