"""A kept tree holds the work tree byte for byte, and keeping it touches nothing of the user's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import read_git
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.tree import read_now
from tests.gitrepo import commit, empty_repo, git, new_repo
from tests.landscape import write
from tests.shell.git.keep.keeping import REF, keep, on_disk


def contents(repo: Path, commit: str, folder: str = "work") -> dict[bytes, tuple[str, bytes]]:
    """The files of a kept tree: mode and content by path."""

    def ask(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=repo, check=True, capture_output=True, timeout=20).stdout

    found = {}
    for record in ask("ls-tree", "-r", "-z", f"{commit}:{folder}").split(b"\0")[:-1]:
        fields, _, path = record.partition(b"\t")
        mode, kind, oid = fields.decode().split()
        found[path] = (mode, ask("cat-file", "blob", oid) if kind == "blob" else oid.encode())
    return found


def snapshot_of_git(repo: Path) -> dict[str, tuple[int, bytes]]:
    """What is the user's in `.git`: all but objects and our refs."""
    return {
        str(path.relative_to(repo)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted((repo / ".git").rglob("*"))
        if path.is_file() and path.parts[len(repo.parts) + 1] != "objects" and "orch-runs" not in path.parts
    }


def test_changed_new_and_deleted_files_links_and_modes_are_kept_and_the_user_keeps_index_head_and_branches(
    repo: Path,
) -> None:
    (repo / "deep" / "er").mkdir(parents=True)
    (repo / "deep" / "er" / "c").write_text("c\n", encoding="utf-8")
    (repo / "folder").mkdir()
    (repo / "folder" / "was").write_text("d\n", encoding="utf-8")
    commit(repo)
    (repo / ".git" / "hooks" / "reference-transaction").write_text(f"#!/bin/sh\ntouch {repo}.ran\n", encoding="utf-8")
    (repo / ".git" / "hooks" / "reference-transaction").chmod(0o755)
    git(repo, "config", "core.logAllRefUpdates", "always")

    (repo / "a").write_bytes(b"changed\0\r\n")
    (repo / "b").chmod(0o755)
    (repo / "deep" / "er" / "c").unlink()
    (repo / "folder" / "was").unlink()
    (repo / "folder").rmdir()
    (repo / "folder").write_text("a file now", encoding="utf-8")
    (repo / 'odd "name\n\t\\').write_text("x", encoding="utf-8")
    Path(os.fsdecode(os.fsencode(repo) + b"/\xff\xfe")).write_text("no UTF-8", encoding="utf-8")
    (repo / "link").symlink_to("/nowhere/at all")
    (repo / "secret").write_text("s", encoding="utf-8")
    (repo / "secret").chmod(0o600)
    git(repo, "add", "link")
    before = snapshot_of_git(repo)

    kept = keep(repo)
    assert contents(repo, kept.commit) == on_disk(repo)
    assert kept.left_out == ()
    assert git(repo, "show", f"{kept.commit}:modes") == "644 \0" + "600 secret\0"
    assert contents(repo, kept.commit, "staged").keys() == {b"a", b"b", b"deep/er/c", b"folder/was", b"link"}
    assert snapshot_of_git(repo) == before
    assert not Path(f"{repo}.ran").exists()
    held = git(repo, "for-each-ref", "--format=%(refname) %(objectname)", "refs/orch-runs")
    assert held == f"{REF} {git(repo, 'rev-parse', REF)}"
    assert git(repo, "rev-list", "--max-parents=0", REF) == kept.commit


NAMES = st.sampled_from(["a", "b", "new", "dir/x", "dir/y", "dir", "new/deep/z"])
CONTENTS = st.one_of(st.binary(max_size=20), st.sampled_from([b"one\n", b"one\r\n", b"\0"]))
EDITS = st.lists(st.tuples(NAMES, st.one_of(st.none(), CONTENTS), st.booleans()), max_size=8)


def edit(repo: Path, name: str, content: bytes | None, program: bool) -> None:
    path = repo / name
    for above in list(path.relative_to(repo).parents)[:-1]:
        if (repo / above).is_file():
            (repo / above).unlink()
    if path.is_dir():
        for inner in sorted(path.rglob("*"), reverse=True):
            inner.rmdir() if inner.is_dir() else inner.unlink()
        path.rmdir()
    path.unlink(missing_ok=True)
    if content is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if program else 0o644)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, min_size=1, max_size=3), st.booleans())
