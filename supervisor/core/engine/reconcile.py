"""decide: what to do about the world as it is. Level-triggered: the rules compare what should be with what is, and
remember nothing.

Each rule yields actions for the world as the rules before it left it. An action that is under way is part of the world,
because its intent was recorded. So deciding twice yields nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct

from supervisor.core.engine import leftovers, stalls
from supervisor.core.engine.agenda import Sign, agenda_of, bearing
from supervisor.core.engine.asks import asks, thread_asks
from supervisor.core.engine.asks.approvals import settled_by_rule
from supervisor.core.engine.asks.notifications import notices
from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.foresee import foreseen
from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import deadline, first_map
from supervisor.core.engine.rules import own_trees, servers, survey, turns
from supervisor.domain.action import Action
from supervisor.domain.event import AskAnswered, Event, Intended, PlanAccepted, Ticked, TurnBegan
from supervisor.domain.world import World


class Step(Struct, frozen=True):
    """What one event leads to."""

    world: World
    events: tuple[Event, ...]  # to record: the event itself, and the intents
    actions: tuple[Action, ...]  # to take once the events are recorded


def advance(world: World, event: Event) -> Step:
    """Fold one event into the world, and decide what to do. A version of plan.md gets its picture."""
    if isinstance(event, PlanAccepted):
        event = foreseen(world, event)
    evolved = evolve(world, event)
    repeated = isinstance(event, Ticked | TurnBegan | AskAnswered) and evolved is world
    world, actions = _decide(evolved, event.at)
    intents = tuple(Intended(event.at, action) for action in actions)
    return Step(world, (*(() if repeated else (event,)), *intents), actions)


def decide(world: World, at: datetime) -> tuple[Action, ...]:
    """Return what to do now. Pure: the same world and moment give the same actions."""
    return _decide(world, at)[1]


def wakeup(world: World, at: datetime) -> datetime | None:
    """Return when to decide again if nothing happens; None if there is nothing to wait for.

    `at` is the moment of the last decision: what was due by then has been done.
    """
    moments = [*servers.moments(world), *session.moments(world), *stalls.moments(world), *leftovers.moments(world)]
    moments += [*budgets.moments(world, at), *thread_asks.moments(world)]
    moments += [thread.not_before for thread in world.threads.values() if not thread.open and not thread.opening]
    moments += [state.not_before for state in bearing(world, Sign.DELAYED)]
    moments += [deadline(world, state) for state in agenda_of(world).bearing(Sign.LIVE)]
    moments += [outage.until for outage in world.outages.values()]
    moments += [first_map(world), survey.moment(world)]
    return min((moment for moment in moments if moment is not None and moment > at), default=None)


def _decide(world: World, at: datetime) -> tuple[World, tuple[Action, ...]]:
    decided: list[Action] = []
    if world.supervisor.exiting:  # the next supervisor decides
        return world, ()
    for rule in RULES:
        actions = tuple(rule(world, at))
        for action in actions:
            world = evolve(world, Intended(at, action))
        decided += actions
    return world, tuple(decided)


RULES: tuple[Callable[[World, datetime], Iterator[Action]], ...] = (
    servers.servers,
    turns.redirects,
    servers.stop,
    asks.withdraw,
    settled_by_rule,
    asks.ask,
    asks.answer,
    stalls.stalls,
    outages.limit_requests,
    leftovers.leftovers,
    turns.checks,
    own_trees.merges,
    own_trees.makes,
    turns.threads,
    turns.starts,
    session.orchestrate,
    survey.survey,
    notices,
)
