"""The rule about surveys: bring the map up to date after children changed files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.server import ServerState
from supervisor.domain.world import World

QUIET = timedelta(seconds=3)  # in which servers start before the first survey, which keeps a processor busy
QUIET_ELSEWHERE = timedelta(seconds=8)  # the same on other machines, since the last was ready: a survey logs in, too
QUIET_AT_MOST = timedelta(seconds=60)  # however many start there: first turns wait for the map


def survey(world: World, at: datetime) -> Iterator[Action]:
    """Survey the children that may have changed, one survey at a time."""
    if not world.map.unsurveyed or world.map.surveying or world.supervisor.stopping is not None:
        return
    if (quiet := _quiet_until(world)) is not None and at < quiet:
        return
    tasks = [task for task in world.map.unsurveyed.values() if task is not None]
    why = f"{', '.join(tasks)} changed files" if tasks else "the supervisor started"
    yield act.SurveyRepos(tuple(world.map.unsurveyed.items()), world.map.digest, why=why)


def moment(world: World) -> datetime | None:
    """Return when this rule has to run even if nothing happens, or None."""
    return _quiet_until(world) if world.map.unsurveyed and not world.map.surveying else None


def _quiet_until(world: World) -> datetime | None:
    """Return until when starting servers have the machine to themselves; None if none of them is starting any more."""
    wanted = [server for server in world.servers.values() if server.wanted]
    starting = [one for one in wanted if one.state in (ServerState.STOPPED, ServerState.STARTING)]
    if world.supervisor.since is None or (wanted and not starting):
        return None
    since = world.supervisor.since
    if not any(one.child.runner is not None for one in starting):
        return since + QUIET
    got = [one.since for one in wanted if one.since is not None and one.state is ServerState.READY]
    return min(max([since, *got]) + QUIET_ELSEWHERE, since + QUIET_AT_MOST)
