"""End servers on other machines that no client serves: their supervisor died, or the config names them no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from supervisor.errors import OrchError, OutOfReach
from supervisor.runtime.codex.registry import RecordElsewhere, Registry
from supervisor.runtime.config.model import Config
from supervisor.runtime.logs import Logs
from supervisor.runtime.remote.place import ChildPlace, runner_in
from supervisor.runtime.workspace import WorkspacePaths

STOPS_WITHIN = 20.0  # seconds for one of them, the login included
AGAIN = 30.0  # seconds between two tries at one that is out of reach
AT_ONCE = 8  # logins


def end_elsewhere(workspace: WorkspacePaths, report: Callable[[str], None], only: str | None = None) -> list[str]:
    """End all that are recorded, or that of `only` this child, while no supervisor is up; return whose they were.

    Raises OrchError that names those that may still run, once all the others have ended.
    """
    registry = Registry(workspace.registry)
    records = {name: one for name, one in registry.elsewhere().items() if only in (None, name)}
    for name, record in records.items():
        report(f"stopping {name} at {record.at}")
    with ThreadPoolExecutor(AT_ONCE, "end") as pool:
        jobs = {name: pool.submit(end_one, workspace, name, record) for name, record in records.items()}
    ended, left = [], []
    for name, job in jobs.items():
        error = job.exception()
        if error is None:
            registry.drop_elsewhere(name)
            ended.append(name)
        elif isinstance(error, OrchError):
            left.append(f"{name}: {error.what}")
        else:
            raise error
    if left:
        raise OrchError(
            f"servers on other machines may still run ({'; '.join(left)})",
            "run `orch down` again once they can be reached",
        )
    return ended


def end_one(workspace: WorkspacePaths, child: str, record: RecordElsewhere, *, kill: bool = False) -> None:
    """End one server, and all that it started. Blocks. Raises OrchError."""
    place = ChildPlace(workspace, child, runner_in(record), record.path)
    place.end(kill=kill, seconds=STOPS_WITHIN)


def strays(config: Config, registry: Registry) -> Mapping[str, RecordElsewhere]:
    """Return the recorded servers of children that are no longer on another machine, or not in the config."""
    away = {child.name for child in config.children if child.runner is not None}
    return {name: one for name, one in registry.elsewhere().items() if name not in away}


async def end_strays(workspace: WorkspacePaths, config: Config, registry: Registry, logs: Logs) -> None:
    """End them, however often that has to be tried."""
    while left := strays(config, registry):
        for name, record in left.items():
            try:
                await asyncio.to_thread(end_one, workspace, name, record)
                registry.drop_elsewhere(name)
                logs.say("stray_ended", child=name, reason=f"the server at {record.at} is not wanted any more")
            except OrchError as error:
                level = "info" if isinstance(error, OutOfReach) else "warning"
                logs.say("stray_not_ended", level=level, child=name, reason=str(error))
        await asyncio.sleep(AGAIN)
