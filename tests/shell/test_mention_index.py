"""The index returns what was written last, and can be rebuilt at any time."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supervisor.domain.link import Kind, Mention, Role
from supervisor.domain.repo.git import Revision
from supervisor.errors import StoreError
from supervisor.shell import mention_index as indexes
from supervisor.shell.mention_index import IndexedFile, MentionIndex

HEADER = Mention(Kind.HEADER, "x-token", "X-Token", 3, Role.USES, "", 0)
KEY = Mention(Kind.KEY, "retryafter", "retry_after", 4, Role.NAMES, "", 1)
ROUTE = Mention(Kind.ROUTE, "/v1/devices", "/v1/devices", 5, Role.PROVIDES, "GET", 0)


def read(name: str, *mentions: tuple[str, Mention], token: str = "t1", skipped: str = "") -> IndexedFile:
    return IndexedFile(name, token, False, skipped, mentions)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


def test_a_name_in_two_children_is_shared_and_so_is_every_route(path: Path) -> None:
    index = MentionIndex(path)
    index.update(
        "a", [read("a.py", ("header x-token", HEADER), ("word retryafter", KEY), ("route /v1/devices", ROUTE))], ()
    )
    index.update("b", [read("b.ts", ("header x-token", HEADER))], ())

    assert sorted(index.shared()) == [
        ("header x-token", "a", "a.py", False, HEADER),
        ("header x-token", "b", "b.ts", False, HEADER),
        ("route /v1/devices", "a", "a.py", False, ROUTE),
    ]


def test_what_proves_nothing_anywhere_is_not_shared(path: Path) -> None:
    index = MentionIndex(path)
    for child in ("a", "b"):
        index.update(child, [read("f", ("word x", KEY._replace(weak=2)), ("word y", KEY))], ())

    assert {row[0] for row in index.shared()} == {"word y"}


def test_a_name_that_occurs_in_hundreds_of_files_is_not_shared(path: Path) -> None:
    index = MentionIndex(path)
    for child in ("a", "b"):
        index.update(child, [read(f"f{number}", ("word x", KEY)) for number in range(101)], ())

    assert list(index.shared()) == []


def test_updating_a_file_replaces_its_mentions(path: Path) -> None:
    index = MentionIndex(path)
    index.update("a", [read("a.py", ("route /v1/devices", ROUTE))], ())
    index.update("a", [read("a.py", token="t2")], ())

    assert index.tokens("a") == {"a.py": "t2"}
    assert list(index.shared()) == []


def test_a_file_that_is_gone_is_removed(path: Path) -> None:
    index = MentionIndex(path)
    index.update("a", [read("a.py", ("route /v1/devices", ROUTE)), read("b.py")], ())
    index.update("a", (), ["a.py"])

    assert (index.tokens("a"), list(index.shared())) == ({"b.py": "t1"}, [])


def test_skipped_files_are_counted_by_reason(path: Path) -> None:
    index = MentionIndex(path)
    index.update("a", [read("a"), read("b"), read("c", skipped="vendored"), read("d", skipped="binary")], ())

    assert index.counts("a") == (2, (("binary", 1), ("vendored", 1)))


def test_children_that_left_are_removed(path: Path) -> None:
    index = MentionIndex(path)
    for child in ("a", "b"):
        index.update(child, [read("f")], ())
    index.keep_only(["b"])

    assert (index.tokens("a"), index.tokens("b")) == ({}, {"f": "t1"})


def test_a_note_is_of_one_version(path: Path) -> None:
    index = MentionIndex(path)
    index.note("past of a", "v1", "old")
    index.note("past of a", "v2", "new")

    assert (index.noted("past of a", "v1"), index.noted("past of a", "v2")) == (None, "new")


def test_the_revision_changes_with_each_update_and_not_without(path: Path) -> None:
    index = MentionIndex(path)
    seen = [index.revision()]
    for _ in range(2):
        index.update("a", [read("f")], ())
        seen += [index.revision(), index.revision()]

    assert seen[1] == seen[2] != seen[3] == seen[4]


def test_all_of_it_is_there_after_a_restart(path: Path) -> None:
    index = MentionIndex(path)
    index.update("a", [read("a.py", ("route /v1/devices", ROUTE))], ())
    before = list(index.shared())
    index.close()

    assert list(MentionIndex(path).shared()) == before != []


def test_an_index_of_another_version_is_rebuilt(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = MentionIndex(path)
    index.update("a", [read("f")], ())
    index.close()
    monkeypatch.setattr(indexes, "VERSION", indexes.VERSION + 1)

    assert MentionIndex(path).tokens("a") == {}


def test_a_damaged_index_is_rebuilt(path: Path) -> None:
    path.write_bytes(b"no database at all, and long enough to be looked at " * 100)
    index = MentionIndex(path)
    index.update("a", [read("f")], ())

    assert index.tokens("a") == {"f": "t1"}


def test_an_update_that_fails_half_way_changes_nothing(path: Path) -> None:
    index = MentionIndex(path)
    index.update("a", [read("f")], ())

    def files() -> object:
        yield read("g")
        raise RuntimeError("a reader broke")

    with pytest.raises(RuntimeError):
        index.update("a", files(), ["f"])  # type: ignore[arg-type]
    assert index.tokens("a") == {"f": "t1"}
    index.update("a", [read("h")], ())
    assert index.tokens("a") == {"f": "t1", "h": "t1"}


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be used"):
        MentionIndex(tmp_path / "missing" / "index.sqlite")


def test_it_is_one_file_that_any_sqlite_reads(path: Path) -> None:
    index = MentionIndex(path)
    index.update("a", [read("a.py", ("route /v1/devices", ROUTE))], ())
    index.close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT kind, name, line, role, detail FROM mention").fetchall() == [
            ("route", "/v1/devices", 5, "provides", "GET")
        ]
    db.close()


OLD = Revision("a" * 40, datetime(2026, 1, 2, tzinfo=UTC), "Ada", "Begin", initial=True)
NEW = Revision("b" * 40, datetime(2026, 3, 4, tzinfo=UTC), "Bob", "Claim devices")


def test_the_commit_that_brought_a_text_into_a_file_stays_and_follows_the_text_to_another_file(path: Path) -> None:
    later = Revision("c" * 40, *NEW[1:])
    index = MentionIndex(path)
    assert index.origins_head("a") == ""
    index.add_origins("a", "head 1", {"": {b"claim": NEW, b"devices": OLD}, "app.py": {b"claim": NEW}}, {})
    moved = {"app.py": {b"claim": ("app.py", "new.py"), b"unknown": ("new.py",)}}
    index.add_origins("a", "head 2", {"": {b"claim": later, b"later": later}}, moved)
    index.add_origins("b", "head 9", {"": {b"claim": OLD}}, {})

    spots = [(file, text) for file in ("", "app.py", "new.py") for text in (b"claim", b"devices", b"later", b"unknown")]
    assert index.origins("a", spots) == {
        ("", b"claim"): NEW,
        ("", b"devices"): OLD,
        ("", b"later"): later,
        ("app.py", b"claim"): NEW,
        ("new.py", b"claim"): NEW,
    }
    assert (index.origins_head("a"), index.origins_head("b")) == ("head 2", "head 9")


def test_the_origins_of_a_child_that_is_gone_are_forgotten_and_no_word_is_kept_as_it_is(path: Path) -> None:
    index = MentionIndex(path)
    spot = ("f.py", b"token_that_was_removed_later")
    for child in ("a", "b"):
        index.update(child, [read("f.py", ("header x-token", HEADER))], ())
        index.add_origins(child, "head", {spot[0]: {spot[1]: OLD}}, {})
    index.keep_only(["b"])

    assert index.origins("a", [spot]) == {}
    assert index.origins("b", [spot]) == {spot: OLD}
    assert (index.origins_head("a"), index.origins_head("b")) == ("", "head")
    index.close()
    assert spot[1] not in path.read_bytes()


def test_what_files_mention_is_listed_as_written_for_all_or_for_some(path: Path) -> None:
    index = MentionIndex(path)
    index.update("a", [read("a.py", ("route /v1/devices", ROUTE)), read("b.py", ("header x-token", HEADER))], ())
    assert sorted(index.shown("a")) == [("a.py", False, ROUTE.shown), ("b.py", False, HEADER.shown)]
    assert list(index.shown("a", ["b.py", "c.py"])) == [("b.py", False, HEADER.shown)]
