"""The ledger is removed, replaced or cut off while we append to it: no event is forgotten silently."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisor.domain import event as ev
from supervisor.domain.world import SupervisorState, World
from supervisor.errors import StoreError
from supervisor.shell.ledger import checkpoint, store
from supervisor.shell.ledger.segments import FOLDER, raw_lines
from supervisor.shell.ledger.store import Ledger
from supervisor.shell.ledger.sums import sealed
from tests.shell.ledger.written import AT, FIRST, unlabelled

WORLD = World(supervisor=SupervisorState(pid=7))
MORE: tuple[ev.Event, ...] = (ev.HoldSet(AT), ev.HoldLifted(AT))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".orchestrator" / "ledger.jsonl"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    it = Ledger(path)
    it.open()
    it.append(FIRST, unlabelled)
    yield it
    it.close()


def removed(path: Path) -> None:
    path.unlink()


def folder_removed(path: Path) -> None:
    shutil.rmtree(path.parent)


def replaced(path: Path) -> None:
    new = path.with_name("new")
    new.write_text("not ours\n", encoding="utf-8")
    new.replace(path)


def folder_restored(path: Path) -> None:
    shutil.copytree(path.parent, path.parent.with_name("backup"))
    shutil.rmtree(path.parent)
    path.parent.with_name("backup").rename(path.parent)


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def made_a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("nowhere"))


LOSSES = (removed, folder_removed, replaced, folder_restored, made_a_folder, made_a_link)


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.promise("ledger whole")
def test_what_was_removed_or_replaced_is_written_anew_with_all_events(
    lose: Callable[[Path], None], path: Path, ledger: Ledger
) -> None:
    lose(path)
    assert ledger.lost() is not None
    with pytest.raises(StoreError, match="orch writes it anew"):
        ledger.append(MORE, unlabelled)
    ledger.renew(WORLD, AT)
    assert ledger.lost() is None
    ledger.append(MORE, unlabelled)
    assert Ledger(path).open().events == (*FIRST, *MORE)


def test_what_was_put_in_its_place_is_kept(path: Path, ledger: Ledger) -> None:
    for text in ("one", "two"):
        path.unlink()
        path.write_text(text, encoding="utf-8")
        ledger.renew(WORLD, AT)
    kept = [path.with_name(f"ledger.jsonl.{name}").read_text(encoding="utf-8") for name in ("found", "found-2")]
    assert kept == ["one", "two"]


def test_a_file_that_was_emptied_gets_no_hole(path: Path, ledger: Ledger) -> None:
    os.truncate(path, 0)
    assert ledger.lost() == "was cut off"
    ledger.renew(WORLD, AT)
    ledger.append(MORE, unlabelled)
    again = Ledger(path)
    opened = again.open()
    assert (opened.world, opened.events) == (WORLD, MORE)
    assert [line["seq"] for line in again.append(MORE, unlabelled)] == [len(FIRST) + 3, len(FIRST) + 4]
    assert b"\0" not in path.read_bytes()


@pytest.mark.promise("ledger whole")
def test_a_file_that_is_emptied_while_we_write_is_written_anew(
    path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def emptied_meanwhile(body: bytes, running: int) -> tuple[bytes, int]:
        os.truncate(path, 0)
        return sealed(body, running)

    monkeypatch.setattr(store, "sealed", emptied_meanwhile)
    ledger.append(MORE, unlabelled)
    monkeypatch.undo()
    assert ledger.lost() == "was cut off"
    ledger.renew(WORLD, AT)
    ledger.append(MORE, unlabelled)
    opened = Ledger(path).open()
    assert (opened.world, opened.events) == (WORLD, MORE)


def test_what_somebody_added_is_kept_beside_it(path: Path, ledger: Ledger) -> None:
    whole = path.read_bytes()
    with path.open("a", encoding="utf-8") as file:
        file.write("mine\n")
    assert ledger.lost() == "was changed"
    ledger.renew(WORLD, AT)
    ledger.append(MORE, unlabelled)
    assert Ledger(path).open().events == (*FIRST, *MORE)
    assert path.with_name("ledger.jsonl.found").read_bytes() == whole + b"mine\n"


def test_what_was_edited_in_place_counts_no_more(path: Path, ledger: Ledger) -> None:
    path.write_bytes(path.read_bytes().replace(b"api", b"ipa") + b"more\n")
    ledger.renew(WORLD, AT)
    ledger.append(MORE, unlabelled)
    opened = Ledger(path).open()
    assert (opened.world, opened.events) == (WORLD, MORE)


@pytest.fixture
def long(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A ledger with a closed segment that is packed, and events after it."""
    monkeypatch.setattr(store, "SEGMENT", 100)
    ledger.compact(World(), AT)
    for one in threading.enumerate():
        if one.name == "pack the ledger":
            one.join(60)
    monkeypatch.setattr(store, "SEGMENT", 1 << 20)
    ledger.append(MORE, unlabelled)
    return ledger


