"""The control methods: what the command line asks of the supervisor, as JSON-RPC, one message a line.

A method is a row of `METHODS`: its name, the Struct of its params, and its answer. What is no request is refused with
INVALID_REQUEST and the reason; a request with invalid params, with INVALID_PARAMS and a sentence that names the field.
A request that the supervisor will not carry out is refused with REFUSED and `data` {what, next_step, usage: whether the
caller made the mistake}. INTERNAL_ERROR is a bug in the supervisor; its log has the traceback.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Generic, Literal, NamedTuple, TypeVar, get_args, get_origin

from msgspec import Meta, Struct
from msgspec.structs import fields

from supervisor.domain.status import Status
from supervisor.wire.plain import in_words, typed


class NoParams(Struct, frozen=True, forbid_unknown_fields=True):
    """The params of a method that takes none, and the base of the others."""


class WatchParams(NoParams, frozen=True):
    """Wait until the version differs from this one (-1: from any), for at most `timeout` seconds."""

    version: Annotated[int, Meta(ge=-1, description="a version that was answered, or -1")]
    timeout: Annotated[float, Meta(ge=0, description="seconds, 0 or more")]


class UpParams(NoParams, frozen=True):
    """Start the servers of these children (none: of all)."""

    children: tuple[str, ...]


class StartOverParams(NoParams, frozen=True):
    """Start over as the program that these words begin; the supervisor adds the workspace, its lock and how."""

    program: tuple[str, ...]


class DownParams(NoParams, frozen=True):
    """Stop everything; with `now`, kill the servers at once."""

    now: bool


class GoParams(NoParams, frozen=True):
    """Lift the hold; with a task, try that task again. The human also lets the plan.md in force that waits for it.

    With `fresh_thread`, the task goes on with a new thread, whether it is blocked or not.
    """

    task: str | None
    source: Literal["human", "orchestrator"] = "human"
    fresh_thread: bool = False


class ReserveParams(NoParams, frozen=True):
    """A command is about to change files of these children. It holds the journal of the operations meanwhile."""

    children: tuple[str, ...]


class ReopenParams(NoParams, frozen=True):
    """A command of `## Integration` failed: give these tasks another turn, with this text for their children."""

    tasks: tuple[str, ...]
    command: str
    text: str


class RestartParams(NoParams, frozen=True):
    """Restart the server of this child."""

    child: str


class NoteParams(NoParams, frozen=True):
    """Record something learned."""

    text: str
    source: Literal["human", "orchestrator"] = "human"


class PlanParams(NoParams, frozen=True):
    """Have the orchestrator write plan.md: held for `review`, or without sandbox and approvals (`yolo`)."""

    problem: str
    review: bool
    yolo: bool


class PlanWrittenParams(NoParams, frozen=True):
    """Announce that the orchestrator, having read the present plan.md, is about to save these bytes as the new one."""

    digest: Annotated[
        str, Meta(pattern=r"\A[0-9a-f]{64}\Z", description="the SHA-256 of the bytes: 64 hex digits in lower case")
    ]


class AnswerParams(NoParams, frozen=True):
    """Answer an ask. `for_session` also accepts the same request for the rest of the session."""

    ask: str
    decision: Literal["accept", "decline", "text"]
    text: str
    for_session: bool
    by: Literal["", "page", "screen"] = ""  # where the person answered; "": with `orch answer`


class AskChildParams(NoParams, frozen=True):
    """Have a child answer a question."""

    child: str
    question: str


class Done(Struct, frozen=True):
    """The request was carried out, or is in the ledger."""


class Answered(Struct, frozen=True):
    """The ask is settled; `text` says what that settled."""

    text: str


class Going(Struct, frozen=True):
    """Whether `orch hold` was lifted, and what still keeps the plan (or the task) from going on, in sentences.

    `released`: the revision that a waiting plan.md became; None if none waited.
    """

    lifted: bool
    still: tuple[str, ...]
    released: int | None = None


class Reopened(Struct, frozen=True):
    """Which of the tasks were done, and get another turn."""

    tasks: tuple[str, ...]


class PlanStopped(Struct, frozen=True):
    """What that ended, each in a clause; nothing if there was no effort to end."""

    ended: tuple[str, ...]


class Watched(Struct, frozen=True):
    """The status at this version of the world."""

    version: int
    status: Status


class Reloaded(Struct, frozen=True):
    """Whether the config changed. If so, the supervisor starts over with it; servers and turns keep running."""

    changed: bool


class ChildAnswer(Struct, frozen=True):
    """A child's answer, and the seconds that it took."""

    child: str
    answer: str
    seconds: float


