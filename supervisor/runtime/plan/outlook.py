"""Foresee from what is on disk what a version of plan.md would do, whether a supervisor is up or not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec.structs import replace

from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.foresee import picture_of, surprise
from supervisor.core.engine.readiness import FIRST_MAP
from supervisor.core.view.status import accounted, status
from supervisor.domain.event import PlanAccepted
from supervisor.domain.plan import Foreseen, Plan
from supervisor.domain.server import ServerState
from supervisor.domain.status import LimitInfo
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.config.model import Config
from supervisor.runtime.config.started import started
from supervisor.runtime.plan.read import with_exact_plan
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.store import Ledger, Opened

TRIES = 3  # reads of a ledger that may be compacted meanwhile


class Outlook(NamedTuple):
    """What a version of plan.md would do now, or at the next `orch up`."""

    up: bool  # a supervisor is up: it would happen now
    revision: int | None  # the version is this one, which is in force; None: it is another one
    waits: str | None  # why it would wait, or does, for `orch go`
    picture: tuple[Foreseen, ...]
    warnings: tuple[str, ...]  # why it may not fit the plan's budget or the account's limits


def outlook(
    workspace: WorkspacePaths, config: Config, content: bytes, plan: Plan, *, up: bool, limits: Sequence[LimitInfo] = ()
) -> Outlook:
    """Foresee what `content`, which says `plan`, would do. Changes nothing. Raises StoreError for a broken ledger.

    `up`: a supervisor is up. `limits` are those of the account, as far as they are known.
    """
    opened = _read(workspace)
    world, now = opened.world or World(), datetime.now(UTC)
    for event in opened.events:
        world = evolve(world, event)
    world = with_exact_plan(world, workspace, [child.name for child in config.children])
    at = max(now, opened.last or now)
    if not up:
        world = _brought_up(workspace, config, world, at, opened.last)
        at += FIRST_MAP
    digest = hashlib.sha256(content).hexdigest()
    same = digest == world.plan.digest and world.plan.current is not None
    revision = world.plan.revision if same else world.plan.revision + 1
    accepted = PlanAccepted(at, revision, digest, "", plan)
    postponed = world.plan.postponed
    waiting = postponed.why if postponed is not None and postponed.digest == digest else None
    waits = None if same or world.config.surprise is None else waiting or surprise(world, accepted)
    after = world if same else evolve(world, accepted)
    seen = replace(status(after, at, str(workspace.root)), limits=tuple(limits))
    return Outlook(
        up,
        world.plan.revision if same else None,
        waits,
        picture_of(world, accepted),
        accounted(seen, after, {}).warnings,
    )


def _read(workspace: WorkspacePaths) -> Opened:
    for _ in range(TRIES - 1):
        try:
            return Ledger(workspace.ledger).peek()
        except StoreError:
            continue  # the supervisor may just have begun another segment
    return Ledger(workspace.ledger).peek()


def _brought_up(workspace: WorkspacePaths, config: Config, world: World, at: datetime, last: datetime | None) -> World:
    """Return the world once `orch up` has brought up every server, and drawn the map."""
    world = evolve(world, started(config, 0, Registry(workspace.registry).alive(), at, last))
    ready = {
        name: server if name in config.absent else replace(server, state=ServerState.READY, wanted=True)
        for name, server in world.servers.items()
    }
    return replace(world, servers=ready, map=replace(world.map, unsurveyed={}, surveying=False))
