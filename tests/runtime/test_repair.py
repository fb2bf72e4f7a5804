"""A repaired ledger folds to the world of its undamaged lines, holds the plan, and is whole."""

from __future__ import annotations

import gzip
import json
import random
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.reconcile import advance
from supervisor.domain import event as ev
from supervisor.domain.task import Phase
from supervisor.domain.world import World
from supervisor.errors import RequestRefused
from supervisor.runtime.doctor.repair import carry_out, plan_repair
from supervisor.runtime.presence import lock
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger import store
from supervisor.shell.ledger.segments import segments
from supervisor.shell.ledger.store import Ledger
from tests.core.engine.story import Story
from tests.shell.ledger.damage import content, packed, put, spoil


def events_of(seed: int) -> tuple[ev.Event, ...]:
    """All events of a random story, with intents."""
    dice = random.Random(seed)
    story = Story([dice.randrange(1 << 16) for _ in range(300)])
    story.run()
    return tuple(story.ledger)


def written(workspace: WorkspacePaths, events: tuple[ev.Event, ...]) -> None:
    it = Ledger(workspace.ledger)
    it.open()
    world = World()
    for first in range(0, len(events), 5):
        step = events[first : first + 5]
        it.append(step, lambda _: {})
        for event in step:
            world = evolve(world, event)
        if it.due:
            it.compact(world, step[-1].at)
    it.close()
    packed(workspace.ledger)


def fold(events: Iterator[ev.Event] | tuple[ev.Event, ...]) -> World:
    """The fold of what follows from the events before it."""
    world = World()
    for event in events:
        try:
            world = evolve(world, event)
        except Exception:
            continue
    return world


@contextmanager
def opened(workspace: WorkspacePaths) -> Iterator[tuple[World | None, tuple[ev.Event, ...]]]:
    it = Ledger(workspace.ledger)
    try:
        found = it.open()
        yield found.world, found.events
    finally:
        it.close()


@pytest.mark.promise("ledger repaired")
@pytest.mark.parametrize("seed", range(20))
def test_a_repaired_ledger_is_the_fold_of_its_undamaged_lines_and_a_second_repair_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(store, "SEGMENT", 20_000)
    luck = random.Random(seed)
    workspace = WorkspacePaths(tmp_path)
    events = events_of(seed)
    written(workspace, events)
    files = [one.path for one in segments(workspace.ledger)]
    if workspace.ledger.stat().st_size > 1000:
        files.append(workspace.ledger)
    damaged: dict[str, bytes] = {}
    for file in luck.sample(files, min(len(files), luck.randrange(1, 3))):
        damaged[file.name] = spoil(content(file), luck)[1]
        put(file, damaged[file.name])

    planned = plan_repair(workspace)
    assert planned.needed
    kept = carry_out(workspace, planned)
    for name, data in damaged.items():
        (beside,) = [path for path in kept if path.name.startswith(f"{name}.damaged-")]
        assert unpacked(beside) == data
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    left = [events[line.seq - 1] for line in planned.found.lines]
    with opened(workspace) as (world, found):
        assert world is None
        assert isinstance(found[-1], ev.LedgerRepaired)
        assert fold(found[:-1]) == planned.world == fold(tuple(left))
        after = fold(found)
        assert after.plan.hold is (planned.world.plan.hold or bool(planned.lost))
        again = ev.SupervisorStarted(
            found[-1].at, 1, "1", tuple(one.child for one in after.servers.values()), (), (1.0,)
        )
        advance(after, again)
    before = {path: path.read_bytes() for path in workspace.state.rglob("*") if path.is_file()}
    assert not plan_repair(workspace).needed
    assert {path: path.read_bytes() for path in workspace.state.rglob("*") if path.is_file()} == before


def unpacked(path: Path) -> bytes:
    """The content of a kept file, which may be a packed one."""
    data = path.read_bytes()
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def test_no_ledger_is_repaired_while_a_supervisor_is_up(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    written(workspace, events_of(1))
    workspace.ledger.write_bytes(workspace.ledger.read_bytes().replace(b'"seq":3,', b'"seq":4,', 1))
    before, planned = workspace.ledger.read_bytes(), plan_repair(workspace)
    held = lock.take(workspace)
    assert held is not None
    with held, pytest.raises(RequestRefused, match="a supervisor is up: run `orch down`"):
        carry_out(workspace, planned)
    assert workspace.ledger.read_bytes() == before


def test_a_repair_that_was_interrupted_is_completed_by_the_next_one_and_holds_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT", 20_000)
    workspace = WorkspacePaths(tmp_path)
    written(workspace, events_of(2))
    for file in (segments(workspace.ledger)[0].path, workspace.ledger):
        put(file, b"".join(content(file).splitlines(keepends=True)[1:]))
    replaced = Path.replace

    def dies_after_the_first(path: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "replace", dies)
        return replaced(path, target)

    def dies(path: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", dies_after_the_first)
    with pytest.raises(KeyboardInterrupt):
        carry_out(workspace, plan_repair(workspace))
    monkeypatch.setattr(Path, "replace", replaced)
    planned = plan_repair(workspace)
    assert planned.needed
    carry_out(workspace, planned)
    with opened(workspace) as (_, found):
        assert fold(found).plan.hold
        assert sum(isinstance(event, ev.LedgerRepaired) for event in found) == 2


def test_a_lost_line_is_named_after_the_log_and_what_the_last_status_knew_is_in_doubt(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    events = events_of(3)
    written(workspace, events)
    lines = workspace.ledger.read_bytes().splitlines(keepends=True)
    workspace.logs.mkdir()
    log = [json.dumps({**json.loads(line), "task": "T9"}) + "\n" for line in lines[40:50]]
    (workspace.logs / "supervisor.jsonl").write_text("".join(log), encoding="utf-8")
    world = fold(events[:40] + events[41:])
    name = next(task for task, state in world.tasks.items() if state.phase is Phase.IDLE)
    last = {"id": name, "state": "done", "runs": 9, "summary": "All of it."}
    workspace.last_status.write_text(json.dumps({"tasks": [last]}), encoding="utf-8")
    workspace.ledger.write_bytes(b"".join(lines[:40] + lines[41:]))
    planned = plan_repair(workspace)
    assert [(one.seq, one.event, one.task) for one in planned.lost] == [(41, json.loads(lines[40])["event"], "T9")]
    assert planned.doubts[0] == ev.Doubt(name, "the last status said done: All of it.")
