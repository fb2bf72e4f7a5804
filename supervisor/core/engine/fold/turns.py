"""What events of threads, turns, steers and checks do to the world, and to the tasks that wait for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.change.spans import ended_by, with_tree
from supervisor.core.engine.lifecycle import outages, tasks, turns
from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.core.engine.lifecycle.updates import (
    close_threads,
    forget_requests,
    learn,
    put,
    put_task,
    with_map,
    with_task,
)
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import next_thread
from supervisor.domain import event as ev
from supervisor.domain.task import Due, KeptRun, Phase, Pulse, TaskState, Tree
from supervisor.domain.thread import Thread, ThreadKey, Tokens, TurnSeen, TurnStatus
from supervisor.domain.world import World

MAX_PAUSE = 30.0  # seconds between two tries to open a thread
TURNS_KEPT = 20  # per thread; recovery needs only the latest
RUNS_KEPT = 20  # runs of a task whose working trees the world names
UNCLAIMED_KEPT = 4  # turns of a thread, as long as it is not known whose they are


def thread_changed(world: World, event: ev.ThreadOpened | ev.ThreadFailed) -> World:
    """A thread was opened, or could not be."""
    key = (event.child, event.task)
    thread, server = world.threads.get(key), world.servers.get(event.child)
    if thread is None or server is None or not thread.opening:
        return world
    if event.thread is not None and event.thread == thread.left:
        return world
    if isinstance(event, ev.ThreadFailed):
        return _thread_failed(world, key, thread, event)
    if event.pid != server.pid:
        return world
    found = {seen.turn: _merged(thread.turns, seen) for seen in event.turns}  # turns that are not listed do not exist
    opened = replace(
        thread,
        id=event.thread,
        open=True,
        opening=False,
        turns=found,
        failures=0,
        failing_since=None,
        problem="",
        not_before=None,
        provider=event.provider,
        spent=thread.spent if thread.id == event.thread else Tokens(),
    )
    world = replace(world, threads=put(world.threads, key, opened))
    if not event.waiting:
        world = forget_requests(world, lambda request: request.thread == event.thread, event.at)
    return _match_turns(world, key, event.at, recovered=True)


def _thread_failed(world: World, key: ThreadKey, thread: Thread, event: ev.ThreadFailed) -> World:
    failures = thread.failures + 1
    pause = timedelta(seconds=min(2.0**failures, MAX_PAUSE))
    thread = replace(
        thread,
        opening=False,
        failures=failures,
        failing_since=thread.failing_since or event.at,
        problem=event.reason,
        not_before=event.at + pause,
    )
    world = replace(world, threads=put(world.threads, key, thread))
    if event.gone:
        return _left(world, key, "its thread is gone", event.at)
    for state in world.all_tasks:
        if state.thread != key:
            continue
        if state.phase in (Phase.IDLE, Phase.STARTING, Phase.WORKING):
            world = put_task(world, replace(state, note=event.reason))
    return world


def _left(world: World, key: ThreadKey, why: str, at: datetime) -> World:
    """Leave a thread: the next turn gets a new one. What ran on it is resumed there."""
    world = replace(world, threads=put(world.threads, key, Thread(*key, left=world.threads[key].id)))
    for state in world.all_tasks:
        if state.thread == key and state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING):
            due = state.due or Due.RESUME  # it is not known, and never will be, whether the turn on its way arrived
            world = put_task(world, turns.cut_off(state, due, state.due_text, why, at))
    return world


def fresh_thread_requested(world: World, event: ev.FreshThreadRequested) -> World:
    """The human wants a task to go on with a new thread."""
    state = next((one for one in world.all_tasks if one.task == event.task), None)
    key = next_thread(world, state) if state is not None else None
    known = key is not None and key in world.threads
    return _left(world, key, "it goes on with a new thread", event.at) if key is not None and known else world


def turn_changed(world: World, event: ev.TurnBegan | ev.TurnEnded) -> World:
    """A turn began or ended, ours or another one."""
    thread = world.thread_by_id(event.thread)
    if thread is None:
        return world
    if isinstance(event, ev.TurnBegan):
        seen = TurnSeen(event.turn, TurnStatus.IN_PROGRESS, (event.message,) if event.message else ())
    else:
        seen = event.seen
    key = (thread.child, thread.task)
    known = _with_turn(thread.turns, seen)
    if known == thread.turns:
        return world
    world = replace(world, threads=put(world.threads, key, replace(thread, turns=known)))
    if seen.thread_total is not None:
        world = _counted(world, event.thread, seen.turn, seen.thread_total, Tokens())
    if seen.status.ended:
        world = forget_requests(world, lambda request: request.turn == seen.turn, event.at)
    return _match_turns(world, key, event.at, recovered=False)


def _with_turn(known: Mapping[str, TurnSeen], seen: TurnSeen) -> Mapping[str, TurnSeen]:
    return dict(list({**known, seen.turn: _merged(known, seen)}.items())[-TURNS_KEPT:])


def _merged(known: Mapping[str, TurnSeen], seen: TurnSeen) -> TurnSeen:
    return known[seen.turn].merged(seen) if seen.turn in known else seen


def _waiting_for(tasks: Iterable[TaskState], key: ThreadKey) -> tuple[TaskState, ...]:
    """Return the tasks that have a turn, or a steer on its way, on this thread."""
    busy = (Phase.STARTING, Phase.WORKING, Phase.STOPPING)
    return tuple(state for state in tasks if state.thread == key and (state.phase in busy or state.steer))


def _match_turns(world: World, key: ThreadKey, at: datetime, *, recovered: bool) -> World:
    """Match the turns of a thread with the tasks that wait for them. `recovered`: the thread was read after a gap."""
    known = world.threads[key].turns
    for before in _waiting_for(world.all_tasks, key):
        state = turns.server_back(before, at) if recovered else before
        if state.phase is Phase.STARTING:
            message = state.delivery.message if state.delivery is not None else None
            turn = next((seen.turn for seen in known.values() if message in seen.messages), None)
            if turn is not None:
                world = session.turn_confirmed(world, state)
                state = turns.confirmed(state, turn, world.threads[key].id, at)
                world, state = _claimed(world, key, state, turn)
            elif recovered:
                state = turns.lost(state, at)
        if recovered and state.phase is Phase.WORKING:  # no notification arrived in the gap: patience begins anew
            state = turns.with_turn(state, pulse=Pulse.LIVELY, pulse_since=at, looking=False)
        if state.steer is not None:
            arrived = any(state.steer.message in seen.messages for seen in known.values())
            if arrived or recovered:
                state = turns.steer_confirmed(state) if arrived else replace(state, steer=None)
        if state.turn is not None:
            missing = TurnSeen(state.turn.id, TurnStatus.INTERRUPTED) if recovered else None
            seen_turn = known.get(state.turn.id, missing)
            if seen_turn is not None and seen_turn.status.ended:
                world, state = _ended(world, state, seen_turn, at, recovered=recovered)
                state = replace(state, steer=None)  # what the model has not heard by now, it does not hear any more
            elif seen_turn is not None and recovered and state.phase is Phase.STOPPING:
                # The interrupt never arrived.
                state = replace(state, phase=after_task(state.phase, TaskTrigger.INTERRUPT_FAILED))
        if state is not before:
            world = put_task(world, state)
            if state.result.report is not None and state.result.report is not before.result.report:
                world = learn(world, at, state.child, state.result.report.learned)
    return world


def _ended(world: World, state: TaskState, seen: TurnSeen, at: datetime, *, recovered: bool) -> tuple[World, TaskState]:
    outage = outages.detect(world, state, seen)
    world = outages.turn_ended(world, state, seen, outage, at)
    retries = world.config.retry_seconds
    state = turns.ended(state, seen, at, recovered=recovered, retry_seconds=retries, outage=outage)
    return world, session.turn_ended(state, seen, at)


# ── during and after a turn ──────────────────────────────────────────────────────────────────────


def tokens_spent(world: World, event: ev.TokensSpent) -> World:
    """A turn used more tokens."""
    said = Tokens(event.input_tokens, event.output_tokens)
    return _counted(world, event.thread, event.turn, event.thread_total, said)


def _counted(world: World, thread_id: str, turn: str, total: Tokens | None, said: Tokens) -> World:
    """Count to the task of a turn what its thread used since the last time; without a total of the thread, what the
    event itself says."""
    thread = world.thread_by_id(thread_id)
    if thread is not None and total is not None:
        said, turn = _grown(thread, total, said), _spender(thread, turn)
        key = (thread.child, thread.task)
        world = replace(world, threads=put(world.threads, key, replace(thread, spent=total)))
    for state in world.all_tasks:
        if state.turn is not None and state.turn.id == turn:
            return put_task(world, turns.with_turn(state, spent=state.turn.spent + said))
        if state.turn is None and state.last_turn == turn:  # it ended while nobody listened, or a sub-agent goes on
            return put_task(world, replace(state, usage=replace(state.usage, tokens=state.usage.tokens + said)))
    return _unclaimed(world, thread_id, turn, said)


def _grown(thread: Thread, total: Tokens, said: Tokens) -> Tokens:
    """What a thread used since the last time, by its total; `said`: by the responses that were reported since then.

    Codex loses the latest responses of a server that is killed, and goes on from an older total. What it reports on
    opening the thread is then counted already.
    """
    if thread.spent is None:
        return said
    if not thread.spent.within(total):
        return said if thread.open else Tokens()
    grown = total - thread.spent
    return said if grown.total and not said.within(grown) else grown


def _spender(thread: Thread, turn: str) -> str:
    """Return the turn that used what a thread used since the last time, if Codex says that it was `turn`.

    On opening a thread whose turn waits for an answer, Codex names the turn before (seen with 0.163).
    """
    seen, running = thread.turns.get(turn), thread.running
    return running.turn if running is not None and seen is not None and seen.status.ended else turn


def _unclaimed(world: World, thread_id: str, turn: str, said: Tokens) -> World:
    """Keep what a turn used of which we do not know yet whose it is: ours, or one of another window."""
    thread = world.thread_by_id(thread_id)
    if thread is None or not said.total:
        return world
    sums = {**thread.unclaimed, turn: thread.unclaimed.get(turn, Tokens()) + said}
    thread = replace(thread, unclaimed=dict(list(sums.items())[-UNCLAIMED_KEPT:]))
    return replace(world, threads=put(world.threads, (thread.child, thread.task), thread))


def _claimed(world: World, key: ThreadKey, state: TaskState, turn: str) -> tuple[World, TaskState]:
    """Count what a turn used before it was known to be this task's."""
    thread = world.threads[key]
    if (used := thread.unclaimed.get(turn)) is None:
        return world, state
    rest = {name: tokens for name, tokens in thread.unclaimed.items() if name != turn}
    world = replace(world, threads=put(world.threads, key, replace(thread, unclaimed=rest)))
    return world, turns.with_turn(state, spent=used)


