"""A snapshot is taken only when the repo has changed. A problem of one child does not affect the others."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.domain.child import Child
from supervisor.domain.repo.snapshot import Snapshot, Unread
from supervisor.runtime.snapshot import snapshots
from supervisor.runtime.snapshot.snapshots import as_json, refresh, refresh_all
from supervisor.runtime.workspace import WorkspacePaths
from tests.gitrepo import commit, git, new_repo


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspacePaths:
    root = tmp_path / "ws"
    root.mkdir()
    return WorkspacePaths(root)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = new_repo(tmp_path / "repo")
    (repo / "README.md").write_text("# Thing\n\nA thing that does things.\n\n    make test\n", encoding="utf-8")
    (repo / "Makefile").write_text("test:\n\tpytest\n", encoding="utf-8")
    (repo / "pyproject.toml").write_text('[project]\nname = "thing"\n', encoding="utf-8")
    commit(repo)
    return repo


def child_at(path: Path, name: str = "backend") -> Child:
    return Child(name, str(path))


def test_all_parts_of_a_snapshot_are_there(workspace: WorkspacePaths, repo: Path) -> None:
    made, fresh = refresh(workspace, child_at(repo))
    assert fresh
    assert (made.child, made.path, made.key, made.cut) == ("backend", str(repo), made.git.key, ())
    assert (made.git.branch, made.history.commits) == ("main", 2)
    assert [one.path for one in made.docs.documents] == ["README.md"]
    assert [one.text for one in made.docs.commands] == ["make test"]
    assert [one.name for one in made.code.manifests] == ["", "thing"]


def test_an_unchanged_repo_is_not_read_again(
    workspace: WorkspacePaths, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = refresh(workspace, child_at(repo))

    def never(*_: object) -> Snapshot:
        raise AssertionError("nothing changed: nothing is to be read")

    monkeypatch.setattr(snapshots, "read", never)
    assert refresh(workspace, child_at(repo)) == (made, False)


def edit(repo: Path) -> None:
    (repo / "README.md").write_text("# Other\n", encoding="utf-8")


def add(repo: Path) -> None:
    (repo / "new.py").write_text("", encoding="utf-8")


def stage(repo: Path) -> None:
    git(repo, "rm", "-q", "--cached", "a")


def move(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "other")


@pytest.mark.parametrize("change", [edit, add, stage, move])
def test_a_change_of_head_index_or_work_tree_is_seen(
    change: Callable[[Path], None], workspace: WorkspacePaths, repo: Path
) -> None:
    first, _ = refresh(workspace, child_at(repo))
    change(repo)
    second, fresh = refresh(workspace, child_at(repo))
    assert fresh
    assert second.key != first.key
    assert refresh(workspace, child_at(repo)) == (second, False)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        json.dumps({"format": snapshots.FORMAT}).encode(),
        json.dumps({"format": snapshots.FORMAT, "snapshot": {"child": 1}}).encode(),
    ],
)
def test_a_torn_file_is_replaced(spoilt: bytes, workspace: WorkspacePaths, repo: Path) -> None:
    made, _ = refresh(workspace, child_at(repo))
    workspace.snapshot("backend").write_bytes(spoilt)
    assert refresh(workspace, child_at(repo)) == (made, True)
    assert refresh(workspace, child_at(repo)) == (made, False)


def test_the_file_of_another_version_is_replaced(workspace: WorkspacePaths, repo: Path) -> None:
    made, _ = refresh(workspace, child_at(repo))
    file = workspace.snapshot("backend")
    file.write_text(file.read_text(encoding="utf-8").replace(snapshots.FORMAT, "999/9.9"), encoding="utf-8")
    assert refresh(workspace, child_at(repo)) == (made, True)


def test_a_child_that_moved_to_another_repo_is_read_again(
    workspace: WorkspacePaths, repo: Path, tmp_path: Path
) -> None:
    refresh(workspace, child_at(repo))
    other = new_repo(tmp_path / "other")
    assert refresh(workspace, child_at(other))[0].path == str(other)


def test_a_workspace_that_cannot_be_written_still_gets_its_snapshot(workspace: WorkspacePaths, repo: Path) -> None:
    workspace.state.write_text("in the way", encoding="utf-8")
    assert refresh(workspace, child_at(repo))[1]


def test_a_path_inside_a_repo_means_the_repo(workspace: WorkspacePaths, repo: Path) -> None:
    (repo / "sub").mkdir()
    assert refresh(workspace, child_at(repo / "sub"))[0].path == str(repo)


def test_a_child_that_cannot_be_read_does_not_affect_the_others(
    workspace: WorkspacePaths, repo: Path, tmp_path: Path
) -> None:
    corrupt = new_repo(tmp_path / "corrupt")
    (corrupt / ".git" / "index").write_bytes(b"junk")
    (tmp_path / "plain").mkdir()
    paths = {
        "gone": tmp_path / "gone",
        "corrupt": corrupt,
        "plain": tmp_path / "plain",
        "null": Path("/a\0b"),
        "good": repo,
    }
    found = refresh_all(workspace, [child_at(path, name) for name, path in paths.items()], lambda _: None)
    assert [type(one) for one in found] == [Unread, Unread, Unread, Unread, Snapshot]
    assert found[0] == Unread("gone", str(paths["gone"]), f"{paths['gone']} does not exist", "correct the child's path")
    assert all(one.problem and one.next_step for one in found if isinstance(one, Unread))


def test_a_repo_without_a_commit_is_read(workspace: WorkspacePaths, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    made, _ = refresh(workspace, child_at(empty))
    assert (made.git.empty, made.history.commits, made.code.languages) == (True, 0, ())


def test_links_and_pipes_are_not_followed(workspace: WorkspacePaths, repo: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n", encoding="utf-8")
    (repo / "AGENTS.md").symlink_to(tmp_path / "secret.md")
    (repo / "README.md").unlink()
    os.mkfifo(repo / "README.md")
    made, _ = refresh(workspace, child_at(repo))
    assert made.docs.documents == ()
    assert made.docs.cut == ("README.md could not be read",)


def test_no_secret_gets_into_the_file(workspace: WorkspacePaths, repo: Path) -> None:
    git(repo, "remote", "add", "origin", "https://ada:pa55word@example.com/x.git")
    (repo / "README.md").write_text("Run `pytest --url https://ada:pa55word@host` now\n", encoding="utf-8")
    (repo / "package.json").write_text('{"scripts": {"test": "K=ghp_' + "a" * 36 + ' jest"}}', encoding="utf-8")
    made, _ = refresh(workspace, child_at(repo))
    kept = workspace.snapshot("backend").read_text(encoding="utf-8")
    assert "pa55word" not in kept
    assert "ghp_" not in kept
    assert json.loads(kept)["snapshot"] == json.loads(json.dumps(as_json(made)))
