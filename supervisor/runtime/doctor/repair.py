"""Repair a damaged ledger: find what is lost and what is still known of it, and go on from the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from supervisor.core.engine.evolve import evolve
from supervisor.domain.event import Doubt, Event, EventLost, LedgerRepaired
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.task import Phase
from supervisor.domain.world import World
from supervisor.errors import RequestRefused, StoreError
from supervisor.regular_file import read_regular
from supervisor.runtime.presence import lock
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.damage import Examined, Lost, examine
from supervisor.shell.ledger.lines import decode, encode
from supervisor.shell.ledger.rewrite import rewrite

BEGAN = ("turn_began", "turn_ended", "changes_listed", "checks_finished")
"""Events that show that a task was begun."""

UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)  # the time of a lost event that nothing precedes or follows


class PlannedRepair(Struct, frozen=True):
    """What a repair does."""

    found: Examined
    lost: tuple[Lost, ...]  # also those whose line is whole, but follows from nothing that is left
    events: Mapping[int, Event]  # what the ledger has then, by number
    world: World  # its fold
    doubts: tuple[Doubt, ...]

    @property
    def needed(self) -> bool:
        """Whether anything is damaged."""
        return bool(self.found.spots)


def plan_repair(workspace: WorkspacePaths) -> PlannedRepair:
    """Find out what a repair would do, and change nothing. Raises StoreError if it can do nothing."""
    found = examine(workspace.ledger)
    if not found.spots:
        return PlannedRepair(found, (), {}, World(), ())
    if found.foreign:
        raise StoreError(f"{found.foreign[0]}", "run the version that wrote it")
    known = {one.seq: one for one in _with_logs(workspace, found)}
    whole = {line.seq: line for line in found.lines}
    events, world, at = dict[int, Event](), World(), _first(found)
    for seq in range(1, max((*known, *whole), default=0) + 1):
        if seq in whole:
            event = decode(whole[seq].fields)
            try:
                world = evolve(world, event)
            except Exception:  # what it follows from is lost
                if not known:
                    raise
                fields = whole[seq].fields
                known[seq] = Lost(seq, *(_text(fields.get(name)) for name in ("event", "task", "child")))
            else:
                events[seq], at = event, event.at
                continue
        one = known[seq]
        events[seq] = EventLost(at, one.event, one.task, one.child)
    lost = tuple(known[seq] for seq in sorted(known))
    return PlannedRepair(found, lost, events, world, tuple(_doubts(workspace, world, found)) if lost else ())


def carry_out(workspace: WorkspacePaths, planned: PlannedRepair) -> tuple[Path, ...]:
    """Write the ledger anew, and return where the damaged files are kept. Raises OrchError, also while a supervisor is
    up."""
    held = lock.take(workspace)
    if held is None:
        raise RequestRefused("a supervisor is up", "run `orch down`, then `orch doctor --repair` again")
    with held:
        if examine(workspace.ledger) != planned.found:
            raise RequestRefused("the ledger has changed meanwhile", "run `orch doctor --repair` again")
        now = max(datetime.now(UTC), max((event.at for event in planned.events.values()), default=UNKNOWN))
        names = tuple(dict.fromkeys(spot.path.name for spot in planned.found.spots))
        whole = {line.seq: line.body for line in planned.found.lines}
        bodies = {
            seq: _line(event, seq) if isinstance(event, EventLost) else whole[seq]
            for seq, event in planned.events.items()
        }
        last = max(bodies, default=0) + 1
        bodies[last] = _line(LedgerRepaired(now, len(planned.lost), names, planned.doubts), last)
        for text in workspace.plans.glob("*.md"):  # a revision that is lost must not be written over
            if text.stem.isdigit() and int(text.stem) > planned.world.plan.revision:
                with suppress(OSError):
                    text.rename(text.with_name(f"{text.stem}.lost.md"))
        return rewrite(workspace.ledger, planned.found, bodies, now)


def _line(event: Event, seq: int) -> bytes:
    return json.dumps(encode(event, seq), ensure_ascii=True, separators=(",", ":")).encode()


def _first(found: Examined) -> datetime:
    """Return the time of the first event that is left."""
    return decode(found.lines[0].fields).at if found.lines else UNKNOWN


def _with_logs(workspace: WorkspacePaths, found: Examined) -> Iterator[Lost]:
    """Yield what is lost, with what the log still says of it."""
    logged = {}
    wanted = {one.seq for one in found.lost}
    times = {line.seq: str(line.fields.get("ts")) for line in found.lines}
    for path in sorted(workspace.logs.glob("supervisor.jsonl*")) if wanted else ():
        with suppress(OSError, ValueError):
            for raw in read_regular(path).splitlines():
                line = json.loads(raw)
                seq = line.get("seq")
                # a log may go back to an earlier ledger, with the same numbers
                if seq in wanted and times.get(seq - 1, "") <= str(line.get("ts")) <= times.get(seq + 1, "a"):
                    logged[seq] = line
    for one in found.lost:
        line = logged.get(one.seq, {})
        event, task, child = (_text(line.get(name)) for name in ("event", "task", "child"))
        yield Lost(one.seq, event or one.event, task or one.task, child or one.child)


def _doubts(workspace: WorkspacePaths, world: World, found: Examined) -> Iterator[Doubt]:
    """Yield the tasks that would begin, or begin again, although more is known of them: from the rest of the ledger, or
    from the last status."""
    began = {str(line.fields.get("task")) for line in found.lines if line.fields.get("event") in BEGAN}
    last = _last_seen(workspace)
    for name in dict.fromkeys((*world.tasks, *last, *sorted(began))):
        state, seen = world.tasks.get(name), last.get(name)
        if name in ("None", ORCHESTRATOR) or (state is not None and state.phase is not Phase.IDLE):
            continue
        runs = state.runs if state is not None else 0
        if seen is not None and (seen[0] == "done" or seen[1] > runs):
            yield Doubt(name, f"the last status said {seen[0]}" + (f": {seen[2]}" if seen[2] else ""))
        elif name in began and runs == 0:
            yield Doubt(name, "the rest of the ledger shows that it was begun")


def _last_seen(workspace: WorkspacePaths) -> Mapping[str, tuple[str, int, str]]:
    """Return the state, the runs and the summary of each task in the last status; nothing if it cannot be read."""
    try:
        tasks = json.loads(read_regular(workspace.last_status))["tasks"]
        return {one["id"]: (str(one["state"]), int(one["runs"]), _text(one.get("summary")) or "") for one in tasks}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
