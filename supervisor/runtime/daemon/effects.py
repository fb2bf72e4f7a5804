"""Carry out actions; nothing else does. Each child has one ordered queue; every outcome is posted as an event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from traceback import format_exc
from typing import Any

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.domain.task import Due, TurnLook
from supervisor.domain.thread import TurnSeen
from supervisor.errors import ConnectionLost, OrchError, OutOfReach, RpcError
from supervisor.runtime.codex import leftovers
from supervisor.runtime.codex.checks import Verifier, WorkTree, reached
from supervisor.runtime.codex.role import ThreadRole, role_of
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.config.model import Limits
from supervisor.runtime.logs import Logs
from supervisor.runtime.survey.client import Surveyor
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.files import read_end
from supervisor.wire.codex.answers import (
    LIST_TERMINALS,
    LIST_TURNS,
    NAME_THREAD,
    READ_LIMITS,
    READ_THREAD,
    RESUME_THREAD,
    START_THREAD,
    START_TURN,
    STEER_TURN,
    commands_in,
    resets_at,
    turns_of,
)
from supervisor.wire.codex.params import thread_resume, thread_start, turn_start, turn_steer
from supervisor.wire.codex.replies import reply
from supervisor.wire.codex.rollout import with_unlisted
from supervisor.wire.codex.turns import at_rest, is_waiting, standing

RECORD_END = 2**20  # bytes of a thread's record that are searched for a message in no list
RECOVERED_TURNS = 5  # turns read from a resumed thread: ours is the last, unless a human added some
GONE = ("no rollout found", "thread not found", "not found")  # how Codex says that it has no record of a thread


class Effects:
    """Carries out actions. `children` are those of the config; `clients` also has one for the orchestrator, and one for
    each child that left the config while its server still runs."""

    def __init__(
        self,
        clients: Mapping[str, ServerClient],
        *,
        children: Sequence[Child],
        workspace: WorkspacePaths,
        limits: Limits,
        logs: Logs,
        group: asyncio.TaskGroup,
        post: Callable[[ev.Event], None],
        now: Callable[[], datetime],
        notify: Callable[[act.Notify], None] = lambda _: None,
        exclude_tmp: bool = False,
        tree_of: Callable[[Child], WorkTree],
        own_trees: Callable[..., Coroutine[None, None, None]] | None = None,
    ) -> None:
        self._notify = notify
        self._workspace = workspace
        self._children = tuple(children)
        names = [child.name for child in children]
        self._logs = logs
        self._group = group
        self._post = post
        self._now = now
        self._executors = {
            name: ChildExecutor(
                client,
                role_of(name, names, workspace),
                limits,
                logs,
                group,
                post,
                now,
                exclude_tmp=exclude_tmp,
                workspace=workspace,
                tree=tree_of(client.child),
                own_trees=own_trees,
            )
            for name, client in clients.items()
        }
        for name, executor in self._executors.items():
            group.create_task(executor.run(), name=f"actions of {name}")
        self._surveys: asyncio.Queue[act.SurveyRepos] = asyncio.Queue()
        group.create_task(self._survey(), name="surveys of the repos")

    def carry_out(self, action: act.Action) -> None:
        """Begin an action and return at once; its outcome, a failure too, is posted as an event."""
        match action:
            case act.Exit() | act.WithdrawAsk():
                return  # the loop ends by itself; the views no longer show a withdrawn ask
            case act.RaiseAsk():
                self._logs.say(
                    "ask_announced",
                    child=action.child if action.child in self._executors else None,
                    ask=action.ask,
                    kind=str(action.kind),
                    task=action.task,
                    text=action.text,
                    request=action.request.request if action.request is not None else None,
                )
            case act.Notify():
                self._notify(action)
            case act.SurveyRepos():
                self._surveys.put_nowait(action)
            case _:
                self._executors[action.child].take(action)

    async def _survey(self) -> None:
        """Survey the repos, one request at a time.

        Posts the changes before it posts the new map: they are relative to the old one, and would be lost after it.
        """
        async with Surveyor(self._workspace) as surveyor:
            while True:
                action = await self._surveys.get()
                tasks = dict(action.touched)
                try:
                    found = await surveyor.survey(self._children, list(tasks), action.baseline)
                except OrchError as error:
                    self._post(ev.MapFailed(self._now(), str(error)))
                    continue
                for drift in found.drifts:
                    self._post(ev.SharedChanged(self._now(), drift.child, tasks.get(drift.child), drift))
                self._post(ev.MapDrawn(self._now(), found.digest, found.links, found.summaries))


class ChildExecutor:
    """Carries out the actions of one child in order. Checks and looks at turns run in parallel with the others."""

    def __init__(
        self,
        client: ServerClient,
        role: ThreadRole,
        limits: Limits,
        logs: Logs,
        group: asyncio.TaskGroup,
        post: Callable[[ev.Event], None],
        now: Callable[[], datetime],
        *,
        exclude_tmp: bool,
        workspace: WorkspacePaths,
        tree: WorkTree,
        own_trees: Callable[..., Coroutine[None, None, None]] | None,
    ) -> None:
        self._own_trees = own_trees
        self._exclude_tmp = exclude_tmp
        self._tree = tree
        self._verifier = Verifier(client, limits, logs, workspace.outputs, tree, post, now, exclude_tmp=exclude_tmp)
        self._logs = logs
        self._client = client
        self._child: Child = client.child
        self._role = role
        self._limits = limits
        self._group = group
        self._post = post
        self._now = now
        self._queue: asyncio.Queue[act.Action] = asyncio.Queue()
        self._starting: asyncio.Task[None] | None = None
        self._doing: asyncio.Task[None] | None = None
        self._stops = 0  # that are queued

    def take(self, action: act.Action) -> None:
        """Queue an action. A stop does not wait for what is under way and before it: a server that hangs answers none.
        As with a lost connection, the outcome is read from the thread."""
        if isinstance(action, act.StopServer):
            self._stops += 1
            if (under_way := self._starting or self._doing) is not None:
                under_way.cancel()
        self._queue.put_nowait(action)

    async def run(self) -> None:
        """Carry out the actions of this child one after the other, for as long as the supervisor is up."""
        while True:
            action = await self._queue.get()
            if isinstance(action, act.StopServer):
                self._stops -= 1
                await self._guarded(self._do, action)
                continue
            if self._stops and not isinstance(action, act.RunChecks | act.MakeTree | act.MergeTree):
                continue
            self._doing = self._group.create_task(self._guarded(self._do, action), name=f"{type(action).__name__}")
            await asyncio.wait({self._doing})
            self._doing = None

    async def _guarded(self, do: Callable[[Any], Awaitable[None]], action: act.Action) -> None:
        try:
            await do(action)
        except ConnectionLost:
            return  # after the reconnect, the outcome is read from the thread
        except Exception as error:
            # An answer that we cannot use: as with a lost connection, the outcome is read from the thread.
            reason = f"{type(error).__name__} in {type(action).__name__}: {error}"
            self._logs.say("act_broken", level="error", child=self._child.name, reason=reason, trace=format_exc())
            self._client.give_up(reason)

    async def _do(self, action: act.Action) -> None:
        match action:
            case act.EnsureServer():
                self._starting = self._group.create_task(self._client.ensure(), name=f"start {self._child.name}")
                await asyncio.wait({self._starting})
                self._starting = None
            case act.StopServer():
                await self._client.stop(kill=action.kill)
            case act.OpenThread():
                await self._open(action)
            case act.StartTurn():
                await self._start(action)
            case act.SteerTurn():
                await self._steer(action)
            case act.InterruptTurn():
                await self._interrupt(action)
            case act.LookAtTurn():
                self._group.create_task(self._guarded(self._look, action), name=f"look at {action.task}")
            case act.LookForLeftovers():
                self._group.create_task(self._guarded(self._look_left, action), name=f"leftovers of {action.task}")
            case act.EndLeftovers():
                await self._end_left(action)
            case act.ReadLimits():
                await self._read_limits(action)
            case act.RunChecks():
                self._group.create_task(self._verifier.verify(action), name=f"checks of {action.task}")
            case act.MakeTree() | act.MergeTree():
                assert self._own_trees is not None, "whoever wants work trees says how they are made"
                acting = self._own_trees(action, self._child, self._tree, self._post, self._now)
                self._group.create_task(acting, name=f"work tree of {action.task}")
            case act.SendAnswer():
                await self._answer(action)
            case _:
                raise AssertionError(f"{type(action).__name__} is not an action for a child")

    # ── threads and turns ────────────────────────────────────────────────────────────────────────

    async def _open(self, action: act.OpenThread) -> None:
        session = self._client.session
        if session is None:
            return
        cwd = action.path or self._child.path
        child, where = self._child, (action.model, action.effort, action.sandbox, self._child.approvals)
        turns: tuple[TurnSeen, ...] = ()
        try:
            if action.thread is None:
                role = self._role
                params = thread_start(cwd, *where, instructions=role.instructions, config=role.config)
                opened = await self._client.request(START_THREAD, params)
                thread = opened.thread.id
                title = f"orch: {child.name}" + (f" {action.task}" if action.task else "")
                # Other clients can resume a thread only once something was written to it, so set its name at once.
                await self._client.request(NAME_THREAD, {"threadId": thread, "name": title})
            else:
                thread = action.thread
                recount, role = action.recount, self._role
                params = thread_resume(cwd, *where, thread=thread, config=role.config, recount=recount)
                opened = await self._client.request(RESUME_THREAD, params)
                page = {"threadId": thread, "limit": RECOVERED_TURNS, "sortDirection": "desc", "itemsView": "full"}
                resting = at_rest(opened.thread)
                turns = turns_of(await self._client.request(LIST_TURNS, page), over=resting)
                here = child.runner is None  # the path is one of the child's machine
                if here and resting and opened.thread.path and action.unconfirmed:
                    end = await asyncio.to_thread(read_end, Path(opened.thread.path), RECORD_END)
                    turns = with_unlisted(turns, end, dict(action.unconfirmed))
        except RpcError as error:
            gone = action.thread is not None and any(words in error.message for words in GONE)
            reason = ": ".join(dict.fromkeys(error.message.split(": ")))  # Codex repeats itself
            self._post(ev.ThreadFailed(self._now(), action.child, action.thread, action.task, gone, reason))
            return
        session.notifications.thread_opened(thread, opened.settings)
        waiting = is_waiting(opened.thread) or any(one.thread == thread for _, one in session.asked.values())
        state = (waiting, turns, opened.model_provider)
        self._post(ev.ThreadOpened(self._now(), action.child, session.pid, thread, action.task, *state))

    async def _start(self, action: act.StartTurn) -> None:
        if self._client.session is None:
            return
        here = self._tree.at(action.path)
        try:
            async with reached(here):
                await self._look_before(action, here)
        except OutOfReach as error:  # as with a lost connection, the outcome is read from the thread
            self._client.give_up(str(error))
            return
        except OrchError as error:
            if action.fresh:
                self._refused(action, str(error))
                return
        params = turn_start(
            thread=action.thread,
            message=action.message,
            text=action.text,
            schema=self._role.schema,
            model=action.model,
            effort=action.effort,
            sandbox=action.sandbox,
            network=self._child.network,
            exclude_tmp=self._exclude_tmp,
            approvals=self._child.approvals,
            skill=self._role.skill if action.due is Due.BRIEF else None,
            cwd=action.path or self._child.path,
        )
        if self._client.session is not None:
            self._client.session.notifications.turn_requested(action.thread, params)
        try:
            started = await self._client.request(START_TURN, params)
        except RpcError as error:
            self._refused(action, error.message)
            return
        self._post(ev.TurnBegan(self._now(), action.child, action.thread, started.turn.id, action.message))

    async def _look_before(self, action: act.StartTurn, here: WorkTree) -> None:
        """Keep what the work tree is before a turn. Raises OrchError if it cannot be read."""
        if action.fresh:
            await self._verifier.list_changes(action.unlisted)
        now = await asyncio.to_thread(here.read)
        if action.fresh:
            tree = await asyncio.to_thread(here.tree, now)
            self._post(ev.TreeRead(self._now(), action.child, action.task, action.run, tree))
        if here.keeps:
            await self._verifier.keep(now, action.task, action.run)

    def _refused(self, action: act.StartTurn, reason: str) -> None:
        self._post(ev.TurnRefused(self._now(), action.child, action.task, action.message, reason))

    async def _steer(self, action: act.SteerTurn) -> None:
        params = turn_steer(thread=action.thread, turn=action.turn, message=action.message, text=action.text)
        where = (action.child, action.task, action.turn, action.message)
        steers = self._client.session.steers if self._client.session is not None else {}
        steers[action.message] = where  # the session reports when the model hears it
        try:
            await self._client.request(STEER_TURN, params)
        except RpcError as error:
            steers.pop(action.message, None)
            self._post(ev.SteerMissed(self._now(), *where, error.message))

    async def _look(self, action: act.LookAtTurn) -> None:
        """Look whether a silent turn is alive. Runs in parallel: it takes as long as the server takes to answer."""
        session = self._client.session
        if session is None:
            return
        sign, state, cpu = session.signs.get(action.turn), "active", None
        commands: tuple[str, ...] = ()
        if sign is None or sign <= action.since:
            where = {"threadId": action.thread}
            cpu = await self._client.cpu_seconds(session)
            try:
                state = standing((await self._client.request(READ_THREAD, where)).thread)
                commands = commands_in(await self._client.request(LIST_TERMINALS, where))
            except RpcError as error:
                state = f"unreadable ({error.message})"
            sign = session.signs.get(action.turn)  # it may have given one meanwhile
        look = TurnLook(self._now(), sign, state, commands, cpu)
        self._post(ev.TurnLooked(look.at, action.child, action.task, action.turn, look))

    async def _interrupt(self, action: act.InterruptTurn) -> None:
        try:
            await self._client.interrupt(action.thread, action.turn)
        except RpcError as error:
            where = (action.child, action.task, action.turn)
            self._post(ev.InterruptFailed(self._now(), *where, error.message))
            return
        if (session := self._client.session) is not None:  # Codex lists what the turn ran only once the turn is over
            await leftovers.end(self._client, session, action.thread)

    async def _look_left(self, action: act.LookForLeftovers) -> None:
        if (session := self._client.session) is not None:
            look = await leftovers.look(self._client, session, action.thread, self._now)
            self._post(ev.LeftoversLooked(look.at, action.child, action.task, action.turn, look))

    async def _end_left(self, action: act.EndLeftovers) -> None:
        if (session := self._client.session) is not None:
            ended, problem = await leftovers.end(self._client, session, action.thread)
            self._post(ev.LeftoversEnded(self._now(), action.child, action.task, action.turn, ended, problem))

    async def _read_limits(self, action: act.ReadLimits) -> None:
        resets, reason = None, ""
        try:
            resets = resets_at(await self._client.request(READ_LIMITS, {}))
        except RpcError as error:  # e.g. no account: the user has a provider of their own
            reason = error.message
        self._post(ev.LimitsRead(self._now(), action.child, action.provider, resets, reason))

    async def _answer(self, action: act.SendAnswer) -> None:
        session = self._client.session
        if session is not None and action.key in session.asked:
            call, request = session.asked[action.key]
            await session.connection.answer(call.id, reply(request, action.answer, call.params))
