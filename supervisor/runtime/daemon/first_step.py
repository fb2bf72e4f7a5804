"""The first step of a supervisor: record that it started and what is wanted, decide, and start the servers' processes.

It needs no event loop. That is loaded, with all that the supervisor does later, while the servers get ready.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from supervisor import __version__
from supervisor.domain.action import Action, EnsureServer
from supervisor.domain.event import Event, SupervisorStarted, UpRequested
from supervisor.errors import OrchError
from supervisor.runtime.codex import spawn
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.config.model import Config
from supervisor.runtime.daemon.recorder import Recorder
from supervisor.runtime.logs import Logs
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.shell.process import Spawned

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""They end a supervisor in order once it is at work, and are held until then."""


class FirstStep(NamedTuple):
    """What was decided, all of it recorded, and the processes that were started for it, by child."""

    actions: tuple[Action, ...]
    started: Mapping[str, Spawned]


def first_step(
    workspace: WorkspacePaths,
    config: Config,
    recorder: Recorder,
    registry: Registry,
    logs: Logs,
    up: Sequence[str] | None,
) -> FirstStep:
    """Take the first step; for `up` see `main.run`. Raises StoreError if it cannot be recorded."""
    now = recorder.clock.now
    events: list[Event] = [
        SupervisorStarted(
            now(),
            os.getpid(),
            __version__,
            (*config.children, config.orchestrator),
            tuple(registry.alive()),
            config.limits.retry_seconds,
            config.rules,
            config.telling.on if config.telling else (),
            config.plan_budget,
            config.task_budget,
            last=recorder.clock.after,
            pause_seconds=config.limits.pause_seconds,
            stall_minutes=config.limits.stall_minutes,
        )
    ]
    if up is not None:
        events.append(UpRequested(now(), tuple(up) or tuple(child.name for child in config.children)))
    decided = recorder.decide([clean(event) for event in events])
    recorder.record(decided)
    wanted = [action.child for action in decided.actions if isinstance(action, EnsureServer)]
    return FirstStep(decided.actions, _started(workspace, config, registry, logs, wanted))


def _started(
    workspace: WorkspacePaths, config: Config, registry: Registry, logs: Logs, wanted: Iterable[str]
) -> dict[str, Spawned]:
    """The processes of the wanted servers that nothing speaks against: no server runs, and none left anything behind.

    Whatever stands in the way is for the child's own client to remove, and to report.
    """
    children = {child.name: child for child in (*config.children, config.orchestrator)}
    left = process.marks(workspace.mark())
    started = {}
    for name in wanted:
        if name in children and name not in registry.alive() and workspace.mark(name) not in left:
            with suppress(OrchError):
                started[name] = spawn.start(children[name], workspace, config, logs)
    return started
