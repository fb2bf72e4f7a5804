"""A work tree elsewhere is kept, compared and written as one here is."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from supervisor.domain.child import Child, Runner
from supervisor.errors import OutOfReach, WorkspaceError
from supervisor.runtime.remote.repo import RemoteRepo, repo_of
from supervisor.runtime.remote.shell import RemoteShell
from supervisor.runtime.remote.work.reader import RemoteReader
from supervisor.runtime.snapshot.recorded import docs_of
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.compare import changes_between, patch_between
from supervisor.shell.git.keep.prune import prune
from supervisor.shell.git.keep.recorded import earliest
from supervisor.shell.git.keep.target import rewrites, state_of, stepped
from supervisor.shell.git.keep.write import look, write_changes
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.run import run_git
from supervisor.shell.git.tree import read_now
from tests.gitrepo import commit as commit_all
from tests.gitrepo import git

ODD = (
    *("a b.txt", "-n", "it's", "new\nline", 'q"uote', "back\\slash", "$(touch pwned)", "`id`", "é/ü.txt"),
    *("|bar", "dir/*", "%s", "line\nend\n"),
)


def commit(repo: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    commit_all(repo)


def kept(root: Path, ref: str = "refs/orch-runs/x/y") -> str:
    return KeptTrees(root, ref, only=True).keep(read_now(root, inside=False), "as it is").commit


def state(root: Path, commit: str) -> object:
    """All that a kept tree says, without its time. Elsewhere, the permissions of clean files are not looked at."""
    listed = run_git(root, "ls-tree", "-r", "-z", commit, "work", "raw", "staged").out
    return replace(state_of(root, commit), usual=0), listed


def test_no_variable_that_names_another_repo_is_inherited_there(
    there: RemoteRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True)
    for name in named.stdout.split():
        monkeypatch.setenv(name, "/nowhere")
    seen = there.run(b"env").out.decode().splitlines()
    assert "GIT_TERMINAL_PROMPT=0" in seen
    assert [one for one in seen if "/nowhere" in one] == []


def odd_tree(repo: Path) -> None:
    """Files of every kind, changed in every way."""
    files = {"kept.txt": "one\n", "gone.txt": "x\n", "deep/er/file.txt": "y\n", "crlf.txt": "a\n", "run.sh": "#!\n"}
    commit(repo, files)
    (repo / ".gitattributes").write_text("crlf.txt text eol=crlf\n")
    (repo / "crlf.txt").write_bytes(b"a\r\nb\n")
    (repo / "kept.txt").write_text("two\n")
    (repo / "gone.txt").unlink()
    (repo / "run.sh").chmod(0o755)
    (repo / "secret").write_text("s\n")
    (repo / "secret").chmod(0o600)
    (repo / "link").symlink_to("/etc/passwd")
    (repo / "odd link").symlink_to("target\nwith a line")
    os.mkfifo(repo / "pipe")
    for name in ODD:
        (repo / name).parent.mkdir(exist_ok=True)
        (repo / name).write_text(f"{name}\n")
    (repo / "binary").write_bytes(bytes(range(256)) * 300)
    git(repo, "add", "kept.txt")


def test_a_work_tree_is_kept_as_one_here_is(repo: Path, there: RemoteRepo) -> None:
    odd_tree(repo)
    with there.talking():
        here, elsewhere = kept(repo), kept(there.root)
        assert state(there.root, elsewhere) == state(repo, here)
        assert state(repo, elsewhere) == state(repo, here)
        assert KeptTrees(there.root, "refs/orch-runs/a/b").keep(read_now(there.root), "t").left_out == (
            KeptTrees(repo, "refs/orch-runs/a/c").keep(read_now(repo), "t").left_out
        )
    assert not list(Path(repo / ".git").glob("orch-*"))


def test_two_kept_trees_are_compared_and_let_go_of(repo: Path, there: RemoteRepo) -> None:
    commit(repo, {"kept.txt": "one\n"})
    trees = KeptTrees(there.root, "refs/orch-runs/a/b")
    before = trees.keep(read_now(there.root), "before").commit
    odd_tree(repo)
    after = trees.keep(read_now(there.root), "after").commit
    assert changes_between(there.root, before, after) == changes_between(repo, before, after)
    assert patch_between(there.root, before, after) == patch_between(repo, before, after)
    assert trees.keep(read_now(there.root), "again").commit == after
    assert prune(there.root, "refs/orch-runs/a/b", {after}) == (2, 1)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_work_tree_goes_back_byte_for_byte(repo: Path, there: RemoteRepo, elsewhere: bool) -> None:
    root = there.root if elsewhere else repo
    odd_tree(repo)
    before, seen = kept(root), listing(repo)
    (repo / "kept.txt").write_text("three\n")
    (repo / "secret").unlink()
    (repo / "crlf.txt").write_bytes(b"a\nb\nc\n")
    (repo / "link").unlink()
    (repo / "link").write_text("a file now\n")
    (repo / "new/folder").mkdir(parents=True)
    (repo / "new/folder/file").write_text("new\n")
    for name in ODD:
        (repo / name).unlink()
    (repo / "a b.txt").mkdir()
    (repo / "a b.txt/inner").write_text("x\n")
    (repo / "a b.txt/of the/person").mkdir(parents=True)
    go_back(root, before)
    assert listing(repo) == seen
    assert not (repo / "new").exists()
    assert not list(Path(repo / ".git").glob("orch-*"))


def go_back(root: Path, commit: str) -> None:
    now, target = state_of(root, kept(root)), state_of(root, commit)
    changes = rewrites(root, now, target)
    seen = look(root, changes)
    assert seen.in_the_way == ()
    write_changes(root, changes, seen)


def listing(repo: Path) -> dict[str, tuple[int, bytes]]:
    found = {}
    for folder, _, names in os.walk(repo):
        for name in names:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if ".git" not in path.relative_to(repo).parts and not stat.S_ISFIFO(mode):
                content = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
                found[str(path.relative_to(repo))] = (mode, content)
    return found


def _ignored(repo: Path) -> None:
    (repo / ".git/info/exclude").write_text("back.txt\n")
    (repo / "back.txt").write_text("precious\n")


def _folder_is_link(repo: Path) -> None:
    (repo / "deep").rename(repo.parent / "outside")
    (repo / "deep").symlink_to(repo.parent / "outside")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [(_ignored, "back.txt is there, and git ignores it"), (_folder_is_link, "deep is in the way of deep/er/file.txt")],
)
def test_what_is_in_the_way_is_named(repo: Path, there: RemoteRepo, prepare: Callable[[Path], None], said: str) -> None:
    commit(repo, {"deep/er/file.txt": "y\n", "back.txt": "z\n"})
    first = kept(there.root)
    git(repo, "rm", "-q", "back.txt")
    (repo / "deep/er/file.txt").write_text("changed\n")
    changes = rewrites(there.root, state_of(there.root, kept(there.root)), state_of(there.root, first))
    prepare(repo)
    assert said in look(there.root, changes).in_the_way


def test_nothing_is_written_through_a_link_or_over_what_changed_meanwhile(repo: Path, there: RemoteRepo) -> None:
    commit(repo, {"deep/er/file.txt": "y\n", "top.txt": "z\n"})
    first = kept(there.root)
    (repo / "deep/er/file.txt").write_text("changed\n")
    (repo / "top.txt").write_text("changed\n")
    changes = rewrites(there.root, state_of(there.root, kept(there.root)), state_of(there.root, first))
    seen = look(there.root, changes)
    _folder_is_link(repo)
    with pytest.raises(WorkspaceError, match=r"deep/er/file.txt in lab:.* cannot be written"):
        write_changes(there.root, changes, seen)
    assert (repo.parent / "outside/er/file.txt").read_text() == "changed\n"
    (repo / "top.txt").write_text("mine\n")
    only = [one for one in changes if one.path == b"top.txt"]
    with pytest.raises(WorkspaceError, match="changed a moment ago"):
        write_changes(there.root, only, seen)
    assert (repo / "top.txt").read_text() == "mine\n"


def test_steps_are_merged_there(repo: Path, there: RemoteRepo) -> None:
    commit(repo, {"a.txt": "1\n2\n3\n4\n5\n6\n"})
    base = kept(there.root)
    (repo / "a.txt").write_text("one\n2\n3\n4\n5\n6\n")
    theirs = kept(there.root)
    (repo / "a.txt").write_text("one\n2\n3\n4\n5\nsix\n")
    states = [state_of(there.root, one) for one in (kept(there.root), theirs, base)]
    merged, conflicts = stepped(there.root, *states)
    assert conflicts == ()
    assert run_git(repo, "show", f"{merged.tree}:a.txt").out == b"1\n2\n3\n4\n5\nsix\n"


def test_what_git_does_not_read_is_never_run_by_the_shell(repo: Path, there: RemoteRepo) -> None:
    commit(repo, {"a.txt": "a\n"})
    payload = b"missing\n" + b"touch pwned\n" * 40_000
    with there.talking():
        assert run_git(there.root, "hash-object", "--stdin-paths", stdin=payload).code == 128
        assert run_git(there.root, "rev-parse", "--show-toplevel").out.strip() == os.fsencode(repo)
    assert not (repo / "pwned").exists()


def test_much_goes_in_while_much_comes_out(there: RemoteRepo, repo: Path) -> None:
    commit(repo, {"a.txt": "a\n"})
    names = b"a.txt\n" * 60_000
    answer = run_git(there.root, "hash-object", "--stdin-paths", stdin=names)
    assert (answer.code, answer.out.count(b"\n")) == (0, 60_000)


def test_too_much_output_is_cut_and_the_next_command_answers(repo: Path, there: RemoteRepo) -> None:
    commit(repo, {"a.txt": "a" * 100_000})
    with there.talking():
        answer = run_git(there.root, "show", "HEAD:a.txt", limit=1000)
        assert (answer.cut, len(answer.out)) == (True, 1000)
        assert run_git(there.root, "rev-parse", "HEAD").code == 0


def test_what_is_asked_once_is_asked_again_if_the_answer_to_another_question_broke_the_line(
    there: RemoteRepo, repo: Path
) -> None:
    commit(repo, {"a": "b"})
    with there.talking(once=True), ThreadPoolExecutor(4) as pool:
        much = pool.submit(there.run, b"sleep 0.2; yes", limit=1000)
        others = [pool.submit(there.run, b"echo %d" % number) for number in range(20)]
        assert (much.result(60).cut, much.result(60).code) == (True, -1)
        assert [one.result(60).out for one in others] == [b"%d\n" % number for number in range(20)]


def test_no_path_of_another_machine_is_opened_here(there: RemoteRepo) -> None:
    for attempt in (there.root.exists, there.root.read_bytes, (there.root / ".git").iterdir, there.root.resolve):
        with pytest.raises(AssertionError, match="no path of this machine"):
            list(attempt() or ())  # type: ignore[call-overload]


@pytest.mark.parametrize("line", [f"81a4 {'9' * 5000} 1 /a", "mode 1 1 /a", "81a4 1 1", "81a4 -1 1 /a", "\xff"])
def test_what_a_machine_says_of_a_file_is_data_whatever_it_is(line: str) -> None:
    class Strange:
        """A shell that gives the same answer to everything."""

        raw = b"/repo"

        def run(self, command: bytes, **_: object) -> GitOutput:
            return GitOutput(0, line.encode("latin-1") + b"\n", "", cut=False)

    reader = RemoteReader(cast(RemoteShell, Strange()), Path("/repo"))
    reader.expect([b"/a"])
    assert (reader.token(b"/a", 1000), reader.changed_at(b"/a")) == (("missing", 0), None)


def test_a_place_out_of_reach_is_told(tmp_path: Path) -> None:
    child = Child("firmware", "/repo", runner=Runner("lab", ("false", "--")))
    with pytest.raises(OutOfReach, match="lab is out of reach"):
        read_now(repo_of(WorkspacePaths(tmp_path), child).root)


def test_the_documents_of_a_recorded_tree_are_read_there_as_they_are_here(repo: Path, there: RemoteRepo) -> None:
    commit(repo, {"CONTRIBUTING.md": "## Tests\n\n```sh\nmake test\n```\n", "Makefile": "test:\n\ttrue\n"})
    first = kept(repo)
    commit(repo, {"CONTRIBUTING.md": "## Tests\n\n```sh\ntrue\n```\n"})
    later = kept(repo)
    docs = docs_of(there.root, f"{first}:work")
    assert ([one.text for one in docs.commands], docs) == (["make test"], docs_of(repo, f"{first}:work"))
    missing = "0" * 40
    assert earliest(there.root, [missing, first, later]) == earliest(repo, [first, later]) == first
