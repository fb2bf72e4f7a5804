"""Read real repositories, some of them hostile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.domain.task import Tree
from supervisor.errors import WorkspaceError
from supervisor.shell.git import run
from supervisor.shell.git.changes import changes_of
from supervisor.shell.git.config import read_git
from supervisor.shell.git.folder import is_plain_root
from supervisor.shell.git.root import toplevel
from supervisor.shell.git.tree import read_tree
from tests import CHECKOUT
from tests.gitrepo import Hostile, commit, git, stand_in

pytestmark = pytest.mark.timeout(5)


def test_the_root_is_found_from_any_folder_of_the_work_tree(repo: Path) -> None:
    (repo / "src" / "deep").mkdir(parents=True)
    assert toplevel(repo / "src" / "deep") == repo
    assert toplevel(repo) == repo


def test_a_linked_work_tree_and_a_submodule_are_work_trees(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    outer = tmp_path / "outer"
    git(tmp_path, "init", "-q", str(outer))
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo), "inner")
    assert [toplevel(tmp_path / "linked"), toplevel(outer / "inner")] == [tmp_path / "linked", outer / "inner"]


def test_the_error_for_anything_but_a_work_tree_names_it_and_the_next_step(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "plain folder").mkdir()
    git(tmp_path, "init", "-q", "--bare", str(tmp_path / "bare"))
    said = []
    for path in (
        tmp_path / "gone",
        repo / "a",
        tmp_path / "plain folder",
        tmp_path / "bare",
        repo / ".git",
    ):
        with pytest.raises(WorkspaceError) as error:
            toplevel(path)
        said.append(str(error.value))
    assert said == [
        f"{tmp_path}/gone does not exist: correct the child's path",
        f"{repo}/a is not a folder: give the folder of a git repository as the child's path",
        f"{tmp_path}/plain folder is not in a git repository: "
        f"run `git init '{tmp_path}/plain folder'` or correct the path",
        f"{tmp_path}/bare is a bare repository without a work tree: clone it, and give the clone's path",
        f"{repo}/.git is not in the work tree of its repository: give the folder that holds the files",
    ]


def test_a_repository_that_claims_another_folder_as_its_work_tree_is_refused(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    git(repo, "config", "core.worktree", str(tmp_path / "private"))
    with pytest.raises(WorkspaceError, match="is not in the work tree of its repository"):
        toplevel(repo)


PLAIN = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"


@pytest.mark.parametrize(
    ("config", "asked"),
    [
        (PLAIN, False),
        (f'{PLAIN}# mine\n; and yours\n\n[remote "origin"]\n\turl = ../x.git\n  fetch=+refs/*:refs/*\n', False),
        (PLAIN.replace("0", "1"), True),
        (PLAIN.replace("false", "true"), True),
        (f"{PLAIN}\tworktree = .\n", True),
        (f"{PLAIN}[user]\n\tname = a\n[core] worktree = .\n", True),
        (f"{PLAIN}\tx = \\\n\tworktree = .\n", True),
        (f"{PLAIN}[include]\n\tpath = other\n", True),
        (f'{PLAIN}[includeIf "gitdir:**"]\n\tpath = other\n', True),
        (f"{PLAIN}[extensions]\n\tworktreeConfig = true\n", True),
        (f"{PLAIN}\tflag\n", True),
        (PLAIN.rstrip(), True),
        ("[core\n", True),
        ("#" * 4096 + "\n", True),
    ],
)
def test_git_is_asked_for_the_root_wherever_the_repo_could_move_it(repo: Path, config: str, asked: bool) -> None:
    (repo / ".git" / "config").write_text(config, encoding="utf-8")
    assert is_plain_root(repo) is not asked


def test_git_is_asked_for_the_root_of_what_only_looks_like_a_repo(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / ".git").symlink_to(repo / ".git")
    (tmp_path / "pipe" / ".git" / "objects").mkdir(parents=True)
    (tmp_path / "pipe" / ".git" / "refs").mkdir()
    os.mkfifo(tmp_path / "pipe" / ".git" / "HEAD")
    (repo / "src").mkdir()
    assert is_plain_root(repo)
    assert not any(is_plain_root(path) for path in (tmp_path / "link", tmp_path / "pipe", repo / "src", repo / ".git"))


def test_the_error_for_dubious_ownership_names_the_command_that_trusts_it(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repo, "config", "extensions.none", "true")  # makes us ask git
    real = run.installed_git()[1]
    stand_in(monkeypatch, tmp_path, f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"')
    sentence = (
        f"git does not trust {repo}: it belongs to another user: "
        f"if you do, run `git config --global --add safe.directory {repo}`"
    )
    for call in (toplevel, read_tree):
        with pytest.raises(WorkspaceError) as error:
            call(repo)
        assert str(error.value) == sentence


def test_a_broken_configuration_is_an_error(repo: Path) -> None:
    (repo / ".git" / "config").write_text("[core\n", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"git cannot .* in .*: fatal: bad config line 1"):
        toplevel(repo)


def test_a_clean_tree_has_a_head_a_branch_and_no_entries(repo: Path) -> None:
    assert read_tree(repo) == Tree(git(repo, "rev-parse", "HEAD"), "main", (), inner=())


def test_an_unborn_branch_has_no_head_and_a_detached_head_no_branch(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "new", str(tmp_path / "empty"))
    git(repo, "checkout", "-q", "--detach")
    assert read_tree(tmp_path / "empty") == Tree(None, "new", (), inner=())
    assert read_tree(repo) == Tree(git(repo, "rev-parse", "HEAD"), None, (), inner=())


def test_names_that_are_hard_to_show_stay_distinct(repo: Path) -> None:
    names = [b"-rf", b"new\nline", b"bad\xff", b"back\\nslash", "é ü".encode(), b"tab\t", b"\xe2\x80\xaegpj.exe"]
    for name in names:
        Path(os.fsdecode(bytes(repo) + b"/" + name)).write_bytes(b"x")
    shown = {name for name, _ in read_tree(repo).entries}
    assert shown == {"-rf", "new\\nline", "bad\\xff", "back\\\\nslash", "é ü", "tab\\t", "\\u202egpj.exe"}
    before = Tree(git(repo, "rev-parse", "HEAD"), "main", ())
    commit(repo)
    assert set(changes_of(repo, before)[0]) == shown


def test_inherited_git_variables_are_not_obeyed(repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read_tree(repo)  # GitPython runs `git version` when it is first loaded; that does not read the repo
    for name, value in (
        ("GIT_DIR", "/nowhere"),
        ("GIT_INDEX_FILE", "/nowhere/index"),
        ("GIT_TRACE", str(tmp_path / "trace")),
        ("GIT_CONFIG_PARAMETERS", "'core.bare'='true'"),
    ):
        monkeypatch.setenv(name, value)
    assert toplevel(repo) == repo
    assert read_tree(repo).branch == "main"
    assert not (tmp_path / "trace").exists()


def test_reading_leaves_git_and_our_environment_as_they_were(repo: Path) -> None:
    (repo / "a").touch()  # Now a plain `git status` would refresh the index.
    environment = dict(os.environ)
    before = {path: path.stat().st_mtime_ns for path in sorted((repo / ".git").rglob("*"))}
    read_tree(repo)
    assert {path: path.stat().st_mtime_ns for path in sorted((repo / ".git").rglob("*"))} == before
    assert dict(os.environ) == environment


def test_a_call_runs_one_git_process_and_so_does_the_first_one(repo: Path, tmp_path: Path) -> None:
    program, called = tmp_path / "git", tmp_path / "called"
    program.write_text(f'#!/bin/bash\necho "${{@: -1}}" >> {called}\n', encoding="utf-8")
    program.chmod(0o755)
    question = (
        "from pathlib import Path; from supervisor.shell.git.config import read_git; read_git(Path.cwd(), 'status')"
    )
    checkout = str(CHECKOUT)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": checkout}
    subprocess.run([sys.executable, "-c", question], cwd=repo, env=environ, check=True, timeout=5)
    assert called.read_text(encoding="utf-8").split() == ["status"]


def test_a_git_that_does_not_exit_is_killed(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    stand_in(monkeypatch, tmp_path, f"sleep 60 > {alive} &\nexec sleep 60")
    monkeypatch.setattr(run, "GIT_TIMEOUT", 0.3)
    writer_gone = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(WorkspaceError, match=r"git rev-parse took longer than 0.3 s"):
            run.run_git(repo, "rev-parse")
        os.set_blocking(writer_gone, True)
        assert (
            os.read(writer_gone, 1) == b""
        )  # The last process that had the pipe open is gone: the whole group was killed.
    finally:
        os.close(writer_gone)


def test_an_endless_output_is_cut(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, tmp_path, 'case "$*" in *config*) exit 0;; esac\nexec yes')
    monkeypatch.setattr(run, "OUTPUT_LIMIT", 1000)
    answer = read_git(repo, "log")
    assert (answer.out, answer.cut) == (b"y\n" * 500, True)


@pytest.fixture
def hostile(repo: Path, tmp_path: Path) -> Hostile:
    for name in ("c", "d"):
        (repo / name).write_text("same\n", encoding="utf-8")
    commit(repo)
    return Hostile(repo, tmp_path / "canaries")


def test_a_hostile_repository_does_run_its_programs_in_a_plain_status(hostile: Hostile) -> None:
    hostile.make_everything_dirty()
    plain = ("git", "status")
    subprocess.run(plain, cwd=hostile.folder, check=False, capture_output=True, timeout=5)
    git(
        hostile.folder, "config", "--unset", "filter.evil.process"
    )  # It would fail and stop git before the other filters run.
    git(hostile.folder, "config", "filter.evil.required", "false")
    subprocess.run(plain, cwd=hostile.folder, check=False, capture_output=True, timeout=5)
    cleans = {"clean", "clean-of-a-name-with-an-equals-sign", "clean-of-an-include", "clean-of-no-name"}
    assert hostile.ran() >= {"fsmonitor", "process", "hook-post-index-change", *cleans}


@pytest.mark.promise("reading is safe")
def test_nothing_of_a_hostile_repository_runs(hostile: Hostile) -> None:
    folder = hostile.folder
    before = read_tree(folder)
    hostile.make_everything_dirty()
    dirty = read_tree(folder)
    assert [name for name, _ in dirty.entries] == [".gitattributes", "a", "b", "c", "d"]
    plumbing = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
    head = git(folder, *plumbing, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "x")
    (folder / ".git" / "refs" / "heads" / "main").write_text(head + "\n", encoding="utf-8")
    assert changes_of(folder, before)[0] == ("a", "b", "c", "d")
    assert toplevel(folder) == folder
    read_git(folder, "log", "-3", "-p", "--no-ext-diff", "--no-textconv")
    assert hostile.ran() == set()


def test_a_program_of_the_repo_does_not_run_through_the_users_own_lfs_filter(hostile: Hostile, home: Path) -> None:
    (home / ".gitconfig").write_text(f'[filter "lfs"]\n\tclean = {hostile.touch("lfs")}\n', encoding="utf-8")
    (hostile.folder / ".gitattributes").write_text("a filter=lfs\n", encoding="utf-8")
    git(hostile.folder, "config", "lfs.extension.evil.clean", "anything")
    hostile.make_everything_dirty()
    read_tree(hostile.folder)
    assert hostile.ran() == set()


def test_a_filter_of_the_user_still_works(repo: Path, home: Path) -> None:
    (home / ".gitconfig").write_text('[filter "upper"]\n\tclean = tr A-Z a-z\n', encoding="utf-8")
    (repo / ".gitattributes").write_text("a filter=upper\n", encoding="utf-8")
    commit(repo)
    (repo / "a").write_text("ONE\n", encoding="utf-8")
    assert read_tree(repo).entries == ()


@pytest.mark.promise("reading is safe")
def test_nothing_runs_in_a_submodule(repo: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    git(tmp_path, "init", "-q", "-b", "main", str(outer))
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo), "inner")
    commit(outer)
    for name in ("c", "d"):
        (outer / "inner" / name).write_text("same\n", encoding="utf-8")
    inner = git(outer / "inner", "rev-parse", "--absolute-git-dir")
    canary = tmp_path / "canary"
    for key in ("filter.evil.clean", "core.fsmonitor"):
        git(outer / "inner", "config", key, f"touch {canary}; cat")
    (Path(inner) / "info").mkdir(exist_ok=True)
    (Path(inner) / "info" / "attributes").write_text("* filter=evil\n", encoding="utf-8")
    (outer / "inner" / "a").write_text("eno\n", encoding="utf-8")
    canary.unlink(missing_ok=True)
    found = read_tree(outer)
    assert [name for name, _ in found.entries] == ["inner/a", "inner/c", "inner/d"]
    assert not canary.exists()


def test_a_missing_object_of_a_partial_clone_is_not_fetched(repo: Path, tmp_path: Path) -> None:
    before = read_tree(repo)
    (repo / "a").write_text("more\n", encoding="utf-8")
    commit(repo)
    tree = git(repo, "rev-parse", "HEAD~1^{tree}")
    (repo / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    canary = tmp_path / "canary"
    git(repo, "config", "core.repositoryFormatVersion", "1")
    git(repo, "config", "extensions.partialClone", "origin")
    git(repo, "config", "remote.origin.promisor", "true")
    git(repo, "config", "remote.origin.url", str(repo))
    git(repo, "config", "remote.origin.uploadpack", f"touch {canary}; false")
    with pytest.raises(WorkspaceError, match="git cannot compare two commits"):
        changes_of(repo, before)
    assert not canary.exists()
    subprocess.run(["git", "diff", "--name-only", "HEAD~1"], cwd=repo, check=False, capture_output=True, timeout=5)
    assert canary.exists()  # The trap works: a plain diff runs the program.
