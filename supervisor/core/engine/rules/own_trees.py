"""Rules about linked work trees: make one before a run, and merge what it holds once the run is done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from supervisor.core.engine.agenda import Sign, agenda_of
from supervisor.core.engine.readiness import merges_next, needs_tree, occupants
from supervisor.core.engine.rules.turns import next_turns, shared_files
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.task import Phase
from supervisor.domain.world import World


def makes(world: World, at: datetime) -> Iterator[Action]:
    """Make the work tree of each run that is next, and that is to have one of its own."""
    for task, state, _ in next_turns(world, at):
        own = state.own_tree
        if not needs_tree(world, task, state) or (own is not None and own.busy):
            continue
        known = own if own is not None and own.child == task.child else None
        yield act.MakeTree(
            child=task.child,
            task=task.id,
            run=state.runs + 1,
            path=known.path if known is not None else "",
            base=known.base if known is not None else "",
            why="its run is to have a work tree of its own",
        )


def merges(world: World, at: datetime) -> Iterator[Action]:
    """Merge what the next run that is done changed, once nobody works in the child's work tree."""
    if world.supervisor.stopping is not None:
        return
    live = agenda_of(world).bearing(Sign.LIVE)
    for child in dict.fromkeys(state.child for state in live if state.phase is Phase.MERGING):
        state = merges_next(world, child)
        own = state.own_tree if state is not None else None
        if state is None or own is None or own.busy or child in world.reserved:
            continue
        if any(other.task != state.task for other in occupants(world, child)):
            continue
        yield act.MergeTree(
            child=child,
            task=state.task,
            run=state.runs,
            path=own.path,
            base=own.base,
            work=own.work,
            main=own.main,
            conflicts=own.conflicts,
            shared=tuple(shared_files(world, child)),
            why=state.why,
        )