def turn_retried(world: World, event: ev.TurnRetried) -> World:
    """Codex retries a request to the provider: the status shows why."""
    for state in world.all_tasks:
        if state.turn_id == event.turn:
            return put_task(world, replace(state, note=event.reason))
    return world


def turn_refused(world: World, event: ev.TurnRefused) -> World:
    """The server refused to start a turn. Its threads are read again before the next try."""

    def change(state: TaskState) -> TaskState:
        if state.delivery is None or state.delivery.message != event.message:
            return state
        return turns.refused(state, event.reason, event.at)

    return with_task(close_threads(world, event.child), event.task, change)


def steer_settled(world: World, event: ev.SteerArrived | ev.SteerMissed) -> World:
    """The turn took the steer, or did not."""

    def change(state: TaskState) -> TaskState:
        if state.steer is None or state.steer.message != event.message:
            return state
        if isinstance(event, ev.SteerArrived):
            return turns.steer_confirmed(state)
        return replace(state, steer=None, not_before=event.at + tasks.AFTER_REFUSAL)

    return with_task(world, event.task, change)


def interrupt_failed(world: World, event: ev.InterruptFailed) -> World:
    """The turn continues, and will be interrupted again."""

    def change(state: TaskState) -> TaskState:
        if state.phase is not Phase.STOPPING or state.turn_id != event.turn:
            return state
        phase = after_task(state.phase, TaskTrigger.INTERRUPT_FAILED)
        return replace(state, phase=phase, not_before=event.at + tasks.AFTER_REFUSAL, note=event.reason)

    return with_task(world, event.task, change)


