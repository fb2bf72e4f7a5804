"""Repositories that are broken, belong to somebody else, or are made to do harm."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from supervisor.errors import WorkspaceError
from supervisor.runtime.snapshot.git import read_state
from supervisor.runtime.snapshot.git_calls import look
from supervisor.shell.git import run
from tests.gitrepo import Hostile, commit, git, new_repo, stand_in
from tests.runtime.snapshot.commits import write

pytestmark = pytest.mark.timeout(30)


def test_names_messages_and_people_of_any_bytes_are_read_and_cannot_control_a_terminal(repo: Path) -> None:
    names = [b"-rf", b"new\nline", b"\n", b"bad\xff", b"back\\nslash", "é ü".encode(), b"tab\t", b"a" * 40]
    for name in names:
        Path(os.fsdecode(bytes(repo) + b"/" + name)).write_bytes(b"x\n")
    git(repo, "add", "-A")
    git(repo, "-c", "i18n.commitEncoding=x", "commit", "-qm", "placeholder")
    tree, parent = git(repo, "rev-parse", "HEAD^{tree}"), git(repo, "rev-parse", "HEAD~1")
    raw = (
        f"tree {tree}\nparent {parent}\n".encode()
        + b"author \x1b[31mEve\xff <e@x> 99999999999999999 +0000\ncommitter \x1b]0;x\x07 <e@x> 1700000000 +9999\n\n"
        + b"red \x1b[31m\xff\xe2\x80\xae\x9b2J\n\nbody\n"
    )
    command = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    done = subprocess.run(command, cwd=repo, input=raw, capture_output=True, check=True, timeout=10)
    git(repo, "update-ref", "HEAD", done.stdout.decode().strip())
    state, history = read_state(repo)
    assert history.cut == ()
    newest = history.recent[0]
    assert state.head is not None
    assert newest.subject == state.head.subject == "red \\x1b[31m\\xff\\u202e\\x9b2J"
    assert newest.author == "\\x1b[31mEve\\xff"
    assert set(newest.names) == {"-rf", "new\\nline", "\\n", "bad\\xff", "back\\\\nslash", "é ü", "tab\\t", "a" * 40}
    assert repr((state, history)).isprintable()


def test_a_broken_index_a_broken_head_and_a_folder_without_a_repository_are_errors(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (repo / "sub").mkdir()
    broken = new_repo(tmp_path / "broken")
    (broken / ".git" / "index").write_bytes(b"nonsense")
    beheaded = new_repo(tmp_path / "beheaded")
    (beheaded / ".git" / "HEAD").write_text("nonsense\n", encoding="utf-8")
    for path, sentence in (
        (tmp_path / "plain", "is not in a git repository"),
        (repo / "sub", "is not the root of its repository: give"),
        (broken, "git cannot read the state of the files in .*: fatal: "),
        (beheaded, "is not in a git repository|invalid HEAD|git cannot"),
    ):
        for call in (read_state, look):
            with pytest.raises(WorkspaceError, match=sentence):
                call(path)


def test_a_repository_of_another_user_is_an_error_that_says_how_to_trust_it(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = run.installed_git()[1]
    stand_in(monkeypatch, tmp_path, f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"')
    for call in (read_state, look):
        with pytest.raises(WorkspaceError, match=r"belongs to another user: if you do, run `git config --global"):
            call(repo)


def test_a_work_tree_outside_the_repo_is_not_read(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    git(repo, "config", "core.worktree", str(tmp_path / "private"))
    with pytest.raises(WorkspaceError, match="is not in the work tree of its repository"):
        read_state(repo)


@pytest.mark.promise("reading is safe")
def test_nothing_of_a_hostile_repository_runs_and_no_endless_file_is_read(repo: Path, tmp_path: Path) -> None:
    for name in ("c", "d"):
        write(repo, **{name: "same\n"})
    commit(repo)
    clean = read_state(repo)[0]
    hostile = Hostile(repo, tmp_path / "canaries")
    for key, value in (
        ("mailmap.file", "/dev/zero"),
        ("diff.orderFile", "/dev/zero"),
        ("log.mailmap", "true"),
        ("log.showSignature", "true"),
        ("log.showRoot", "false"),
        ("log.decorate", "full"),
        ("log.diffMerges", "separate"),
        ("color.ui", "always"),
        ("diff.renames", "copies"),
        ("diff.relative", "true"),
        ("i18n.logOutputEncoding", "UTF-16"),
        ("format.pretty", "raw"),
        ("notes.displayRef", "*"),
        ("submodule.recurse", "true"),
        ("status.submoduleSummary", "true"),
        ("status.showUntrackedFiles", "no"),
        ("status.aheadBehind", "false"),
        ("alias.log", "!" + hostile.touch("alias-log")),
        ("alias.ls-files", "!" + hostile.touch("alias-ls-files")),
        ("core.alternateRefsCommand", hostile.touch("alternates")),
    ):
        git(repo, "config", key, value)
    hostile.make_everything_dirty()
    state, history = read_state(repo)
    assert state.key != clean.key
    assert look(repo).key == state.key
    assert (state.unstaged.count, state.untracked.names) == (4, (".gitattributes",))
    assert [(each.subject, each.files, each.insertions) for each in history.recent] == [("work", 2, 2), ("work", 2, 2)]
    assert history.cut == ()
    assert hostile.ran() == set()


def test_links_in_the_git_folder_are_not_followed(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    write(tmp_path / "private", msgnum="7\n", end="9\n", **{"head-name": "refs/heads/s3cret\n"})
    (repo / ".git" / "rebase-merge").symlink_to(tmp_path / "private")
    (repo / ".git" / "rebase-apply").mkdir()
    (repo / ".git" / "rebase-apply" / "next").symlink_to(tmp_path / "private" / "msgnum")
    (repo / ".gitattributes").symlink_to(tmp_path / "private" / "head-name")
    git(repo, "config", "core.sparseCheckout", "true")
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "sparse-checkout").symlink_to(tmp_path / "private" / "head-name")
    state, _ = read_state(repo)
    assert (state.in_progress, state.sparse, state.lfs) == (None, (), ())


@pytest.mark.promise("reading is safe")
def test_reading_leaves_the_repository_as_it_was(repo: Path) -> None:
    (repo / "a").touch()
    before = {path: path.stat().st_mtime_ns for path in sorted(repo.rglob("*"))}
    read_state(repo)
    look(repo)
    assert {path: path.stat().st_mtime_ns for path in sorted(repo.rglob("*"))} == before