def test_of_closed_segments_that_are_lost_the_world_is_kept(path: Path, long: Ledger) -> None:
    shutil.rmtree(path.parent)
    long.renew(WORLD, AT)
    long.append(MORE, unlabelled)
    opened = Ledger(path).open()
    assert (opened.world, opened.events) == (WORLD, MORE)
    assert len(list(raw_lines(path))) == 4, "those that were in the open file, and the new ones"


def test_a_lost_past_is_known_to_other_versions_too(path: Path, long: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(path.parent)
    long.renew(WORLD, AT)
    monkeypatch.setattr(checkpoint, "code_digest", lambda: "another")
    assert Ledger(path).open().world == WORLD


def test_without_the_checkpoint_a_lost_past_is_no_empty_one(path: Path, long: Ledger) -> None:
    shutil.rmtree(path.parent)
    long.renew(WORLD, AT)
    (path.parent / FOLDER / checkpoint.NAME).unlink()
    with pytest.raises(StoreError, match=r"lacks the events 1 to 4, and its checkpoint is gone"):
        Ledger(path).open()


def test_closed_segments_that_are_removed_alone_are_noticed(path: Path, long: Ledger) -> None:
    shutil.rmtree(path.parent / FOLDER)
    assert long.lost() == "lost its closed segments"
    long.renew(WORLD, AT)
    assert long.lost() is None
    long.append(MORE, unlabelled)
    assert (Ledger(path).open().world, sorted(one.name for one in path.parent.iterdir())) == (
        WORLD,
        ["ledger", "ledger.jsonl"],
    )


def test_segments_that_still_fit_are_kept_with_every_event(path: Path, long: Ledger) -> None:
    path.unlink()
    long.renew(WORLD, AT)
    checkpoint_of = path.parent / FOLDER / checkpoint.NAME
    checkpoint_of.unlink()
    assert Ledger(path).open().events == (*FIRST, *MORE)


def test_where_the_workspace_is_gone_the_open_file_goes_on(path: Path, ledger: Ledger) -> None:
    moved = path.parent.parent.with_name("moved")
    path.parent.parent.rename(moved)
    assert ledger.lost() is None
    ledger.append(MORE, unlabelled)
    path.parent.parent.mkdir()
    assert ledger.lost() is None, "another folder has its name"
    ledger.append(MORE, unlabelled)
    assert not path.exists()
    assert Ledger(moved / ".orchestrator" / "ledger.jsonl").open().events == (*FIRST, *MORE, *MORE)


def test_a_ledger_that_cannot_be_written_anew_records_nothing(path: Path, ledger: Ledger) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("a file in its place", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written anew"):
        ledger.renew(WORLD, AT)
    path.parent.unlink()
    ledger.renew(WORLD, AT)
    ledger.append(MORE, unlabelled)
    assert Ledger(path).open().events == (*FIRST, *MORE)
