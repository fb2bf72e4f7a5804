"""The fingerprint of a work tree is another one if, and only if, something in it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.shell.git.changes import changes_of
from supervisor.shell.git.inside import read_inside
from supervisor.shell.git.tree import fingerprint, read_status, read_tree
from tests.gitrepo import commit, git, new_repo

pytestmark = pytest.mark.timeout(20)


def print_of(repo: Path) -> str:
    status = read_status(repo, frozenset())
    return fingerprint(repo, status, read_inside(repo, status.out))


def test_every_change_of_head_index_and_files_shows_and_reading_does_not(repo: Path) -> None:
    seen = [print_of(repo)]
    for change in ("touch", "edit", "edit again", "stage", "new", "new again", "program", "remove", "commit"):
        match change:
            case "touch":
                (repo / "a").touch()
            case "edit" | "edit again":
                (repo / "a").write_text(change, encoding="utf-8")
            case "stage":
                git(repo, "add", "a")
            case "new" | "new again":
                (repo / "new").write_text(change, encoding="utf-8")
            case "program":
                (repo / "new").chmod(0o755)
            case "remove":
                (repo / "new").unlink()
            case _:
                commit(repo)
        seen.append(print_of(repo))
        assert print_of(repo) == seen[-1], change
    assert seen[1] == seen[0], "a file with another time and the same content is the same"
    assert seen.pop(8) == seen[4], "without the new file it is as it was when the edit was staged"
    assert len(set(seen[1:])) == len(seen[1:])


def test_commits_and_edits_in_a_submodule_and_in_a_nested_repo_show(repo: Path, tmp_path: Path) -> None:
    library = new_repo(tmp_path / "library")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "svc")
    nested = new_repo(repo / "nested")
    commit(repo)
    seen = [print_of(repo)]
    for inner in (repo / "svc", nested):
        for text in ("one", "two"):
            (inner / "a").write_text(text, encoding="utf-8")
            seen.append(print_of(repo))
            commit(inner)
            seen.append(print_of(repo))
    assert len(set(seen)) == len(seen)
    assert print_of(repo) == seen[-1]


def test_a_repo_inside_that_can_no_longer_be_read_shows(repo: Path) -> None:
    nested = new_repo(repo / "nested")
    before = print_of(repo)
    (nested / ".git" / "index").write_bytes(b"no index")
    assert print_of(repo) != before


def test_a_file_that_is_gone_is_missing_also_where_its_folder_became_a_file(repo: Path) -> None:
    (repo / "lib").mkdir()
    (repo / "lib" / "b").write_text("b\n", encoding="utf-8")
    commit(repo)
    (repo / "a").unlink()
    (repo / "lib" / "b").unlink()
    before = read_tree(repo)
    assert before.entries == (("a", "missing"), ("lib/b", "missing"))
    (repo / "lib").rmdir()
    (repo / "lib").write_text("a file now\n", encoding="utf-8")
    assert dict(read_tree(repo).entries)["lib/b"] == "missing"
    assert changes_of(repo, before)[0] == ("lib",)


def test_what_is_no_regular_file_is_told_by_its_kind_and_a_link_by_where_it_leads(repo: Path) -> None:
    for name in ("a", "b"):
        (repo / name).unlink(missing_ok=True)
    (repo / "a").symlink_to("nowhere")
    (repo / "b").symlink_to("elsewhere")
    links = dict(read_tree(repo).entries)
    assert [links[name].split()[0] for name in ("a", "b")] == ["link", "link"]
    assert links["a"] != links["b"]
    (repo / "a").unlink()
    os.mkfifo(repo / "a")
    assert dict(read_tree(repo).entries)["a"] == "special"
