"""Outages: while a provider accepts no work, everything that uses it pauses, and no task loses a try.

The pause ends by itself: when the provider said so, or after a time that grows until a turn succeeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.failures import FailureVerdict, diagnose
from supervisor.core.engine.lifecycle.updates import put
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.server import Outage, ServerState
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.thread import Thread, TurnSeen, TurnStatus
from supervisor.domain.world import World

MARGIN = timedelta(seconds=2)  # added to the moment that a provider names, because its clock is not ours
UNSETTLED = (Phase.IDLE, Phase.STARTING, Phase.WORKING)
LONGEST = timedelta(days=8)  # the longest window of a usage limit is a week; a later moment is not believed


def pause(world: World, thread: Thread | None, at: datetime) -> Outage | None:
    """Return the outage because of which nothing starts on this thread now, or None."""
    outage = world.outages.get(thread.provider) if thread is not None else None
    return outage if outage is not None and at < outage.until else None


def describe(outage: Outage) -> str:
    """Say in one line until when everything pauses, and why."""
    return f"paused until {outage.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: {outage.why}"


def detect(world: World, state: TaskState, seen: TurnSeen) -> FailureVerdict | None:
    """Return the verdict on a failed turn if the provider accepts no work; None if the turn itself is at fault.

    A failure that outlasts all retries is the provider's, too, if another child meets failures at the same time.
    """
    if seen.status is not TurnStatus.FAILED:
        return None
    verdict = diagnose(seen.failure)
    if verdict.outage:
        return verdict
    tried = verdict.again and world.config.retry_seconds and state.tries.retries >= len(world.config.retry_seconds)
    others_fail = any(
        other.tries.retries and other.child != state.child and other.phase in UNSETTLED
        for other in world.all_tasks
        if _provider(world, other) == _provider(world, state)
    )
    return verdict if tried and others_fail else None


def turn_ended(world: World, state: TaskState, seen: TurnSeen, outage: FailureVerdict | None, at: datetime) -> World:
    """A turn ended: this begins, prolongs or ends the outage of its provider. `outage`: what `detect` returned."""
    provider = _provider(world, state)
    known = world.outages.get(provider)
    if outage is not None and (known is None or at >= known.until):  # else the turn met the pause that is known
        since, pauses = (known.since, known.pauses) if known is not None else (at, 0)
        new = Outage(since, _until(world, pauses, outage, at), outage.why, state.child, outage.limited, pauses + 1)
        return replace(world, outages=put(world.outages, provider, new))
    began = state.turn.since if state.turn is not None else at
    if known is not None and seen.status is TurnStatus.COMPLETED and began >= known.since:
        return replace(world, outages={name: other for name, other in world.outages.items() if name != provider})
    return world


def limits_read(world: World, event: ev.LimitsRead) -> World:
    """Codex said when the provider accepts work again, or that it does not know."""
    outage = world.outages.get(event.provider)
    if outage is None or outage.asking != event.child:
        return world
    until = outage.until
    if event.resets is not None and event.at < event.resets <= event.at + LONGEST:
        until = max(until, event.resets + MARGIN)
    return replace(world, outages=put(world.outages, event.provider, replace(outage, asking=None, until=until)))


def server_lost(world: World, child: str) -> World:
    """The server of a child is gone, so it will not answer when a limit resets."""
    if not any(outage.asking == child for outage in world.outages.values()):
        return world
    outages = {
        name: replace(outage, asking=None) if outage.asking == child else outage
        for name, outage in world.outages.items()
    }
    return replace(world, outages=outages)


def limit_requests(world: World, at: datetime) -> Iterator[Action]:
    """Rule: ask Codex, once per pause, when a limit resets."""
    for provider, outage in world.outages.items():
        server = world.servers.get(outage.child)
        if outage.limited and not outage.asked and server is not None and server.state is ServerState.READY:
            yield act.ReadLimits(outage.child, provider, why=f"{describe(outage)}; codex may know until when")


def limits_requested(world: World, action: act.ReadLimits) -> World:
    """Codex is being asked when a limit resets."""
    outage = world.outages[action.provider]
    outage = replace(outage, asked=True, asking=action.child)
    return replace(world, outages=put(world.outages, action.provider, outage))


def cleared(world: World) -> World:
    """The human wants another try now: forget all outages."""
    return replace(world, outages={}) if world.outages else world


def _until(world: World, pauses: int, verdict: FailureVerdict, at: datetime) -> datetime:
    """Return the end of the next pause: longer than the ones before, and no shorter than the provider says."""
    seconds = world.config.pause_seconds or (60.0,)
    until = at + timedelta(seconds=seconds[min(pauses, len(seconds) - 1)])
    if verdict.after is None:
        return until
    return max(until, at + min(timedelta(seconds=verdict.after), LONGEST) + MARGIN)


def _provider(world: World, state: TaskState) -> str:
    thread = world.threads.get(state.thread) if state.thread else None
    return thread.provider if thread is not None else ""