def tree_read(world: World, event: ev.TreeRead) -> World:
    """The working tree was read before a turn."""
    return with_task(
        world, event.task, lambda state: _with_base(state, event.tree) if state.runs == event.run else state
    )


def tree_kept(world: World, event: ev.TreeKept) -> World:
    """The working tree was kept. Before a turn, the runs of others in this child are over, as far as it was changed."""
    for other in world.tasks.values():
        if other.task != event.task and (kept := ended_by(other.kept, event)) is not other.kept:
            world = put_task(world, replace(other, kept=kept))

    def change(state: TaskState) -> TaskState:
        kept = with_tree(state.kept, event)
        return state if kept is state.kept else replace(state, kept=_joined(kept) if len(kept) > RUNS_KEPT else kept)

    return with_task(world, event.task, change)


def _joined(kept: tuple[KeptRun, ...]) -> tuple[KeptRun, ...]:
    """Join the two oldest runs, if they are of one child; else the oldest is left out."""
    first, second, *rest = kept
    if first.child != second.child:
        return kept[1:]
    return (replace(second, before=first.before, left_out=(*first.left_out, *second.left_out)), *rest)


def _with_base(state: TaskState, tree: Tree) -> TaskState:
    """The first tree since the changes were last listed is the base of the next ones."""
    base = state.result.base or tree
    # What an earlier version listed of a task began earlier than any tree that is known of it.
    start = state.start or (None if state.result.changed_files else tree)
    return replace(state, result=replace(state.result, base=base), start=start)


def changes_listed(world: World, event: ev.ChangesListed) -> World:
    """The changes of turns that ended without checks were listed. Changed files call for a survey."""
    state = world.tasks.get(event.task)
    if state is None or state.child != event.child:
        return world
    if event.changed_files:
        world = with_map(world, unsurveyed={**world.map.unsurveyed, event.child: event.task})
    return put_task(world, replace(state, result=tasks.with_changes(state.result, event)))


def checks_ended(world: World, event: ev.ChecksFinished | ev.ChecksLost) -> World:
    """The verify commands ran, or could not be completed. Changed files call for a survey."""
    state = world.tasks.get(event.task)
    if state is None or state.phase is not Phase.CHECKING or state.runs != event.run or not state.checking:
        return world
    if isinstance(event, ev.ChecksLost):
        return put_task(world, tasks.checks_lost(state, event.reason, event.at))
    if event.changed_files:
        world = with_map(world, unsurveyed={**world.map.unsurveyed, event.child: event.task})
    return put_task(world, tasks.checks_finished(replace(state, not_before=None, note=""), event))
