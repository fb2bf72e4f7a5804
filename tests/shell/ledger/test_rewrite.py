"""A damaged ledger is written anew: each damaged file is kept beside, and those that are whole are not touched."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supervisor.domain import event as ev
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.shell.ledger import store
from supervisor.shell.ledger.checkpoint import NAME
from supervisor.shell.ledger.damage import examine
from supervisor.shell.ledger.lines import encode
from supervisor.shell.ledger.rewrite import rewrite
from supervisor.shell.ledger.segments import FOLDER, segments
from supervisor.shell.ledger.store import Ledger
from tests.shell.ledger.damage import COUNT, content, note, opened, packed, put

AT = datetime(2026, 7, 2, 8, 30, tzinfo=UTC)
STAMP = "20260702T083000Z"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of closed parts and an open one, with a checkpoint."""
    monkeypatch.setattr(store, "SEGMENT", 800)
    it = Ledger(tmp_path / "ledger.jsonl")
    it.open()
    for number in range(1, COUNT + 1):
        it.append((note(number),), lambda _: {})
        if it.due:
            it.compact(World(), note(number).at)
    it.close()
    packed(tmp_path / "ledger.jsonl")
    return tmp_path / "ledger.jsonl"


def bodies_of(path: Path) -> dict[int, bytes]:
    """What is left, with a note about itself in the place of each lost event."""
    found = examine(path)
    bodies = {line.seq: line.body for line in found.lines}
    for one in found.lost:
        bodies[one.seq] = json.dumps(encode(ev.LearningNoted(AT, "human", "lost"), one.seq)).encode()
    return bodies


def files(path: Path) -> dict[str, bytes]:
    return {str(one.relative_to(path.parent)): one.read_bytes() for one in path.parent.rglob("*") if one.is_file()}


def test_only_the_damaged_part_is_written_anew_and_the_damaged_one_is_kept_for_its_owner(path: Path) -> None:
    part = segments(path)[1]
    lines = content(part.path).splitlines(keepends=True)
    put(part.path, b"".join([lines[0], lines[1].replace(b"x", b"y", 1), *lines[2:]]))
    before = files(path)
    lost = part.first + 1
    assert [one.seq for one in examine(path).lost] == [lost]

    kept = rewrite(path, examine(path), bodies_of(path), AT)

    assert [one.name for one in kept] == [f"{name}.damaged-{STAMP}" for name in (NAME, path.name, part.path.name)], (
        "also the checkpoint, which knows what is lost, and the open file, which tells of the repair"
    )
    after = files(path)
    for one in kept:
        name = str(one.relative_to(path.parent))
        assert after.pop(name) == before[name.removesuffix(f".damaged-{STAMP}")]
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
    del before[f"{FOLDER}/{NAME}"]
    written = {str(one.relative_to(path.parent)) for one in (part.path, path)}
    assert {name: data for name, data in after.items() if name not in written} == {
        name: data for name, data in before.items() if name not in written
    }
    assert set(after) == set(before)
    assert examine(path).spots == ()
    assert opened_texts(path) == ["lost" if number == lost else note(number).text for number in range(1, COUNT + 1)]


def test_a_part_that_is_gone_is_made_again(path: Path) -> None:
    whole = opened_texts(path)
    first, second, third, *_ = segments(path)
    second.path.unlink()
    bodies = bodies_of(path)
    rewrite(path, examine(path), bodies, AT)
    assert [(one.first, one.last) for one in segments(path)[:3]] == [
        (one.first, one.last) for one in (first, second, third)
    ]
    assert opened_texts(path) == [
        "lost" if second.first <= number <= second.last else text for number, text in enumerate(whole, 1)
    ]


def test_a_second_repair_in_the_same_second_keeps_what_the_first_one_kept(path: Path) -> None:
    last = segments(path)[-1].last
    for name in ("", "-1", "-2"):
        damaged = path.read_bytes().replace(b'"seq":%d,' % (last + 1), b'"seq":0,')
        path.write_bytes(damaged)
        kept = rewrite(path, examine(path), bodies_of(path), AT)
        beside = path.with_name(f"{path.name}.damaged-{STAMP}{name}")
        assert kept[-1] == beside
        assert beside.read_bytes() == damaged


def test_a_file_system_without_hard_links_keeps_a_copy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    damaged = path.read_bytes()[5:]
    path.write_bytes(damaged)
    kept = rewrite(path, examine(path), bodies_of(path), AT)
    assert kept[-1].read_bytes() == damaged
    assert kept[-1].stat().st_ino != path.stat().st_ino
    assert examine(path).spots == ()


def test_the_open_file_is_written_although_it_is_gone(path: Path) -> None:
    whole, part = opened_texts(path), segments(path)[-1]
    path.unlink()
    put(part.path, content(part.path).replace(b'"seq":%d,' % part.last, b'"seq":0,'))
    rewrite(path, examine(path), bodies_of(path), AT)
    assert opened_texts(path) == [*whole[: part.last - 1], "lost"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_told_with_what_to_do_next(path: Path) -> None:
    path.write_bytes(path.read_bytes()[5:])
    found, bodies = examine(path), bodies_of(path)
    half = path.with_name(f"{path.name}.half")
    half.mkdir()  # also root cannot open it for writing
    with pytest.raises(StoreError) as error:
        rewrite(path, found, bodies, AT)
    assert error.value.what == f"the ledger {path} cannot be repaired (Is a directory)"
    assert error.value.next_step == (
        "make room on the disk and make the folder writable, then run `orch doctor --repair` again"
    )
    half.rmdir()
    rewrite(path, examine(path), bodies_of(path), AT)
    assert examine(path).spots == ()


def test_a_small_ledger_that_has_no_folder_yet_is_repaired_too(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    it = Ledger(path)
    it.open()
    it.append([note(one) for one in (1, 2, 3)], lambda _: {})
    it.close()
    path.write_bytes(path.read_bytes().replace(b"2 xx", b"2 xy"))
    kept = rewrite(path, examine(path), bodies_of(path), AT)
    assert [one.name for one in kept] == [f"ledger.jsonl.damaged-{STAMP}"]
    assert opened_texts(path) == [note(1).text, "lost", note(3).text]


def opened_texts(path: Path) -> list[str]:
    """The texts of all events, also of those that a checkpoint spares us."""
    (path.parent / FOLDER / NAME).unlink(missing_ok=True)
    return [event.text for event in opened(path) if isinstance(event, ev.LearningNoted)]
