"""Compact a long ledger: old segments are packed, the world is kept, and no event is lost, doubled or read twice."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from supervisor.domain import event as ev
from supervisor.domain.world import Learning, World
from supervisor.errors import StoreError
from supervisor.shell.ledger import checkpoint, store
from supervisor.shell.ledger.segments import pack, raw_lines, segments
from supervisor.shell.ledger.store import Ledger, Opened
from tests.core.engine.story import Story

START = datetime(2026, 7, 1, 12, tzinfo=UTC)


def note(number: int) -> ev.LearningNoted:
    return ev.LearningNoted(START + timedelta(seconds=number), "human", f"{number} " + "x" * 40)


def world_of(events: list[ev.LearningNoted]) -> World:
    """A simple fold in which every event can be seen, in place of the core's."""
    return World(learnings=tuple(Learning(one.at, one.source, one.text) for one in events))


def world_in(opened: Opened) -> World:
    world = opened.world or World()
    new = [Learning(one.at, one.source, one.text) for one in opened.events if isinstance(one, ev.LearningNoted)]
    return replace(world, learnings=(*world.learnings, *new))


def write(path: Path, numbers: range, *, compacting: bool = True) -> None:
    """Do what one supervisor does: open the ledger, append a note for each number, compact, close."""
    ledger = Ledger(path)
    try:
        world = world_in(ledger.open())
        for number in numbers:
            event = note(number)
            ledger.append((event,), lambda _: {})
            world = replace(world, learnings=(*world.learnings, Learning(event.at, event.source, event.text)))
            if compacting and ledger.due:
                ledger.compact(world, event.at)
    finally:
        ledger.close()
        for thread in threading.enumerate():
            if thread.name == "pack the ledger":
                thread.join(5)


def numbers_of(path: Path) -> list[int]:
    return [json.loads(line)["seq"] for line in raw_lines(path)]


def found(path: Path) -> Opened:
    ledger = Ledger(path)
    try:
        return ledger.open()
    finally:
        ledger.close()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "SEGMENT", 500)
    return tmp_path / ".orchestrator" / "ledger.jsonl"


@pytest.mark.promise("start time bounded")
def test_only_the_newest_segment_is_read_however_old_the_ledger_is(path: Path) -> None:
    write(path, range(20))
    write(path, range(20, 40))

    opened = found(path)
    assert world_in(opened) == world_of([note(number) for number in range(40)])
    assert len(opened.events) < 10
    assert opened.last == note(39).at
    assert numbers_of(path) == list(range(1, 41))
    closed = segments(path)
    assert len(closed) > 3
    assert all(segment.packed and os.stat(segment.path).st_mode & 0o777 == 0o600 for segment in closed)
    assert [one.first for one in closed[1:]] == [one.last + 1 for one in closed[:-1]]


def test_a_damaged_segment_is_an_error(path: Path) -> None:
    write(path, range(20))
    victim = segments(path)[0].path
    (path.parent / "ledger" / "world.json").unlink()
    victim.write_bytes(victim.read_bytes()[:-9])
    with pytest.raises(StoreError) as caught:
        found(path)
    assert str(victim) in caught.value.what
    victim.write_bytes(gzip.compress(b'{"seq": "one"}\n'))
    with pytest.raises(StoreError):
        found(path)


@pytest.mark.parametrize("missing", [0, 1, -1])
def test_a_missing_segment_is_an_error_and_is_not_skipped(path: Path, missing: int) -> None:
    write(path, range(20))
    write(path, range(20, 21), compacting=False)
    victim = segments(path)[missing]
    victim.path.unlink()
    with pytest.raises(StoreError, match=f"lacks the events {victim.first} to {victim.last}"):
        found(path)


@pytest.mark.parametrize("spoil", ["torn", "garbled", "no gzip"])
def test_reading_the_lines_of_a_damaged_segment_raises_os_error(path: Path, spoil: str) -> None:
    write(path, range(20))
    victim = segments(path)[0].path
    content = victim.read_bytes()
    middle = len(content) // 2
    spoilt = {
        "torn": content[:middle],
        "garbled": content[:middle] + bytes(255 - one for one in content[middle:]),
        "no gzip": b"nothing\n",
    }[spoil]
    victim.write_bytes(spoilt)
    with pytest.raises(OSError, match="the file is damaged") as caught:
        list(raw_lines(path))
    assert caught.value.filename == str(victim)


def test_the_code_digest_covers_all_code_that_derives_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(str(path)) or real(path))
    checkpoint.code_digest.__wrapped__()
    assert [
        part
        for part in ("domain/world.py", "core/engine/evolve.py", "ledger/lines.py", "wire/plain.py")
        if not any(one.endswith(part) for one in read)
    ] == []