def test_whatever_is_done_to_the_files_each_kept_tree_is_what_was_there(
    tmp_path: Path, rounds: list[list[tuple[str, bytes | None, bool]]], staged: bool
) -> None:
    repo = new_repo(tmp_path / f"repo-{len(list(tmp_path.iterdir()))}")
    trees = KeptTrees(repo, REF)
    kept = []
    for edits in rounds:
        for name, content, program in edits:
            edit(repo, name, content, program)
        if staged:
            git(repo, "add", "-A")
        kept.append((keep(repo, trees).commit, on_disk(repo)))
    for oid, files in kept:
        assert contents(repo, oid) == files


def test_nothing_is_written_twice_and_older_ones_stay_reachable(repo: Path) -> None:
    trees = KeptTrees(repo, REF)
    first = keep(repo, trees)
    assert keep(repo, trees) == first
    (repo / "a").write_text("second\n", encoding="utf-8")
    second = keep(repo, trees)
    (repo / "a").write_text("one\n", encoding="utf-8")
    third = KeptTrees(repo, REF).keep(read_now(repo), "T1, run 2")  # as after a restart

    assert len({first.commit, second.commit, third.commit}) == 3
    held = git(repo, "rev-list", "--max-parents=0", REF).split()
    assert sorted(held) == sorted([third.commit, second.commit, first.commit])
    git(repo, "gc", "-q", "--prune=now")
    assert contents(repo, second.commit)[b"a"] == ("100644", b"second\n")


def test_the_exact_bytes_of_files_whose_line_ends_git_changes_are_kept_beside_the_tree(repo: Path) -> None:
    (repo / ".gitattributes").write_text("*.txt text eol=crlf\n", encoding="utf-8")
    (repo / "mixed.txt").write_bytes(b"one\r\ntwo\n")
    kept = keep(repo)

    assert contents(repo, kept.commit)[b"mixed.txt"] == ("100644", b"one\ntwo\n")
    assert contents(repo, kept.commit, "raw") == {b"mixed.txt": ("100644", b"one\r\ntwo\n")}


def test_a_filter_of_the_repo_does_not_run(repo: Path) -> None:
    git(repo, "config", "filter.evil.clean", f"touch {repo}.ran; cat")
    git(repo, "config", "filter.evil.required", "true")
    (repo / ".gitattributes").write_text("* filter=evil\n", encoding="utf-8")
    (repo / "a").write_text("changed\n", encoding="utf-8")

    assert contents(repo, keep(repo).commit)[b"a"] == ("100644", b"changed\n")
    assert not Path(f"{repo}.ran").exists()


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_repo_without_a_commit_is_kept_too(tmp_path: Path, form: str) -> None:
    repo = tmp_path / "new"
    repo.mkdir()
    git(repo, "init", "-q", f"--object-format={form}")
    assert git(repo, "ls-tree", "--name-only", keep(repo).commit) == "modes"
    (repo / "a").write_text("a\n", encoding="utf-8")

    assert contents(repo, keep(repo).commit) == {b"a": ("100644", b"a\n")}
    assert git(repo, "status", "--porcelain") == "?? a"


def test_a_conflict_and_a_foreign_lock_of_the_index_are_no_obstacle(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "other")
    (repo / "a").write_text("theirs\n", encoding="utf-8")
    commit(repo)
    git(repo, "checkout", "-q", "main")
    (repo / "a").write_text("ours\n", encoding="utf-8")
    commit(repo)
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "merge", "other")
    (repo / ".git" / "index.lock").touch()

    assert contents(repo, keep(repo).commit) == on_disk(repo)


def test_another_head_of_a_submodule_is_kept_and_repos_of_their_own_are_named(repo: Path, tmp_path: Path) -> None:
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(new_repo(tmp_path / "lib")), "lib")
    commit(repo)
    commit(repo / "lib", "Go on")
    new = git(repo / "lib", "rev-parse", "HEAD")
    commit(empty_repo(repo / "nested"), "Begin")

    kept = keep(repo)
    assert contents(repo, kept.commit)[b"lib"] == ("160000", new.encode())
    assert kept.left_out == ("nested: a repo of its own",)


def test_a_file_that_cannot_be_read_is_left_out_by_name(repo: Path) -> None:
    os.mkfifo(repo / "pipe")
    (repo / "a").write_text("changed\n", encoding="utf-8")
    kept = keep(repo)
    assert contents(repo, kept.commit)[b"a"] == ("100644", b"changed\n")

    unreadable = repo / "b"
    unreadable.unlink()
    os.mkfifo(unreadable)
    assert keep(repo).left_out == ("b: no file and no link",)


