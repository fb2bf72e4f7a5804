"""Stalls: a turn without a sign of life is looked at, then asked for one, then interrupted; at last the human decides.

Two looks, a moment apart, tell a long compile from a stall: by the CPU time that the server's commands took in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine import prompts as words
from supervisor.core.engine.lifecycle.transitions import PulseTrigger, after_pulse
from supervisor.core.engine.lifecycle.updates import put, put_work
from supervisor.core.engine.threads import closed
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.child import ServerState
from supervisor.domain.run import Look, Phase, Pulse
from supervisor.domain.world import Thread, Work, World

APART = timedelta(seconds=15)  # between the two looks; less if the set time is short
BUSY = 0.05  # of one processor: what only waits for input, a lock or the network takes less
AT_REST = ("idle", "notLoaded", "systemError")  # a thread whose turn is over: we missed its end


def stalls(world: World, at: datetime) -> Iterator[Action]:
    """The next step with each turn that gives no sign of life."""
    for work in world.all_works:
        thread = _watched(world, work)
        if thread is None or thread.id is None or work.turn is None or work.looking or (work.not_before or at) > at:
            continue
        where = (work.child, work.task, thread.id, work.turn)
        silence = f"no sign of life for {_minutes(world)} min"
        if work.pulse is Pulse.STALLED:
            if work.steer is None and work.told is not None:
                message, text = f"orch-{work.task}-{work.sent + 1}", words.nudge(work.task, _minutes(world))
                yield act.SteerTurn(*where, message, work.told, text, why=silence, nudge=True)
        elif work.pulse is Pulse.STUCK:
            yield act.InterruptTurn(*where, timed_out=False, why=f"{silence} after it was asked for one", stalled=True)
        elif (since := _since(work)) is not None and at >= since + _patience(world, work):
            why = silence if work.pulse in (Pulse.LIVELY, Pulse.NUDGED) else f"{silence}: are its commands at work?"
            yield act.LookAtTurn(*where, since, why)


def moments(world: World) -> Iterator[datetime]:
    """When a turn is to be looked at, if nothing happens."""
    for work in world.all_works:
        if _watched(world, work) is not None and not work.looking and (since := _since(work)) is not None:
            yield since + _patience(world, work)


def looked(world: World, event: ev.TurnLooked) -> World:
    """A turn was looked at."""
    work = next((one for one in world.all_works if one.task == event.task), None)
    if work is None or work.turn != event.turn or not work.looking:
        return world
    look, before = event.look, work.looked
    work = replace(work, looking=False, looked=look)
    if work.phase is not Phase.WORKING:
        return put_work(world, work)
    since = _since(work)
    if look.sign is not None and (since is None or look.sign > since):
        return put_work(world, _felt(work, PulseTrigger.SIGN, look.sign))
    if look.state in AT_REST and work.thread in world.threads and work.thread is not None:
        world = replace(world, threads=put(world.threads, work.thread, closed(world.threads[work.thread])))
        return put_work(world, _felt(work, PulseTrigger.SIGN, event.at))
    if work.pulse in (Pulse.QUIET, Pulse.DEAF) and before is not None and _share(before, look) >= BUSY:
        work = replace(work, note=f"no sign of life for {_minutes(world)} min, but its commands are at work")
        return put_work(world, _felt(work, PulseTrigger.BUSY, event.at))
    return put_work(world, _felt(work, PulseTrigger.SILENT, event.at))


def nudged(work: Work, at: datetime) -> Work:
    return _felt(work, PulseTrigger.NUDGE, at)


def _felt(work: Work, trigger: PulseTrigger, since: datetime) -> Work:
    return replace(work, pulse=after_pulse(work.pulse, trigger), pulse_since=since)


def _watched(world: World, work: Work) -> Thread | None:
    """The thread of a running turn that owes a sign of life; None if there is none, or it waits on a human."""
    thread, server = world.threads.get(work.thread) if work.thread else None, world.servers.get(work.child)
    if work.phase is not Phase.WORKING or thread is None or not thread.open or world.stopping is not None:
        return None
    if server is None or server.state is not ServerState.READY:
        return None
    return None if any(one.turn == work.turn for one in world.requests.values()) else thread


def _since(work: Work) -> datetime | None:
    return work.pulse_since or work.turn_since  # a ledger of before there were pulses has only the latter


def _patience(world: World, work: Work) -> timedelta:
    whole = timedelta(minutes=world.stall_minutes)
    return whole if work.pulse in (Pulse.LIVELY, Pulse.NUDGED) else min(APART, whole / 4)


def _share(before: Look, now: Look) -> float:
    """The processors that commands kept busy between two looks."""
    seconds = (now.at - before.at).total_seconds()
    if before.cpu is None or now.cpu is None or seconds <= 0:
        return 0.0
    return (now.cpu - before.cpu) / seconds


def _minutes(world: World) -> str:
    return f"{world.stall_minutes:g}"