@pytest.mark.promise("ledger whole")
@pytest.mark.parametrize("spoil", ["remove", "truncate", "garble", "other code"])
def test_an_unusable_checkpoint_costs_only_time(path: Path, spoil: str, monkeypatch: Any) -> None:
    write(path, range(20))
    kept = path.parent / "ledger" / "world.json"
    content = kept.read_bytes()
    if spoil == "other code":
        monkeypatch.setattr(checkpoint, "code_digest", lambda: "another")
    else:
        spoilt = {"remove": None, "truncate": content[:-5], "garble": content.replace(b"human", b"humbn", 1)}[spoil]
        kept.unlink()
        if spoilt is not None:
            kept.write_bytes(spoilt)

    opened = found(path)
    assert (opened.world, len(opened.events)) == (None, 20)
    assert world_in(opened) == world_of([note(number) for number in range(20)])
    write(path, range(20, 21))  # the next compaction writes a new checkpoint
    opened = found(path)
    assert (len(opened.events), len(world_in(opened).learnings)) == (0, 21)


def test_a_restored_older_ledger_wins_over_a_newer_checkpoint(path: Path) -> None:
    write(path, range(5), compacting=False)
    before = path.read_bytes()
    write(path, range(5, 8))
    for segment in segments(path):
        segment.path.unlink()
    path.write_bytes(before)

    assert world_in(found(path)) == world_of([note(number) for number in range(5)])


@pytest.mark.promise("damaged state")
def test_a_ledger_that_cannot_be_compacted_still_grows(path: Path) -> None:
    path.parent.mkdir()
    (path.parent / "ledger").write_text("in the way", encoding="utf-8")
    ledger = Ledger(path)
    ledger.open()
    failed = 0
    for number in range(20):
        ledger.append((note(number),), lambda _: {})
        if ledger.due:
            with pytest.raises(StoreError):
                ledger.compact(World(), note(number).at)
            failed += 1
    ledger.close()

    assert 1 < failed < 10, "it is tried again now and then, not at every step"
    assert world_in(found(path)) == world_of([note(number) for number in range(20)])
    assert numbers_of(path) == list(range(1, 21))


class Killed(BaseException):
    """The supervisor dies here."""


STEPS = (
    *((os, name) for name in ("fsync", "open", "ftruncate", "fchmod")),
    *((Path, name) for name in ("rename", "replace", "unlink")),
)


@pytest.mark.promise("ledger whole")
def test_no_event_is_lost_or_doubled_whichever_step_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT", 500)
    monkeypatch.setattr(store.threading, "Thread", ThreadStandin)
    expected = world_of([note(number) for number in range(13)])
    for last in itertools.count():
        path = tmp_path / str(last) / "ledger.jsonl"
        write(path, range(7))
        with monkeypatch.context() as patched:
            left = iter(range(last))
            for owner, name in STEPS:
                patched.setattr(owner, name, dying(getattr(owner, name), left))
            try:
                write(path, range(7, 11))
            except Killed:
                completed = False
            else:
                completed = True
        done = len(world_in(found(path)).learnings)
        assert 7 <= done <= 11
        assert numbers_of(path) == list(range(1, done + 1))
        write(path, range(done, 13))
        assert world_in(found(path)) == expected
        assert numbers_of(path) == list(range(1, 14))
        if completed:
            assert last > 15, "too few steps were interrupted"
            break


def dying(real: Callable[..., Any], left: Any) -> Callable[..., Any]:
    """Wrap `real` so that the supervisor dies just before the call when no steps are left."""

    def step(*args: Any, **options: Any) -> Any:
        if next(left, None) is None:
            raise Killed
        return real(*args, **options)

    return step


class ThreadStandin:
    """A thread that runs at once, so that it dies with the rest."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...], **_: Any) -> None:
        self._do = lambda: target(*args)

    def start(self) -> None:
        self._do()


def test_segments_that_are_closed_in_quick_succession_are_packed_one_after_the_other(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[int] = []
    met, real = threading.Event(), store.pack

    def watched(ledger: Path) -> None:
        inside.append(1)
        if len(inside) > 1:
            met.set()
        met.wait(0.3)  # gives another one time to come in, which must not happen
        real(ledger)
        inside.pop()

    monkeypatch.setattr(store, "pack", watched)
    write(path, range(20))
    assert not met.is_set()
    assert all(segment.packed for segment in segments(path))
    assert numbers_of(path) == list(range(1, 21))


def test_a_segment_that_is_packed_meanwhile_can_still_be_read(path: Path) -> None:
    write(path, range(20))
    first = segments(path)[0]
    plain = first.path.with_suffix("")
    plain.write_bytes(gzip.decompress(first.path.read_bytes()))
    first.path.unlink()
    (seen, *_) = segments(path)
    assert not seen.packed
    pack(path)
    with seen.open() as file:
        assert json.loads(next(file))["seq"] == 1


def test_packing_again_after_an_interruption_leaves_each_segment_once(path: Path) -> None:
    write(path, range(20))
    first = segments(path)[0]
    plain = first.path.with_suffix("")
    plain.write_bytes(gzip.decompress(first.path.read_bytes()))
    assert numbers_of(path) == list(range(1, 21))
    pack(path)
    assert not plain.exists()
    assert numbers_of(path) == list(range(1, 21))


def test_a_world_comes_back_as_it_was() -> None:
    for seed in range(12):
        dice = random.Random(seed)
        story = Story([dice.randrange(1 << 16) for _ in range(600)])
        story.run()
        assert story.world is not None
        world = replace(story.world, learnings=(*story.world.learnings, Learning(START, "a", "no UTF-8: \udcff \x00")))
        assert checkpoint.loaded(checkpoint.dumped(world)) == world
