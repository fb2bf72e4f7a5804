"""Repos inside a work tree: their changes are seen, and nothing of them runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from supervisor.domain.task import ChangeList, InnerRepo
from supervisor.shell.git import inside, run
from supervisor.shell.git.changes import changes_of
from supervisor.shell.git.tree import read_tree
from tests.gitrepo import Hostile, commit, empty_repo, git, new_repo

pytestmark = pytest.mark.timeout(20)


def submodule(outer: Path, name: str, source: Path) -> Path:
    """Add a repo as a submodule, and commit that."""
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(source), name)
    commit(outer)
    return outer / name


def write(file: Path, text: str = "new\n") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return new_repo(tmp_path / "library")


def test_an_edit_in_a_submodule_shows_with_its_files(repo: Path, library: Path) -> None:
    svc = submodule(repo, "svc", library)
    write(repo / "svc-2")
    before = read_tree(repo)
    assert before.inner == (InnerRepo("svc", git(svc, "rev-parse", "HEAD")),)
    assert changes_of(repo, before)[0] == ()
    write(svc / "a", "edited\n")
    write(svc / "new")
    write(repo / "svc-2", "again\n")
    git(repo, "add", "svc-2")
    assert changes_of(repo, before)[0] == ("svc (changed inside)", "svc/a", "svc-2", "svc/new")


def test_a_commit_in_a_submodule_shows_what_it_changed(repo: Path, library: Path) -> None:
    svc = submodule(repo, "svc", library)
    before = read_tree(repo)
    write(svc / "a", "edited\n")
    commit(svc)
    assert changes_of(repo, before)[0] == ("svc", "svc (changed inside)", "svc/a")
    middle = read_tree(repo)
    commit(svc)
    assert changes_of(repo, middle)[0] == ("svc (changed inside)",)


def test_a_submodule_that_git_tracks_without_a_list_of_them_shows_too(repo: Path, library: Path) -> None:
    shutil.copytree(library, repo / "svc")
    git(repo, "-c", "advice.addEmbeddedRepo=false", "add", "svc")
    git(repo, "commit", "-qm", "a link")
    assert not (repo / ".gitmodules").exists()
    before = read_tree(repo)
    write(repo / "svc" / "a", "edited\n")
    assert changes_of(repo, before)[0] == ("svc (changed inside)", "svc/a")


def test_an_index_in_two_parts_is_read(repo: Path, library: Path) -> None:
    submodule(repo, "svc", library)
    git(repo, "update-index", "--split-index")
    before = read_tree(repo)
    write(repo / "svc" / "a", "edited\n")
    assert changes_of(repo, before)[0] == ("svc (changed inside)", "svc/a")


def test_repos_in_each_other_show_each_with_its_files(repo: Path, library: Path) -> None:
    svc = submodule(repo, "svc", library)
    submodule(svc, "deep", library)
    new_repo(svc / "deep" / "own")
    commit(repo)
    before = read_tree(repo)
    write(svc / "deep" / "own" / "a", "edited\n")
    assert changes_of(repo, before)[0] == (
        "svc (changed inside)",
        "svc/deep (changed inside)",
        "svc/deep/own (changed inside)",
        "svc/deep/own/a",
    )


def test_an_edit_in_a_nested_repo_shows_and_so_does_a_repo_that_was_made(repo: Path) -> None:
    nested = new_repo(repo / "nested")
    empty_repo(repo / "unborn")
    before = read_tree(repo)
    assert changes_of(repo, before)[0] == ()
    write(nested / "a", "edited\n")
    write(repo / "unborn" / "x")
    made = new_repo(repo / "made")
    write(made / "draft")
    empty_repo(repo / "empty")
    (repo / "a").unlink()
    assert changes_of(repo, before)[0] == (
        "a",
        "empty (changed inside)",
        "made (changed inside)",
        "nested (changed inside)",
        "nested/a",
        "unborn (changed inside)",
        "made/a",
        "made/b",
        "made/draft",
        "unborn/x",
    )


def test_a_linked_work_tree_that_was_made_shows(repo: Path) -> None:
    before = read_tree(repo)
    git(repo, "worktree", "add", "-q", "-b", "side", "linked")
    write(repo / "linked" / "new")
    files = changes_of(repo, before)[0]
    assert files == ("linked (changed inside)", "linked/a", "linked/b", "linked/new")


def test_files_that_became_a_repo_do_not_count_as_changed(repo: Path) -> None:
    write(repo / "svc" / "x")
    before = read_tree(repo)
    git(repo, "init", "-q", "svc")
    assert changes_of(repo, before)[0] == ("svc (changed inside)",)


def test_a_repo_that_was_removed_is_named(repo: Path, library: Path) -> None:
    submodule(repo, "svc", library)
    nested = new_repo(repo / "nested")
    write(nested / "draft")
    write(repo / "svc" / "a", "dirty\n")
    before = read_tree(repo)
    shutil.rmtree(nested)
    git(repo, "rm", "-qf", "svc")
    assert changes_of(repo, before)[0] == (".gitmodules", "nested (repo removed)", "svc", "svc (repo removed)")


def test_what_was_listed_of_a_repo_goes_with_it_and_it_may_come_back(repo: Path, tmp_path: Path) -> None:
    nested = new_repo(repo / "nested")
    start = read_tree(repo)
    write(nested / "a", "edited\n")
    write(nested / "draft")
    _, listed = changes_of(repo, start)
    assert listed.files == ("nested (changed inside)", "nested/a", "nested/draft")
    base = read_tree(repo)
    nested.rename(tmp_path / "aside")
    files, removed = changes_of(repo, base, start, listed)
    assert files == removed.files == ("nested (repo removed)",)
    assert changes_of(repo, read_tree(repo), start, listed) == ((), ChangeList(reverted=listed.files))
    base = read_tree(repo)
    (tmp_path / "aside").rename(nested)
    write(nested / "a", "one\n")
    _, listed = changes_of(repo, base, start, removed)
    assert listed.files == ("nested (changed inside)", "nested/draft")


def test_a_repo_that_git_cannot_read_is_named_once_it_is_broken(repo: Path) -> None:
    nested = new_repo(repo / "nested")
    whole = read_tree(repo)
    (nested / ".git" / "index").write_bytes(b"no index")
    broken = read_tree(repo)
    assert broken.inner == (InnerRepo("nested", readable=False),)
    assert changes_of(repo, whole)[0] == ("nested (cannot be read)",)
    assert changes_of(repo, broken)[0] == ()
    (nested / ".git" / "index").unlink()
    assert changes_of(repo, broken)[0] == ()


def test_an_older_tree_that_knows_no_inner_repos_is_compared_without_them(repo: Path) -> None:
    nested = new_repo(repo / "nested")
    write(nested / "draft")
    before = read_tree(repo, inside=False)
    assert [name for name, _ in before.entries] == ["nested/"]
    write(repo / "a", "edited\n")
    assert changes_of(repo, before)[0] == ("a",)


def test_no_file_can_pass_for_what_is_said_of_a_repo(repo: Path) -> None:
    before = read_tree(repo)
    write(repo / "b (changed inside)")
    write(repo / "b (repo removed)")
    commit(repo)
    write(repo / "c (cannot be read)")
    assert changes_of(repo, before)[0] == (
        "b \\x28changed inside)",
        "b \\x28repo removed)",
        "c \\x28cannot be read)",
    )


def test_names_in_a_repo_inside_that_are_hard_to_show_stay_distinct(repo: Path) -> None:
    folder = Path(os.fsdecode(bytes(repo) + b"/n\xff\n"))
    nested = new_repo(folder)
    before = read_tree(repo)
    Path(os.fsdecode(bytes(nested) + b"/\xc2\x85")).write_bytes(b"x")
    Path(os.fsdecode(bytes(nested) + b"/\x85")).write_bytes(b"x")
    commit(nested)
    assert changes_of(repo, before)[0] == (
        "n\\xff\\n (changed inside)",
        "n\\xff\\n/\\u0085",
        "n\\xff\\n/\\x85",
    )


def test_repos_beyond_the_bounds_are_not_read_and_the_list_is_open(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("n1", "n2", "n3"):
        new_repo(repo / name)
    monkeypatch.setattr(inside, "MOST", 2)
    before = read_tree(repo)
    assert ([one.path for one in before.inner or ()], before.inner_cut) == (["n1", "n2"], True)
    monkeypatch.setattr(inside, "MOST", 3)
    write(repo / "n1" / "a", "edited\n")
    files, found = changes_of(repo, before)
    assert (files, found.open_ended) == (("n1 (changed inside)", "n1/a"), True)
    monkeypatch.setattr(inside, "DEEPEST", 0)
    assert read_tree(repo).inner == ()
    monkeypatch.setattr(inside, "DEEPEST", 5)
    monkeypatch.setattr(inside, "PATIENCE", 0.0)
    assert read_tree(repo).inner == ()


def test_a_repo_without_repos_inside_takes_one_call_of_git(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    real = run.run_git

    def counted(path: Path, *args: str, **rest: object) -> object:
        called.append(args[0])
        return real(path, *args, **rest)  # type: ignore[arg-type]

    for module in ("config", "inside"):
        monkeypatch.setattr(f"supervisor.shell.git.{module}.run_git", counted)
    before = read_tree(repo)
    write(repo / "a", "edited\n")
    changes_of(repo, before)
    assert called == ["status", "status"]
    called.clear()
    new_repo(repo / "nested")
    read_tree(repo)
    assert called == ["status", "status"]


@pytest.mark.promise("reading is safe")
def test_nothing_of_a_hostile_repo_inside_runs(repo: Path, tmp_path: Path) -> None:
    nested = new_repo(repo / "nested")
    for name in ("c", "d"):
        write(nested / name, "same\n")
    commit(nested)
    hostile = Hostile(nested, tmp_path / "canaries")
    before = read_tree(repo)
    hostile.make_everything_dirty()
    head = git(nested, "-c", "core.hooksPath=/dev/null", "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "x")
    write(nested / ".git" / "refs" / "heads" / "main", head + "\n")
    names = [f"nested/{name}" for name in ("a", "b", "c", "d")]
    assert changes_of(repo, before)[0] == ("nested (changed inside)", *names)
    assert hostile.ran() == set()


@pytest.mark.promise("reading is safe")
def test_a_repo_inside_cannot_point_us_to_another_folder(repo: Path, tmp_path: Path) -> None:
    private = new_repo(tmp_path / "private")
    write(private / "secret")
    for name in ("moved", "linked"):
        new_repo(repo / name)
    git(repo / "moved", "config", "core.worktree", str(private))
    before = read_tree(repo)
    write(repo / "moved" / "x")
    shutil.rmtree(repo / "linked")
    (repo / "linked").symlink_to(private)
    assert changes_of(repo, before)[0] == (
        "linked (repo removed)",
        "moved (changed inside)",
        "linked",
        "moved/x",
    )


def test_a_submodule_whose_git_folder_is_broken_is_not_taken_for_the_repo_around_it(repo: Path, library: Path) -> None:
    svc = submodule(repo, "svc", library)
    before = read_tree(repo)
    shutil.rmtree(repo / ".git" / "modules" / "svc" / "refs")
    write(svc / "a", "edited\n")
    assert changes_of(repo, before)[0] == ("svc (cannot be read)",)


def test_a_link_to_a_folder_that_the_index_names_is_not_followed(repo: Path, tmp_path: Path) -> None:
    new_repo(tmp_path / "away" / "svc")
    new_repo(repo / "lib" / "svc")
    git(repo, "-c", "advice.addEmbeddedRepo=false", "add", "lib/svc")
    git(repo, "commit", "-qm", "a link")
    shutil.rmtree(repo / "lib")
    (repo / "lib").symlink_to(tmp_path / "away")
    assert read_tree(repo).inner == ()


def test_a_repo_inside_that_belongs_to_somebody_else_is_read_only_if_git_trusts_it(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_repo(repo / "nested")
    monkeypatch.setattr(inside.os, "geteuid", lambda: 12345)
    monkeypatch.setattr(inside, "toplevel", lambda path: path.parent)
    assert read_tree(repo).inner == (InnerRepo("nested", readable=False),)
    monkeypatch.setattr(inside, "toplevel", lambda path: path)
    assert [one.readable for one in read_tree(repo).inner or ()] == [True]