P = TypeVar("P", bound=NoParams)
P_co = TypeVar("P_co", bound=NoParams, covariant=True)
R_co = TypeVar("R_co", covariant=True)


class Method(NamedTuple, Generic[P_co, R_co]):
    """A method. If it `waits`, it is answered only once the supervisor has read plan.md."""

    name: str
    params: type[P_co]
    result: type[R_co]
    waits: bool = True


PING = Method("ping", NoParams, Done, waits=False)
STATUS = Method("status", NoParams, Status)
WATCH = Method("watch", WatchParams, Watched, waits=False)
UP = Method("up", UpParams, Done)
RELOAD = Method("reload", NoParams, Reloaded)
START_OVER = Method("start_over", StartOverParams, Done)
DOWN = Method("down", DownParams, Done)
HOLD = Method("hold", NoParams, Done)
GO = Method("go", GoParams, Going)
RESERVE = Method("reserve", ReserveParams, Done)
REOPEN = Method("reopen", ReopenParams, Reopened)
RESTART = Method("restart", RestartParams, Done)
NOTE = Method("note", NoteParams, Done)
PLAN = Method("plan", PlanParams, Done)
PLAN_STOP = Method("plan_stop", NoParams, PlanStopped)
PLAN_WRITTEN = Method("plan_written", PlanWrittenParams, Done)
ANSWER = Method("answer", AnswerParams, Answered)
ASK_CHILD = Method("ask_child", AskChildParams, ChildAnswer)

_ALL: tuple[Method[NoParams, object], ...] = (
    *(PING, STATUS, WATCH, UP, RELOAD, START_OVER, DOWN, HOLD, GO, RESERVE, REOPEN, RESTART),
    *(NOTE, PLAN, PLAN_STOP, PLAN_WRITTEN, ANSWER, ASK_CHILD),
)
METHODS: Mapping[str, Method[NoParams, object]] = {method.name: method for method in _ALL}


class BadParams(NamedTuple):
    """Invalid params; `reason` is a sentence that names the field."""

    reason: str


def read_params(method: Method[P, object], params: Mapping[str, object]) -> P | BadParams:
    """Decode the params of a request into the Struct of its method."""
    try:
        found: P = typed(method.params, params)
    except ValueError as error:
        return BadParams(_sentence(method, str(error)))
    return found


def _sentence(method: Method[NoParams, object], problem: str) -> str:
    """Turn msgspec's error into a sentence: which field of which method is wrong, and why."""
    what, _, path = problem.partition(" - at `$")
    field = path.strip("`.")
    if not field:
        missing, unknown = what.partition("missing required field "), what.partition("contains unknown field ")
        return f"`{method.name}` needs {missing[2]}" if missing[1] else f"`{method.name}` takes no {unknown[2]}"
    kind = {one.name: one.type for one in fields(method.params)}.get(field)
    if get_origin(kind) is Annotated and "got" not in what:  # the type is right, the value is out of bounds
        return f"`{field}` of `{method.name}` is wrong: it is {get_args(kind)[1].description}"
    words = get_args(kind) if get_origin(kind) is Literal else ()
    if words:
        what = f"it may not be {what.partition('Invalid enum value ')[2]}" if "enum" in what else what
    choices = f"; it is one of {', '.join(f'`{word}`' for word in words)}" if words else ""
    return f"`{field}` of `{method.name}` is wrong: {in_words(what)}{choices}"
