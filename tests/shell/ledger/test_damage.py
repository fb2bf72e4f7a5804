"""Whatever is damaged in a ledger is noticed, and everything else is still found."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path

import pytest

from supervisor.domain import event as ev
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.shell.ledger import store
from supervisor.shell.ledger.damage import examine
from supervisor.shell.ledger.lines import encode
from supervisor.shell.ledger.segments import raw_lines, segments
from supervisor.shell.ledger.store import Ledger
from supervisor.shell.ledger.sums import sealed
from tests.shell.ledger.damage import COUNT, START, content, note, opened, packed, put, spoil


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of four closed parts and an open one, without a checkpoint."""
    monkeypatch.setattr(store, "SEGMENT", 800)
    it = Ledger(tmp_path / "ledger.jsonl")
    it.open()
    for number in range(1, COUNT + 1):
        it.append((note(number),), lambda _: {"task": f"T{number}"})  # noqa: B023
        if it.due:
            it.compact(World(), note(number).at)
    it.close()
    packed(tmp_path / "ledger.jsonl")
    (tmp_path / "ledger" / "world.json").unlink()
    assert len(segments(tmp_path / "ledger.jsonl")) > 2
    assert (tmp_path / "ledger.jsonl").stat().st_size > 200
    return tmp_path / "ledger.jsonl"


@pytest.mark.promise("damage noticed")
@pytest.mark.parametrize("seed", range(120))
def test_random_damage_is_noticed_and_the_undamaged_lines_are_found(path: Path, seed: int) -> None:
    luck = random.Random(seed)
    file = luck.choice([path, *(one.path for one in segments(path))])
    before = content(file)
    kind, after = spoil(before, luck)
    assert after != before
    put(file, after)
    whole = {line: json.loads(line)["seq"] for line in before.splitlines()}
    expected = {seq for line, seq in whole.items() if line in after.splitlines()}
    others = {one for one in range(1, COUNT + 1) if one not in whole.values()}
    if not after.endswith(b"\n"):  # the very last line end was hit: `expected` has no line end
        expected = {seq for line, seq in whole.items() if line + b"\n" in after}

    with pytest.raises(StoreError, match="orch doctor --repair") as error:
        opened(path)
    assert str(file) in error.value.what, kind
    found = examine(path)
    assert found.spots
    assert expected | others <= {line.seq for line in found.lines}
    numbers = {line.seq for line in found.lines} | {one.seq for one in found.lost}
    unknown = {COUNT} if kind in ("cut", "zeros") and b'{"seq":%d,' % COUNT not in after else set()
    assert set(range(1, COUNT + 1)) - unknown <= numbers <= set(range(1, COUNT + 3)), "a part may count as a line"
    for line in found.lines:
        assert line.fields["text"] == note(line.seq).text


@pytest.mark.promise("damage noticed")
@pytest.mark.parametrize("seed", range(60))
def test_a_flipped_byte_of_a_packed_part_is_noticed_or_changes_no_line(path: Path, seed: int) -> None:
    luck = random.Random(seed)
    file = luck.choice(segments(path)).path
    data = bytearray(file.read_bytes())
    data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
    before = list(raw_lines(path))
    file.write_bytes(data)
    if examine(path).spots:
        with pytest.raises(StoreError, match="orch doctor --repair"):
            opened(path)
    else:
        opened(path)
        assert list(raw_lines(path)) == before


def test_what_a_damaged_line_still_says_is_told(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    seq = json.loads(lines[1])["seq"]
    lines[1] = lines[1].replace(b"human", b"humam")
    path.write_bytes(b"".join(lines))
    (lost,) = examine(path).lost
    assert (lost.seq, lost.event, lost.task, lost.child) == (seq, "learning_noted", f"T{seq}", None)
    assert str(examine(path).spots[0]) == f"{path}:2: its checksum does not fit"


def test_lines_of_an_older_version_need_no_checksum_before_or_after_those_that_have_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"

    def older(event: ev.Event, seq: int) -> bytes:
        return json.dumps(encode(event, seq), separators=(",", ":")).encode() + b"\n"

    def newer(*numbers: int) -> None:
        it = Ledger(path)
        it.open()
        it.append([note(number) for number in numbers], lambda _: {})
        it.close()

    started = ev.SupervisorStarted(START, 1, "0.1.0", (), (), (1.0,))
    path.write_bytes(older(note(1), 1) + older(note(2), 2))
    newer(3, 4)
    with path.open("ab") as file:  # somebody went back to the older version for a while
        file.write(older(started, 5) + older(note(6), 6))
    assert opened(path) == (*(note(one) for one in range(1, 5)), started, note(6))
    newer(7)
    assert opened(path) == (*(note(one) for one in range(1, 5)), started, note(6), note(7))
    whole = path.read_bytes()
    for damaged in (b"1 x", b"6 xx"):
        assert damaged in whole
        path.write_bytes(whole.replace(damaged, damaged.replace(b"x", b"y")))
        with pytest.raises(StoreError, match="its checksum does not fit the lines before it"):
            opened(path)


def test_a_whole_line_of_a_newer_version_is_not_called_damaged(path: Path) -> None:
    data = path.read_bytes()
    line, _ = sealed(b'{"seq":%d,"ts":"2026-07-01T12:00:00Z","event":"new_kind"}' % (COUNT + 1), zlib.crc32(data))
    path.write_bytes(data + line)
    with pytest.raises(StoreError, match="this is not an event of this version") as error:
        opened(path)
    assert error.value.next_step.startswith("run the version that wrote it")
    assert examine(path).spots == ()


def test_a_ledger_of_far_too_high_numbers_is_no_ledger_that_can_be_repaired(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(sealed(b'{"seq":%d,"ts":"2026-07-01T12:00:00Z","event":"hold_set"}' % 2**70, 0)[0])
    with pytest.raises(StoreError, match=r"move the `\.orchestrator` folder away"):
        opened(path)
