"""The control methods: answers the command line's requests from the world, or posts them as events."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from traceback import format_exc
from typing import TypeVar

from msgspec.structs import replace

from supervisor.core.engine.asks.budget_asks import granted
from supervisor.core.engine.asks.replies import answered_already, problem_of, settled
from supervisor.core.engine.holds import still_held
from supervisor.core.engine.lifecycle import outages
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import in_use, next_thread, overtaken
from supervisor.core.plan.amounts import AmountError
from supervisor.domain import event as ev
from supervisor.domain.ask import ANSWER_TOOL, Answer, Ask, AskKind, AskState
from supervisor.domain.plan import ORCHESTRATOR, Budget
from supervisor.domain.status import Status
from supervisor.domain.task import Phase, TaskState
from supervisor.errors import OrchError, RequestRefused, StoreError, UsageError
from supervisor.runtime.change.watching import OperationsWatch
from supervisor.runtime.codex.progress import Activity
from supervisor.runtime.codex.questions import ChildQuestions
from supervisor.runtime.config.load import reload
from supervisor.runtime.config.model import Config
from supervisor.runtime.daemon.loop import Loop
from supervisor.runtime.logs import Logs
from supervisor.runtime.naming import checked, corrected
from supervisor.runtime.plan.authors import Authors
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import rss_bytes
from supervisor.wire import control as wire
from supervisor.wire.control import (
    Answered,
    AnswerParams,
    AskChildParams,
    BadParams,
    ChildAnswer,
    Done,
    DownParams,
    Going,
    GoParams,
    Method,
    NoParams,
    NoteParams,
    PlanParams,
    PlanStopped,
    PlanWrittenParams,
    Reloaded,
    StartOverParams,
    UpParams,
    Watched,
    WatchParams,
    read_params,
)
from supervisor.wire.jsonrpc import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, REFUSED, Call, Peer
from supervisor.wire.plain import dumped_fast

STOP_PATIENCE = 5.0  # seconds for an interrupted turn to end; Codex answers within 0.1 s

P = TypeVar("P", bound=NoParams)
R = TypeVar("R")
Handler = Callable[[Mapping[str, object]], Awaitable[object]]


class Control:
    """Serves the control methods (see `wire/control.py`). Every method but those that only watch first awaits
    `plan_known`, which has plan.md read. `release` returns what lets the plan.md in force that waits for `orch go`."""

    def __init__(
        self,
        workspace: WorkspacePaths,
        loop: Loop,
        logs: Logs,
        group: asyncio.TaskGroup,
        authors: Authors,
        activity: Activity,
        questions: ChildQuestions | None = None,
        config: Config | None = None,
        *,
        plan_known: Callable[[], Awaitable[object]] | None = None,
        release: Callable[[], Sequence[ev.Event] | None] | None = None,
        operations: OperationsWatch | None = None,
    ) -> None:
        self.successor: tuple[str, ...] = ()
        """The program that takes over once the supervisor starts over; empty for the same one."""
        self._release = release
        self._operations = operations
        self._plan_known = plan_known
        self._config = config
        self._authors = authors
        self._activity = activity
        self._group = group
        self._questions = questions
        self._workspace = workspace
        self._loop = loop
        self._logs = logs
        self._handlers: dict[str, Handler] = dict(
            (
                self._bound(wire.PING, self._ping),
                self._bound(wire.STATUS, self._status),
                self._bound(wire.WATCH, self._watch),
                self._bound(wire.UP, self._up),
                self._bound(wire.RELOAD, self._reload),
                self._bound(wire.START_OVER, self._start_over),
                self._bound(wire.DOWN, self._down),
                self._bound(wire.HOLD, self._hold),
                self._bound(wire.GO, self._go),
                self._bound(wire.RESERVE, self._reserve),
                self._bound(wire.REOPEN, self._reopen),
                self._bound(wire.RESTART, self._restart),
                self._bound(wire.NOTE, self._note),
                self._bound(wire.PLAN, self._plan),
                self._bound(wire.PLAN_STOP, self._plan_stop),
                self._bound(wire.PLAN_WRITTEN, self._plan_written),
                self._bound(wire.ANSWER, self._answer_ask),
                self._bound(wire.ASK_CHILD, self._ask_child),
            )
        )

    async def answer(self, call: Call) -> str:
        """Answer a request with one line; refuse an unknown one."""
        handler = self._handlers.get(call.method)
        if handler is None:
            wrong, hint = corrected(call.method, [*self._handlers])
            return Peer.refuse(call.id, METHOD_NOT_FOUND, f"there is no method {wrong}: {hint}")
        try:
            answer = await handler(call.params)
        except OrchError as error:
            data = {"what": error.what, "next_step": error.next_step}
            kinds = {"usage": isinstance(error, UsageError), "unrecorded": isinstance(error, StoreError)}
            return Peer.refuse(call.id, REFUSED, str(error), {**data, **kinds})
        except Exception as error:  # the params are valid: this is a bug of ours
            self._logs.say("control_broken", level="error", method=call.method, reason=repr(error), trace=format_exc())
            return Peer.refuse(call.id, INTERNAL_ERROR, f"an internal error ({type(error).__name__})")
        if isinstance(answer, BadParams):
            return Peer.refuse(call.id, INVALID_PARAMS, answer.reason)
        return Peer.answer_encoded(call.id, dumped_fast(answer))

    def _bound(self, method: Method[P, R], carry_out: Callable[[P], Awaitable[R]]) -> tuple[str, Handler]:
        """Return a method's name and its handler, which turns a request's params into its answer."""

        async def handle(params: Mapping[str, object]) -> object:
            read = read_params(method, params)
            if isinstance(read, BadParams):
                return read
            if method.waits and self._plan_known is not None:
                await self._plan_known()
            return await carry_out(read)

        return method.name, handle

    # ── the methods ──────────────────────────────────────────────────────────────────────────────

    async def _ping(self, _: NoParams) -> Done:
        return Done()

    async def _status(self, _: NoParams) -> Status:
        return self._full_status()

    def _full_status(self) -> Status:
        """Return the status, plus what only this process knows: memory, disk trouble, what turns are doing.

        It holds no secret that the rules find: `orch status --json` does not look for them again.
        """
        status = self._loop.status()
        status = replace(
            status,
            supervisor=replace(status.supervisor, problem=clean(self._loop.trouble or self._loop.keeperless)),
            children=tuple(
                replace(
                    one,
                    rss_bytes=rss_bytes(one.pid) if one.pid and one.runner is None else None,
                    problem=one.problem or clean(self._loop.unreachable.get(one.name)),
                )
                for one in status.children
            ),
        )
        return self._activity.shown(status)

    async def _watch(self, params: WatchParams) -> Watched:
        loop = self._loop
        await loop.until_changed(params.version, params.timeout)
        return Watched(loop.version, self._full_status())

    async def _up(self, params: UpParams) -> Done:
        names = params.children or [name for name in self._loop.world.servers if name != ORCHESTRATOR]
        for name in names:
            self._child(name)
        return await self._post(ev.UpRequested(self._loop.clock.now(), tuple(names)))

    async def _reload(self, _: NoParams) -> Reloaded:
        assert self._config is not None, "a supervisor has a config"
        changed = await asyncio.to_thread(reload, self._workspace, self._config) is not self._config
        if changed:
            await self._post(ev.ReloadRequested(self._loop.clock.now()))
        return Reloaded(changed)

    async def _start_over(self, params: StartOverParams) -> Done:
        assert self._config is not None, "a supervisor has a config"
        if not params.program or not os.access(params.program[0], os.X_OK):
            raise RequestRefused("there is no such program to start over with", "run `orch down`, then `orch up`")
        await asyncio.to_thread(reload, self._workspace, self._config)  # it could not start with an invalid one
        self.successor = params.program
        return await self._post(ev.ReloadRequested(self._loop.clock.now()))

    async def _down(self, params: DownParams) -> Done:
        return await self._post(ev.DownRequested(self._loop.clock.now(), params.now))

    async def _hold(self, _: NoParams) -> Done:
        return await self._post(ev.HoldSet(self._loop.clock.now()))

    async def _go(self, params: GoParams) -> Going:
        at, task, held = self._loop.clock.now(), params.task, self._loop.world.plan.hold
        if task is None:
            if params.fresh_thread:
                raise UsageError("which task is to go on with a new thread?", "`orch go TASK --fresh-thread`")
            before = self._loop.world.plan.postponed
            released = self._release() if params.source == "human" and self._release is not None else ()
            if released is None:
                raise RequestRefused("plan.md changed a moment ago", "see `orch plan check`, then `orch go` again")
            await self._loop.submit(*released, ev.HoldLifted(at))
            plan = self._loop.world.plan
            revision = plan.revision if before is not None and plan.postponed is None else None
            return Going(held, still_held(self._loop.world, at), revision)
        tasks = {state.task: state for state in self._loop.world.all_tasks}
        checked(task, [*tasks], "task")
        if task == ORCHESTRATOR and session.stopped(self._loop.world):
            raise RequestRefused(
                "`orch plan stop` ended the orchestrator's effort", '`orch plan "PROBLEM"` begins anew'
            )
        if params.fresh_thread:
            await self._leave_thread(tasks[task])
        if params.fresh_thread and tasks[task].phase not in (Phase.BLOCKED, Phase.FAILED):
            return Going(lifted=False, still=still_held(self._loop.world, at, task))
        if tasks[task].phase not in (Phase.BLOCKED, Phase.FAILED):
            idle = tasks[task].phase is Phase.IDLE
            still = "".join(f"; {one}" for one in still_held(self._loop.world, at, task) if idle)
            raise RequestRefused(f"{task} is neither blocked nor failed{still}", "see `orch status`")
        await self._post(ev.RetryRequested(at, task))
        return Going(lifted=False, still=still_held(self._loop.world, at, task))

    async def _leave_thread(self, state: TaskState) -> None:
        """Have a task go on with a new thread. Raises RequestRefused if it has none, or its turn runs there."""
        key = next_thread(self._loop.world, state)
        thread = self._loop.world.threads.get(key) if key is not None else None
        if thread is None:
            raise RequestRefused(f"{state.task} has no thread yet", "it gets a new one by itself")
        if thread.open and thread.running is not None:
            raise RequestRefused(
                f"a turn runs on the thread of {state.task}", f"write `hold: yes` below {state.task} in plan.md first"
            )
        await self._post(ev.FreshThreadRequested(self._loop.clock.now(), state.task))

    async def _reserve(self, params: wire.ReserveParams) -> Done:
        """Refuse while something runs there. Without children, the command has ended; else `upkeep` notices that."""
        world = self._loop.world
        if not params.children:
            assert self._operations is not None, "a supervisor watches the journal of the operations"
            self._operations.look()
            return Done()
        for child in params.children:
            self._child(child)
            if (used := in_use(world, child)) is not None:
                raise RequestRefused(*used)
        return await self._post(ev.ReposReserved(self._loop.clock.now(), params.children))

    async def _reopen(self, params: wire.ReopenParams) -> wire.Reopened:
        tasks = self._loop.world.tasks
        for task in params.tasks:
            checked(task, [*tasks], "task")
        done = tuple(task for task in params.tasks if tasks[task].phase is Phase.DONE)
        if done:
            await self._post(ev.TasksReopened(self._loop.clock.now(), done, params.command, params.text))
        return wire.Reopened(done)

    async def _restart(self, params: wire.RestartParams) -> Done:
        self._child(params.child)
        return await self._post(ev.RestartRequested(self._loop.clock.now(), params.child))

    async def _note(self, params: NoteParams) -> Done:
        text = params.text.strip()
        if not text:
            raise UsageError("the note is empty", "say what was learned: `orch note TEXT`")
        return await self._post(ev.LearningNoted(self._loop.clock.now(), params.source, text))

    async def _plan(self, params: PlanParams) -> Done:
        problem = params.problem.strip()
        if not problem:
            raise UsageError("the problem is empty", 'say what should change: `orch plan "PROBLEM"`')
        if session.stopped(self._loop.world):
            await self._rested()
        state = self._loop.world.orchestrator.state
        if state is not None and state.phase.live:
            raise RequestRefused(
                "the orchestrator is at work",
                "wait for it, talk to it with `orch attach`, or end its effort with `orch plan stop`",
            )
        return await self._post(ev.PlanningRequested(self._loop.clock.now(), problem, params.review, params.yolo))

    async def _rested(self) -> None:
        """Return once the turn that `orch plan stop` interrupts has ended, after STOP_PATIENCE seconds at most."""
        loop = self._loop
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_PATIENCE):
                await loop.until(lambda: (own := loop.world.orchestrator.state) is None or not own.phase.live)

    async def _plan_stop(self, _: NoParams) -> PlanStopped:
        ended = session.under_way(self._loop.world)
        if ended:
            await self._post(ev.PlanningStopped(self._loop.clock.now()))
        return PlanStopped(ended)

    async def _plan_written(self, params: PlanWrittenParams) -> Done:
        self._authors.claim(params.digest)
        return Done()

    async def _answer_ask(self, params: AnswerParams) -> Answered:
        asks = self._loop.world.asks
        ask, decision, text = params.ask, params.decision, params.text.strip()
        found = asks.get(ask) or asks.get(ask.upper())
        if found is None:
            of_task = [
                one.id
                for one in asks.values()
                if one.state is AskState.OPEN and (one.task or "").upper() == ask.upper()
            ]
            waits = (
                f"`{ask}` is a task, and its ask is {' or '.join(f'`{one}`' for one in of_task)}: " if of_task else ""
            )
            raise UsageError(f"there is no ask `{ask}`", f"{waits}see `orch asks`")
        if found.state is AskState.ANSWERED:
            raise RequestRefused(answered_already(found), "see `orch asks` for what is open")
        if found.state is AskState.WITHDRAWN:
            raise RequestRefused(f"{found.id} was withdrawn: it no longer applies", self._instead(found))
        if found.state is AskState.EXTERNAL:
            raise RequestRefused(f"{found.id} was settled in another window", "see `orch asks` for what is open")
        if (problem := problem_of(found, decision, text)) is not None:
            raise UsageError(*problem)
        asked = self._loop.world.requests.get(found.request) if found.request is not None else None
        if params.for_session and asked is not None and asked.tool == ANSWER_TOOL:
            raise RequestRefused(
                f"{found.id} is an answer of yours that the orchestrator passes on, and you confirm each one",
                f"answer `orch answer {found.id} accept` or `decline`",
            )
        if params.for_session and (found.kind is not AskKind.APPROVAL or found.request is None):
            why = f"{found.id} is no approval of a request, so it cannot be accepted for the rest of the session"
            raise UsageError(why, f"answer without --for-session: `orch answer {found.id} accept`")
        amount = granted(Answer(decision, text), Budget()) if found.budget and decision != "decline" else None
        if isinstance(amount, AmountError):
            raise UsageError(
                f"{found.id} is about a budget: {amount.message}", f"`orch answer {found.id} accept +100k`"
            )
        if decision == "text" and not text:
            raise UsageError("the answer is empty", f"`orch answer {found.id} accept`, `decline` or `reply TEXT`")
        answer = clean(Answer(decision, text, params.for_session, params.by))
        await self._post(ev.AskAnswered(self._loop.clock.now(), found.id, answer))
        # Compare by identity: someone else may have given an equal answer.
        if (now := self._loop.world.asks[found.id]).answer is not answer:
            raise RequestRefused(answered_already(now), "see `orch asks` for what is open")
        return Answered(settled(found, decision))

    def _instead(self, withdrawn: Ask) -> str:
        """Say what to do in place of an answer to an ask that was withdrawn."""
        state = self._loop.world.tasks.get(withdrawn.task or "")
        before = overtaken(self._loop.world, state) if state is not None else ()
        again = f"{', '.join(before)} is being done again; you are asked about {withdrawn.task} after that, "
        return (again if before else "") + "see `orch asks` for what is open"

    async def _ask_child(self, params: AskChildParams) -> ChildAnswer:
        child = params.child
        if child == ORCHESTRATOR:
            raise UsageError("the orchestrator is not a child", "ask one of the children")
        self._child(child)
        world = self._loop.world
        outage = outages.pause(world, world.threads.get((child, None)), self._loop.clock.now())
        if outage is not None:
            raise RequestRefused(f"{child} is asked nothing now: {outages.describe(outage)}", "ask again after that")
        assert self._questions is not None, "a supervisor that has children can ask them"
        return await self._questions.ask(child, params.question)

    async def _post(self, event: ev.Event) -> Done:
        await self._loop.submit(event)
        return Done()

    def _child(self, name: str) -> None:
        checked(name, [child for child in self._loop.world.servers if child != ORCHESTRATOR or child == name], "child")
