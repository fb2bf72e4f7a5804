"""What becomes of linked work trees, and of the runs in them."""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.core.engine.lifecycle import tasks
from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.core.engine.lifecycle.updates import put_task, with_map
from supervisor.core.engine.readiness import desired
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.report import Question
from supervisor.domain.task import Due, OwnTree, Phase, TaskState
from supervisor.domain.world import World

MAX_FOLLOW_UPS = 1  # turns of a run after conflicts; then a human decides


def making(state: TaskState, action: act.MakeTree) -> TaskState:
    """A work tree is about to be made."""
    return replace(state, own_tree=OwnTree(action.child, action.run, action.path, action.base, busy=True))


def merging(state: TaskState) -> TaskState:
    """What a work tree holds is about to be merged."""
    return replace(state, own_tree=replace(state.own_tree, busy=True)) if state.own_tree is not None else state


def interrupted(state: TaskState) -> TaskState:
    """It is not known what became of an act on the work tree: it is done again."""
    own = state.own_tree
    if own is None or not own.busy:
        return state
    return replace(state, own_tree=replace(own, busy=False) if state.phase is Phase.MERGING else _unmade(own))


def own_tree_changed(
    world: World, event: ev.OwnTreeMade | ev.OwnTreeFailed | ev.MergeTried | ev.OwnTreeMerged
) -> World:
    """An act on the work tree of a run had an outcome. A late one changes nothing."""
    state = world.tasks.get(event.task)
    own = state.own_tree if state is not None else None
    if state is None or own is None or not own.busy or (own.child, own.run) != (event.child, event.run):
        return world
    if isinstance(event, ev.OwnTreeMade):
        made = OwnTree(own.child, own.run, event.path, event.base)
        return put_task(world, replace(state, own_tree=made, tree_gone="", note=""))
    if isinstance(event, ev.OwnTreeFailed):
        left = _rested(own) if state.phase is Phase.MERGING else _unmade(own)
        return put_task(world, _failed(world, replace(state, own_tree=left), event))
    if state.phase is not Phase.MERGING:
        return world
    if isinstance(event, ev.MergeTried):
        tried = replace(own, work=event.work, main=event.main, conflicts=event.conflicts, busy=False)
        return put_task(world, replace(state, own_tree=tried))
    if event.conflicts:
        follow_ups = own.follow_ups + 1
        merged = replace(_rested(own), base=event.base, conflicts=event.conflicts, follow_ups=follow_ups)
        return put_task(world, _conflicted(replace(state, own_tree=merged), event))
    world = with_map(world, unsurveyed={**world.map.unsurveyed, own.child: state.task})
    rest = replace(_rested(own), base=event.base, path=event.path) if event.path else None
    done = replace(state, own_tree=rest, tree_gone="" if event.path else own.path)
    return put_task(world, tasks.settle(done, TaskTrigger.FINISH, state.why, event.at))


def _rested(own: OwnTree) -> OwnTree:
    return replace(own, busy=False, work="", main="", conflicts=())


def _unmade(own: OwnTree) -> OwnTree:
    return replace(own, busy=False, run=0)


def _failed(world: World, state: TaskState, event: ev.OwnTreeFailed) -> TaskState:
    why = f"{event.reason}; then `orch go {state.task}`"
    if state.phase is Phase.MERGING:
        return tasks.settle(state, TaskTrigger.BLOCK, why, event.at)
    if state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) or world.plan.task(state.task) is None:
        return state
    # The brief counts as delivered, but to no thread: only another brief, or the human, makes what was due start again.
    known = replace(state.brief, delivered=desired(world, state), thread=None)
    blocked = tasks.settle(replace(state, brief=known, child=event.child), TaskTrigger.BLOCK, why, event.at)
    return replace(blocked, due=state.due or Due.BRIEF, due_text=state.due_text)


def _conflicted(state: TaskState, event: ev.OwnTreeMerged) -> TaskState:
    files = ", ".join(event.conflicts)
    if state.own_tree is not None and state.own_tree.follow_ups <= MAX_FOLLOW_UPS:
        return replace(
            state,
            phase=after_task(state.phase, TaskTrigger.GO_ON),
            since=event.at,
            due=Due.FIX,
            due_text="",
            why=f"its changes do not fit those of others: {files}",
        )
    question = Question(
        f"The changes of {state.task} do not fit those of others, and a follow-up turn did not resolve it: {files}.",
        f"Resolve the conflicts in {event.path}, or say how the child is to resolve them.",
        "`accept` once they are resolved, or an instruction for the child.",
    )
    return tasks.ask(state, question, f"its changes do not fit those of others: {files}", event.at)
