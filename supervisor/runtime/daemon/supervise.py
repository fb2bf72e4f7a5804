"""Run the supervisor after its first step: the loop, the servers and the control socket, in one task group."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from supervisor.core.view.status import accounted
from supervisor.domain.child import Child
from supervisor.domain.event import DownRequested, Event
from supervisor.domain.plan import FILE_LIMIT
from supervisor.domain.server import ServerState
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.runtime.change.all_own_trees import AllOwnTrees
from supervisor.runtime.change.watching import OperationsWatch
from supervisor.runtime.codex.handshake import Starts
from supervisor.runtime.codex.progress import Activity
from supervisor.runtime.codex.questions import ChildQuestions
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.codex.version import Versions
from supervisor.runtime.config.load import reached
from supervisor.runtime.config.model import Config
from supervisor.runtime.daemon.control import Control
from supervisor.runtime.daemon.control_socket import ControlSocket
from supervisor.runtime.daemon.effects import Effects
from supervisor.runtime.daemon.first_step import STOP_SIGNALS, FirstStep
from supervisor.runtime.daemon.guard import Guard
from supervisor.runtime.daemon.loop import Loop
from supervisor.runtime.daemon.recorder import Recorder
from supervisor.runtime.daemon.upkeep import Keepings, Upkeep
from supervisor.runtime.logs import Logs
from supervisor.runtime.notify.notifier import Notifier
from supervisor.runtime.plan.authors import Authors
from supervisor.runtime.remote.choose import client_of, end_strays, tree_of
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.watch import read_bytes, watch_file
from supervisor.wire.codex.notifications import Notification

if TYPE_CHECKING:
    from supervisor.runtime.plan.watch import PlanWatch

REPORT_PAUSES = (0.0, 0.1, 0.3)  # seconds in which Codex reports a command of the orchestrator that has begun
KEEP_AGAIN = 2.0  # seconds between two tries to keep a version of plan.md
SETTLE = 0.5  # seconds after a start during which loading plan.md waits for the servers


def supervise(
    workspace: WorkspacePaths,
    config: Config,
    recorder: Recorder,
    registry: Registry,
    first: FirstStep,
    logs: Logs,
    ready: Callable[[], None],
    lock: TextIO,
) -> tuple[str, ...]:
    """Run the supervisor after its first step until it exits. `main.run` explains `ready`; `lock` is held.

    Returns the program that is to take over, if one was asked to.
    """
    return asyncio.run(_supervise(workspace, config, recorder, registry, first, logs, ready, lock))


async def _supervise(
    workspace: WorkspacePaths,
    config: Config,
    recorder: Recorder,
    registry: Registry,
    first: FirstStep,
    logs: Logs,
    ready: Callable[[], None],
    lock: TextIO,
) -> tuple[str, ...]:
    loop = Loop(workspace, recorder, logs)
    served = (*config.children, config.orchestrator)
    removed = [Child(name, "") for name in registry.alive() if name not in [child.name for child in served]]
    versions = Versions()
    authors = Authors(str(workspace.plan), lambda: loop.world)
    activity = Activity(lambda status: accounted(status, loop.world, config.prices), loop.stir)
    starts = Starts()
    now = loop.clock.now

    def observe(notification: Notification) -> None:
        authors.observe(notification)
        activity.observe(notification)

    successor: tuple[str, ...] = ()
    plan = None
    if _saved_unseen(workspace, loop.world):  # read it before the servers begin anything that it no longer asks for
        plan = _watched(workspace, config, loop, authors)
        recorder.world = plan.exact(recorder.world)
        plan.look()
    signals = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        signals.add_signal_handler(number, lambda: loop.post(DownRequested(now(), now=False)))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    try:
        async with asyncio.TaskGroup() as group:
            clients = {
                child.name: client_of(
                    child,
                    workspace=workspace,
                    config=config,
                    registry=registry,
                    versions=versions,
                    logs=logs,
                    group=group,
                    starts=starts,
                    post=loop.post,
                    now=now,
                    task_of=loop.task_of,
                    observe=observe if child is config.orchestrator else activity.observe,
                    started=first.started.get(child.name),
                )
                for child in (*served, *removed)
            }
            notifier = Notifier(config.notify, workspace=workspace, logs=logs, group=group, post=loop.post, now=now)
            effects = Effects(
                clients,
                children=config.children,
                workspace=workspace,
                limits=config.limits,
                exclude_tmp=config.exclude_tmp,
                logs=logs,
                group=group,
                post=loop.post,
                now=now,
                notify=notifier.enqueue,
                tree_of=partial(tree_of, workspace),
                own_trees=AllOwnTrees(workspace, config).carry_out,
            )
            group.create_task(end_strays(workspace, config, registry, logs), name="servers elsewhere that nobody wants")
            for action in first.actions:
                effects.carry_out(action)
            looping = group.create_task(loop.run(effects.carry_out), name="loop")
            listening, asked, known = asyncio.Event(), asyncio.Event(), asyncio.Event()

            async def plan_known() -> None:
                asked.set()
                await known.wait()

            def release() -> Sequence[Event] | None:
                assert plan is not None, "plan.md is read before a request that may release it is answered"
                return plan.release()

            operations = OperationsWatch(workspace, loop)
            questions = ChildQuestions(clients, loop.submit, now)
            control = Control(
                workspace,
                loop,
                logs,
                group,
                authors,
                activity,
                questions,
                config,
                plan_known=plan_known,
                release=release,
                operations=operations,
            )
            guard = Guard(workspace, config, registry, clients[config.orchestrator.name], loop, logs)
            door = ControlSocket(workspace, control, guard, group)
            group.create_task(door.serve(listening), name="control socket")
            await listening.wait()
            ready()
            upkeep = Upkeep(workspace, Keepings(lock, recorder, registry, door), operations, loop, logs)
            group.create_task(upkeep.run(), name="upkeep")
            gc.freeze()  # what is loaded by now is never garbage
            gc.enable()
            await _first_of(_settled(loop), asked.wait())
            # Import late (65 ms) and in a thread: nothing before needs it, and control requests may already arrive.
            await asyncio.to_thread(_load_the_reader)
            plan = plan or _watched(workspace, config, loop, authors)
            orchestrator, following = clients[config.orchestrator.name], plan

            def saved() -> None:
                if loop.world.orchestrator.planning is None:
                    following.look()
                else:
                    group.create_task(following.look_after(_announced(authors, orchestrator)), name="plan.md")

            async with watch_file(workspace.plan, saved) as watching:
                if watching.degraded:
                    logs.say("watching_degraded", level="warning", reason=watching.degraded)
                plan.look()
                known.set()
                group.create_task(_kept(plan), name="keep plan.md")
                await looping
            await notifier.finish()
            successor = control.successor
            raise _Over
    except* _Over:
        pass
    with suppress(StoreError):  # the servers that it names have ended by now
        registry.save()
    return successor


class _Over(Exception):
    """Raised to end the task group once the loop has returned."""


def _watched(workspace: WorkspacePaths, config: Config, loop: Loop, authors: Authors) -> PlanWatch:
    from supervisor.runtime.plan.watch import PlanWatch  # import late (20 ms): the servers get ready meanwhile

    return PlanWatch(
        workspace, [child.name for child in config.children], loop, authors, partial(reached, workspace, config)
    )


async def _kept(plan: PlanWatch) -> None:
    """Try again to keep a version of plan.md for which there was no room on the disk."""
    while True:
        await asyncio.sleep(KEEP_AGAIN)
        if plan.unkept:
            plan.look()


def _saved_unseen(workspace: WorkspacePaths, world: World) -> bool:
    """Whether a plan is in force and plan.md changed while no supervisor watched it."""
    if world.plan.current is None:
        return False
    content = read_bytes(workspace.plan, FILE_LIMIT)
    return not isinstance(content, bytes) or hashlib.sha256(content).hexdigest() != world.plan.digest


async def _announced(authors: Authors, orchestrator: ServerClient) -> None:
    """Return once the orchestrator is known to write plan.md, or has had time to say so. Codex reports a command from a
    task of its own, which may be late on a busy machine."""
    for pause in REPORT_PAUSES:
        await asyncio.sleep(pause)
        await orchestrator.catch_up()
        if authors.orchestrator_writes():
            return


def _load_the_reader() -> None:
    """Import what reads plan.md. Runs in a thread."""
    for name in ("supervisor.runtime.plan.watch", "supervisor.core.text.commonmark"):
        import_module(name)


async def _settled(loop: Loop) -> None:
    """Return once no server is starting any more, or after SETTLE seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE):
            await loop.until(lambda: all(one.state is not ServerState.STARTING for one in loop.world.servers.values()))


async def _first_of(*coroutines: Coroutine[object, object, object]) -> None:
    """Return once one of these is done; cancel the others."""
    tasks = [asyncio.ensure_future(one) for one in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in tasks:
            one.cancel()
