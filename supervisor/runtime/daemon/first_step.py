"""The first step of a supervisor: record the start and what is wanted, decide, and start the servers' processes.

It needs no event loop: asyncio, and all that the supervisor needs later, is imported while the servers get ready.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from supervisor.domain.action import Action, EnsureServer
from supervisor.domain.event import Event, UpRequested
from supervisor.errors import OrchError
from supervisor.runtime.codex import spawn
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.config.model import Config
from supervisor.runtime.config.started import started
from supervisor.runtime.daemon.recorder import Recorder
from supervisor.runtime.logs import Logs
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.shell.process import Spawned
from supervisor.wire.plain import dumped

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""Signals that end a supervisor in order. They stay blocked until its loop can handle them."""


class FirstStep(NamedTuple):
    """The actions that were decided and recorded, and the processes that were started for them, by child."""

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
    """Take the first step. `main.run` explains `up`. Raises StoreError if it cannot be recorded."""
    now = recorder.clock.now
    events: list[Event] = [started(config, os.getpid(), known_to_run(config, registry), now(), recorder.clock.after)]
    if up is not None:
        events.append(UpRequested(now(), tuple(up) or tuple(child.name for child in config.children)))
    decided = recorder.decide([clean(event) for event in events])
    recorder.record(decided)
    wanted = [action.child for action in decided.actions if isinstance(action, EnsureServer)]
    return FirstStep(decided.actions, _started(workspace, config, registry, logs, wanted))


def known_to_run(config: Config, registry: Registry) -> list[str]:
    """Return the children whose servers were found alive, or were started on another machine and not stopped since."""
    known = registry.elsewhere()
    places = {child.name: (json.loads(dumped(child.runner)), child.path) for child in config.children if known}
    there = [name for name, one in known.items() if places.get(name) == (one.runner, one.path)]
    return list(dict.fromkeys((*registry.alive(), *there)))


def _started(
    workspace: WorkspacePaths, config: Config, registry: Registry, logs: Logs, wanted: Iterable[str]
) -> dict[str, Spawned]:
    """Start the wanted servers that are free to start: none runs already, and none left processes behind.

    Every other one is left to the child's own client, which cleans up first and reports what fails.
    """
    children = {child.name: child for child in (*config.children, config.orchestrator)}
    left = process.marks(workspace.mark())
    started = {}
    for name in wanted:
        here = name in children and children[name].runner is None
        if here and name not in registry.alive() and workspace.mark(name) not in left:
            with suppress(OrchError):
                started[name] = spawn.start(children[name], workspace, config, logs)
    return started
