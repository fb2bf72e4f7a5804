"""Find the workspace, and make the private folder for its sockets."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from supervisor.errors import WorkspaceError
from supervisor.runtime.workspace import (
    CONFIG_NAME,
    WorkspacePaths,
    find,
    make_inside,
    make_private,
    make_runtime_dir,
    remove_runtime_dir,
    runtime_root,
)
from tests.sockets import short_folder


def mode(path: Path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


# ── finding it ───────────────────────────────────────────────────────────────────────────────────


def test_the_nearest_folder_upwards_with_a_config_is_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "outer" / "inner"
    deep = inner / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "outer" / CONFIG_NAME).touch()
    assert find(deep) == WorkspacePaths(tmp_path / "outer")
    (inner / CONFIG_NAME).touch()
    assert find(deep) == WorkspacePaths(inner)
    assert find(inner) == WorkspacePaths(inner)
    assert find(inner / "a" / ".." / "not yet") == WorkspacePaths(inner)
    monkeypatch.chdir(deep)
    assert find(Path()) == WorkspacePaths(inner)


def test_a_folder_with_the_name_of_the_config_does_not_count(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).mkdir()
    with pytest.raises(WorkspaceError) as error:
        find(tmp_path)
    assert str(error.value) == (
        f"no {CONFIG_NAME} in {tmp_path} or above it: run `orch init NAME=PATH ...` here, or name the workspace with -C"
    )


@pytest.fixture
def private() -> Iterator[Path]:
    """A folder outside of the places for temporary files."""
    with short_folder() as folder:
        yield folder


def test_everything_is_in_the_workspace_except_the_sockets(
    tmp_path: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(private))
    workspace = WorkspacePaths(tmp_path)
    assert {name: getattr(workspace, name) for name in ("config", "plan", "runs", "state", "ledger", "logs")} == {
        "config": tmp_path / "orchestrator.config.yaml",
        "plan": tmp_path / "plan.md",
        "runs": tmp_path / "runs.md",
        "state": tmp_path / ".orchestrator",
        "ledger": tmp_path / ".orchestrator" / "ledger.jsonl",
        "logs": tmp_path / ".orchestrator" / "logs",
    }
    assert workspace.runtime_dir == private / "orch" / workspace.id
    assert workspace.control_socket == workspace.runtime_dir / "control.sock"


def test_workspaces_and_children_never_share_a_name(tmp_path: Path) -> None:
    one, other = WorkspacePaths(tmp_path / "one"), WorkspacePaths(tmp_path / "other")
    assert one.id == WorkspacePaths(tmp_path / "one").id
    assert len({one.id, other.id}) == 2
    assert len({one.server_socket(name) for name in ("api", "app", "API")} | {one.control_socket}) == 4
    assert (one.mark("api"), one.mark()) == (f"{one.id}/api", f"{one.id}/")


@pytest.mark.promise("sockets private")
def test_sockets_are_never_where_a_sandbox_may_write(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(private))
    (link := private / "link").symlink_to("/tmp")
    with TemporaryDirectory(dir="/tmp") as below:
        for given in ("", "/no/such/folder", "/tmp", "/tmp/../tmp", str(link), below, "relative"):
            monkeypatch.setenv("XDG_RUNTIME_DIR", given)
            assert runtime_root() in (private / "orch" / "sockets", Path(f"/run/user/{os.getuid()}/orch")), given
    monkeypatch.setenv("TMPDIR", str(private))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(private))
    assert not runtime_root().is_relative_to(private / "orch" / "x")
    assert runtime_root() != private / "orch"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_the_runtime_folder_of_another_user_is_not_taken(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(private, 65534, 65534)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(private))
    assert runtime_root() != private / "orch"


@pytest.mark.promise("sockets private")
def test_the_place_of_the_sockets_is_recorded_for_commands_with_another_environment(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = WorkspacePaths(private / "w")
    workspace.state.mkdir(parents=True)
    (private / "one").mkdir()
    (private / "other").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(private / "one"))
    assert make_runtime_dir(workspace) == private / "one" / "orch" / workspace.id
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(private / "other"))
    assert workspace.runtime_dir == make_runtime_dir(workspace) == private / "one" / "orch" / workspace.id
    shutil.rmtree(private / "one")
    assert make_runtime_dir(workspace) == workspace.runtime_dir == private / "other" / "orch" / workspace.id
    remove_runtime_dir(workspace)
    assert not workspace.runtime_dir.exists()
    assert [one.name for one in workspace.state.iterdir()] == []


def test_a_copied_workspace_has_sockets_of_its_own(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(private))
    workspace = WorkspacePaths(private / "w")
    workspace.state.mkdir(parents=True)
    make_runtime_dir(workspace)
    shutil.copytree(workspace.root, private / "copy", symlinks=True)
    copy = WorkspacePaths(private / "copy")
    assert copy.runtime_dir == private / "orch" / copy.id
    assert make_runtime_dir(copy) == copy.runtime_dir != workspace.runtime_dir


@pytest.mark.promise("sockets private")
def test_a_folder_that_everybody_may_replace_is_refused(private: Path) -> None:
    private.chmod(0o777)
    with pytest.raises(WorkspaceError) as error:
        make_private(private / "orch" / "id")
    assert f"run `chmod o-w {private}`" in str(error.value)


# ── a private folder ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_a_new_folder_and_its_parent_are_private(tmp_path: Path, mask: int) -> None:
    folder = tmp_path / "state" / "orch" / "id"
    before = os.umask(mask)
    try:
        make_private(folder)
        make_private(folder)
    finally:
        os.umask(before)
    assert [mode(one) for one in (folder, folder.parent, folder.parent.parent)] == [0o700] * 3


@pytest.mark.promise("sockets private")
def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "orch" / "id"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    folder.parent.chmod(0o755)
    make_private(folder)
    assert (mode(folder), mode(folder.parent)) == (0o700, 0o700)


def refusal(folder: Path) -> str:
    with pytest.raises(WorkspaceError) as error:
        make_private(folder)
    return str(error.value)


def not_ours(culprit: Path) -> str:
    return f"{culprit} is not a folder of this user: remove it, or set XDG_RUNTIME_DIR to a private folder"


@pytest.mark.promise("sockets private")
@pytest.mark.parametrize("which", ["orch", "orch/id"])
def test_a_link_is_not_followed(tmp_path: Path, which: str) -> None:
    target = tmp_path / "target"
    (target / "id").mkdir(parents=True)
    before = mode(target)
    (tmp_path / which).parent.mkdir(exist_ok=True)
    (tmp_path / which).symlink_to(target)
    assert refusal(tmp_path / "orch" / "id") == not_ours(tmp_path / which)
    assert mode(target) == before


@pytest.mark.parametrize("which", ["orch", "orch/id"])
@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_anything_but_a_folder_is_refused(tmp_path: Path, which: str, kind: str) -> None:
    (tmp_path / which).parent.mkdir(exist_ok=True)
    if kind == "file":
        (tmp_path / which).touch()
    else:
        (tmp_path / which).symlink_to("nowhere")
    assert refusal(tmp_path / "orch" / "id") == not_ours(tmp_path / which)


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match=r"deep cannot be made \(Not a directory\)"):
        make_private(tmp_path / "file" / "deep" / "orch" / "id")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder that belongs to somebody else")
@pytest.mark.parametrize("which", ["orch", "orch/id"])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, which: str) -> None:
    (tmp_path / "orch" / "id").mkdir(parents=True)
    os.chown(tmp_path / which, 65534, 65534)
    assert refusal(tmp_path / "orch" / "id") == not_ours(tmp_path / which)


def test_finding_the_workspace_imports_little() -> None:
    heavy = ("asyncio", "pydantic", "ruamel.yaml", "structlog", "websockets", "git")
    script = f"import sys, supervisor.runtime.workspace; print([n for n in {heavy} if n in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=5, check=True)
    assert ran.stdout == "[]\n"


# ── other users of the machine ───────────────────────────────────────────────────────────────────


@pytest.mark.promise("another user plants nothing")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a file that belongs to somebody else")
@pytest.mark.parametrize(
    ("uid", "link", "whose", "user"),
    [
        (65534, False, "nobody", "nobody"),
        (65534, True, "user 65534", "'#65534'"),
        (4000000, False, "user 4000000", "'#4000000'"),
    ],
)
def test_a_config_that_another_user_planted_above_us_is_refused(
    tmp_path: Path, uid: int, link: bool, whose: str, user: str
) -> None:
    (config := tmp_path / CONFIG_NAME).touch()
    (ours := tmp_path / "ours").mkdir()
    if link:
        config.rename(tmp_path / "own.yaml")
        config.symlink_to(tmp_path / "own.yaml")
    os.lchown(config, uid, uid)
    with pytest.raises(WorkspaceError) as error:
        find(ours)
    assert str(error.value) == (
        f"{config} belongs to {whose}, and could have orch run programs as you: "
        f"run orch as {whose} (`sudo -u {user} orch ...`); if it is yours, run `chown -h 0 {config}`"
    )


@pytest.mark.promise("another user plants nothing")
def test_a_config_that_root_wrote_for_us_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / CONFIG_NAME).touch()
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    if owner == 0:
        assert find(tmp_path) == WorkspacePaths(tmp_path)
    else:
        with pytest.raises(WorkspaceError, match="could have orch run programs as you"):
            find(tmp_path)


def test_nothing_is_made_where_a_workspace_was_moved_away(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path / "moved away")
    for folder in (workspace.logs, workspace.outputs):
        with pytest.raises(FileNotFoundError):
            make_inside(folder)
    assert list(tmp_path.iterdir()) == []
    workspace.root.mkdir()
    make_inside(workspace.outputs)
    assert [str(one.relative_to(tmp_path)) for one in sorted(tmp_path.rglob("*"))] == [
        "moved away",
        "moved away/.orchestrator",
        "moved away/.orchestrator/outputs",
    ]
