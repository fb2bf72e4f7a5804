"""Outages: a provider that takes no work pauses all that uses it, and costs no task a try.

It goes on by itself: when the provider said so, else after a pause that grows until a turn gets through.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.failures import FailureVerdict, judge
from supervisor.core.engine.lifecycle.updates import put
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.server import Outage, ServerState
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.thread import Thread, TurnSeen, TurnStatus
from supervisor.domain.world import World

MARGIN = timedelta(seconds=2)  # after the moment that a provider names: its clock is not ours
UNSETTLED = (Phase.IDLE, Phase.STARTING, Phase.WORKING)
LONGEST = timedelta(days=8)  # the longest window of a usage limit is a week; what lies beyond is no moment to wait for


def pause(world: World, thread: Thread | None, at: datetime) -> Outage | None:
    """The outage for which nothing is started on this thread now; None if there is none."""
    outage = world.outages.get(thread.provider) if thread is not None else None
    return outage if outage is not None and at < outage.until else None


def said(outage: Outage) -> str:
    """That everything pauses, and until when, in one line."""
    return f"paused until {outage.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: {outage.why}"


def met(world: World, state: TaskState, seen: TurnSeen) -> FailureVerdict | None:
    """What failed, if it is the provider that takes no work, and not the turn that went wrong.

    A failure that comes again and again is the provider's too, once another child meets one as well.
    """
    if seen.status is not TurnStatus.FAILED:
        return None
    verdict = judge(seen.failure)
    if verdict.outage:
        return verdict
    tried = verdict.again and world.config.retry_seconds and state.tries.retries >= len(world.config.retry_seconds)
    elsewhere = any(
        one.tries.retries and one.child != state.child and one.phase in UNSETTLED
        for one in world.all_tasks
        if _provider(world, one) == _provider(world, state)
    )
    return verdict if tried and elsewhere else None


def noted(world: World, state: TaskState, seen: TurnSeen, outage: FailureVerdict | None, at: datetime) -> World:
    """The end of a turn tells whether its provider takes work."""
    provider = _provider(world, state)
    known = world.outages.get(provider)
    if outage is not None and (known is None or at >= known.until):  # else it only met the pause that there is
        since, pauses = (known.since, known.pauses) if known is not None else (at, 0)
        new = Outage(since, _until(world, pauses, outage, at), outage.why, state.child, outage.limited, pauses + 1)
        return replace(world, outages=put(world.outages, provider, new))
    began = state.turn.since if state.turn is not None else at
    if known is not None and seen.status is TurnStatus.COMPLETED and began >= known.since:
        return replace(world, outages={name: one for name, one in world.outages.items() if name != provider})
    return world


def limits_read(world: World, event: ev.LimitsRead) -> World:
    """Codex said when the provider takes work again, or that it does not know."""
    outage = world.outages.get(event.provider)
    if outage is None or outage.asking != event.child:
        return world
    until = outage.until
    if event.resets is not None and event.at < event.resets <= event.at + LONGEST:
        until = max(until, event.resets + MARGIN)
    return replace(world, outages=put(world.outages, event.provider, replace(outage, asking=None, until=until)))


def unheard(world: World, child: str) -> World:
    """The server of a child is gone, and with it what it was asked."""
    if not any(one.asking == child for one in world.outages.values()):
        return world
    outages = {name: replace(one, asking=None) if one.asking == child else one for name, one in world.outages.items()}
    return replace(world, outages=outages)


def inquiries(world: World, at: datetime) -> Iterator[Action]:
    """Codex is asked, once for each pause, how long a limit lasts."""
    for provider, outage in world.outages.items():
        server = world.servers.get(outage.child)
        if outage.limited and not outage.asked and server is not None and server.state is ServerState.READY:
            yield act.ReadLimits(outage.child, provider, why=f"{said(outage)}; codex may know until when")


def asked(world: World, action: act.ReadLimits) -> World:
    outage = world.outages[action.provider]
    outage = replace(outage, asked=True, asking=action.child)
    return replace(world, outages=put(world.outages, action.provider, outage))


def lifted(world: World) -> World:
    """The human wants it tried now."""
    return replace(world, outages={}) if world.outages else world


def _until(world: World, pauses: int, verdict: FailureVerdict, at: datetime) -> datetime:
    """The end of the next pause: longer than the ones before, and no shorter than the provider says."""
    seconds = world.config.pause_seconds or (60.0,)
    until = at + timedelta(seconds=seconds[min(pauses, len(seconds) - 1)])
    if verdict.after is None:
        return until
    return max(until, at + min(timedelta(seconds=verdict.after), LONGEST) + MARGIN)


def _provider(world: World, state: TaskState) -> str:
    thread = world.threads.get(state.thread) if state.thread else None
    return thread.provider if thread is not None else ""