def test_a_repo_into_which_nothing_can_be_written_says_so(repo: Path) -> None:
    (repo / ".git" / "refs" / "orch-runs").write_text("in the way\n", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="cannot keep the work tree in"):
        keep(repo)


def test_names_that_differ_in_case_are_kept_on_a_disk_that_tells_them_apart_whatever_git_was_told(repo: Path) -> None:
    git(repo, "config", "core.ignoreCase", "true")
    write(repo, {"A": "upper\n", "new": "one\n", "New": "two\n", "folder/x": "x\n", "Folder/x": "y\n"})
    assert contents(repo, keep(repo).commit) == on_disk(repo)


def test_a_file_of_which_a_required_filter_fails_is_left_out_by_name(repo: Path) -> None:
    git(repo, "config", "--global", "filter.picky.clean", "grep -v bad")  # it fails where nothing is left
    git(repo, "config", "--global", "filter.picky.required", "true")
    write(repo, {".gitattributes": "*.txt filter=picky\n"})
    commit(repo)
    write(repo, {"1.txt": "bad\n", "2.txt": "good\n", "3.txt": "bad\n", "4.txt": "good\n", "plain": "bad\n"})
    trees = KeptTrees(repo, REF)

    kept = keep(repo, trees)

    assert [one.partition(" (")[0] for one in kept.left_out] == [
        "1.txt: git cannot record it",
        "3.txt: git cannot record it",
    ]
    held = contents(repo, kept.commit)
    assert [held[name][1] for name in (b"2.txt", b"4.txt", b"plain")] == [b"good\n", b"good\n", b"bad\n"]
    assert (b"1.txt" in held, b"3.txt" in held) == (False, False)
    write(repo, {"1.txt": "good\n", "3.txt": "good\n"})
    assert (keep(repo, trees).left_out, contents(repo, keep(repo, trees).commit)) == ((), on_disk(repo))


def test_a_large_file_is_read_once_and_not_whole_into_memory(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (repo / "large").open("wb") as file:
        file.truncate(150 << 20)
    read: list[tuple[str, ...]] = []

    def noticed(root: Path, *words: str, **more: Any) -> GitOutput:
        if words[0] == "hash-object":
            read.append(words)
        return read_git(root, *words, **more)

    monkeypatch.setattr("supervisor.shell.git.keep.capture.read_git", noticed)
    monkeypatch.setattr("supervisor.shell.git.run.MEMORY_LIMIT", 100 << 20)
    trees = KeptTrees(repo, REF)
    first = trees.keep(trees.read(), "one")
    write(repo, {"a": "changed\n"})
    read.clear()
    second = trees.keep(trees.read(), "two")
    assert (first.left_out, second.left_out, len(read)) == ((), (), 1)  # for `a`
    assert git(repo, "cat-file", "-s", f"{second.commit}:work/large") == str(150 << 20)


def test_any_name_makes_a_valid_ref_of_its_own() -> None:
    names = ("a", "a.lock", "..", "~x", "x y", "", "größe", "x" * 300, "n-a", "61")
    refs = [ref_of("w", name) for name in names]
    assert len(set(refs)) == len(names)
    for ref in refs:
        subprocess.run(["git", "check-ref-format", ref], check=True, timeout=20)


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_an_edit_is_kept_of_which_git_was_told_not_to_see_it(repo: Path, flag: str) -> None:
    (repo / "gone").write_text("x\n", encoding="utf-8")
    commit(repo)
    trees = KeptTrees(repo, REF)
    keep(repo, trees)
    git(repo, "update-index", flag, "a", "gone")
    before = snapshot_of_git(repo)
    (repo / "a").write_text("behind its back\n", encoding="utf-8")
    (repo / "gone").unlink()

    found = contents(repo, keep(repo, trees).commit)

    assert found[b"a"] == ("100644", b"behind its back\n")
    # A sparse checkout does without files: one that is not there is no deleted one.
    assert (b"gone" in found) == (flag == "--skip-worktree")
    (repo / "a").write_text("and again\n", encoding="utf-8")
    assert contents(repo, keep(repo, trees).commit)[b"a"] == ("100644", b"and again\n")
    assert snapshot_of_git(repo) == before
    git(repo, "update-index", flag.replace("--", "--no-"), "a", "gone")
    assert contents(repo, keep(repo, trees).commit)[b"a"] == ("100644", b"and again\n")
