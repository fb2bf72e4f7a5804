"""Actions: what to do, in the imperative. Each carries `why`, which becomes a log field and a cell in runs.md."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from supervisor.domain.ask import Answer, AskKind, AskPart, NoticeKind, RequestKey
from supervisor.domain.plan import Sandbox, SandboxMode
from supervisor.domain.task import Brief, ChangeList, Due, Tree
from supervisor.domain.thread import ThreadKey


class EnsureServer(Struct, frozen=True):
    """Adopt the child's server if it still runs. Otherwise clean up what it left and start a new one. Then connect."""

    child: str
    why: str


class StopServer(Struct, frozen=True):
    """Stop the child's server and its whole process tree. `kill`: do not ask it to exit first."""

    child: str
    kill: bool
    why: str


class OpenThread(Struct, frozen=True):
    """Resume a thread on the child's server, or start a new one, and read the turns that it has."""

    child: str
    thread: str | None  # Codex's id; None: start a new one
    task: str | None  # the task that owns the thread; None: the child's shared thread
    model: str | None
    effort: str | None
    sandbox: Sandbox
    why: str
    recount: bool = False  # a turn may have ended unseen: have Codex say what the thread has used in all
    unconfirmed: tuple[tuple[str, str], ...] = ()  # messages that may have arrived unseen: client id, SHA-256
    path: str = ""  # of the linked work tree in which it works; "": in the child's


class Unlisted(Struct, frozen=True):
    """Changes of a task whose turn ended without checks, so that they are not listed yet."""

    task: str
    base: Tree  # the working tree when the first of its turns began whose changes are not listed
    start: Tree | None  # when the task began; None: it is `base`, or not known
    listed: ChangeList  # the changed files before


class MakeTree(Struct, frozen=True):
    """Make a linked work tree for a run, with what the child's work tree holds; or bring an older one up to that."""

    child: str
    task: str
    run: int  # number of the attempt
    path: str  # of the older one; "": there is none
    base: str  # what differs from this kept tree in the older one was not merged yet
    why: str


class MergeTree(Struct, frozen=True):
    """Bring the changes of a linked work tree into the child's.

    Without `work`, both are kept, and it is looked whether they fit. Then they are written: into the child's work tree,
    or, with `conflicts`, what that holds into the linked one, with marks.
    """

    child: str
    task: str
    run: int  # number of the attempt
    path: str
    base: str  # what differs from this kept tree is to be merged
    work: str  # a kept tree: what the linked work tree holds; "": not kept yet
    main: str  # a kept tree: what the child's work tree held then
    conflicts: tuple[str, ...]
    shared: tuple[str, ...]  # files of the repo that others rely on
    why: str


class StartTurn(Struct, frozen=True):
    """Start a turn of a task's run on an idle thread."""

    child: str
    task: str
    run: int  # number of the attempt, from 1
    fresh: bool  # read the working tree first: it is the base of the changes
    thread: str
    message: str  # the client message id
    due: Due
    brief: Brief  # what the child knows once the turn is confirmed
    text: str  # what is sent
    model: str | None
    effort: str | None
    sandbox: Sandbox
    why: str
    unlisted: tuple[Unlisted, ...] = ()  # in this working tree: to be listed first, before more changes come
    path: str = ""  # of the linked work tree in which it works; "": in the child's


class SteerTurn(Struct, frozen=True):
    """Add a message to a running turn."""

    child: str
    task: str
    thread: str
    turn: str
    message: str  # the client message id
    brief: Brief  # what the child knows once the steer is confirmed
    text: str  # what is sent
    why: str
    nudge: bool = False  # it asks for a sign of life


class LookAtTurn(Struct, frozen=True):
    """Check whether the running turn gave a sign of life after `since`, and if not, what it is doing."""

    child: str
    task: str
    thread: str
    turn: str
    since: datetime
    why: str


class InterruptTurn(Struct, frozen=True):
    """Interrupt the running turn, and kill the commands that it left running."""

    child: str
    task: str
    thread: str
    turn: str
    timed_out: bool  # it took longer than the task's timeout
    why: str
    stalled: bool = False  # it gives no sign of life


class LookForLeftovers(Struct, frozen=True):
    """Look which commands and sub-agents of a turn that has ended still run, and what CPU time they have used."""

    child: str
    task: str
    thread: str
    turn: str
    why: str


class EndLeftovers(Struct, frozen=True):
    """End the commands and sub-agents that outlived a turn."""

    child: str
    task: str
    thread: str
    turn: str
    why: str


class ReadLimits(Struct, frozen=True):
    """Ask the child's server when the provider accepts work again."""

    child: str
    provider: str
    why: str


class RunChecks(Struct, frozen=True):
    """List what changed in the working tree since `base`, and run the verify commands in the child's sandbox."""

    child: str
    task: str
    run: int  # number of the attempt
    commands: tuple[str, ...]
    base: Tree | None  # the working tree when the first turn began whose changes are not listed; None: not known
    sandbox: SandboxMode
    why: str
    start: Tree | None = None  # when the task began; None: it is `base`, or not known
    listed: ChangeList = ChangeList()  # the changed files before
    before: str = ""  # the kept commit of how the run began; "": not kept
    shared: tuple[str, ...] = ()  # files of the repo that others rely on
    path: str = ""  # of the linked work tree in which it ran; "": in the child's


class RaiseAsk(Struct, frozen=True):
    """Put a question before the human and announce it."""

    ask: str  # its id, such as A7
    kind: AskKind
    child: str | None
    task: str | None
    text: str
    steps: str  # Markdown
    expect: str  # the exact result that has to come back, Markdown
    choices: tuple[str, ...]  # suggested answers
    brief: Brief | None  # of a human's own task only: what they are asked to do
    request: RequestKey | None  # what a server asked in the middle of a turn, if it is about that
    why: str
    budget: str = ""  # the name of the budget that is used up, if it is about that
    thread: ThreadKey | None = None  # the thread that cannot be opened, if it is about that
    parts: tuple[AskPart, ...] = ()  # its questions, if they are several that can be answered one by one


class WithdrawAsk(Struct, frozen=True):
    """Withdraw an ask that no longer applies. `external`: somebody settled it in another window."""

    ask: str
    why: str
    external: bool = field(default=False, name="elsewhere")  # the ledger keeps the name it began with


class SendAnswer(Struct, frozen=True):
    """Answer a server's request with the human's answer to `ask`, or with a rule's verdict."""

    child: str
    ask: str  # "": a rule decided, nobody was asked
    key: RequestKey
    answer: Answer
    why: str
    task: str | None = None


class Notify(Struct, frozen=True):
    """Notify the human through the commands that the config names."""

    key: str  # used only once
    kind: NoticeKind
    title: str
    text: str
    next_step: str  # the command to run
    child: str | None
    task: str | None
    ask: str | None
    why: str


class SurveyRepos(Struct, frozen=True):
    """Bring the map up to date."""

    touched: tuple[tuple[str, str | None], ...]  # children that may have changed, each with the task that ran, if any
    baseline: str = field(name="known")  # digest of the map to compare with; the ledger keeps the name it began with
    why: str


class Exit(Struct, frozen=True):
    """End the supervisor."""

    why: str


Action = (
    EnsureServer
    | StopServer
    | OpenThread
    | MakeTree
    | MergeTree
    | StartTurn
    | SteerTurn
    | LookAtTurn
    | InterruptTurn
    | LookForLeftovers
    | EndLeftovers
    | ReadLimits
    | RunChecks
    | RaiseAsk
    | WithdrawAsk
    | SendAnswer
    | Notify
    | SurveyRepos
    | Exit
)
