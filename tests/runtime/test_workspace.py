"""Find the workspace, and make the private folder for its sockets."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.errors import WorkspaceError
from supervisor.runtime.workspace import CONFIG_NAME, WorkspacePaths, find, make_private, runtime_root


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


def test_everything_is_in_the_workspace_except_the_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")
    workspace = WorkspacePaths(tmp_path)
    assert {name: getattr(workspace, name) for name in ("config", "plan", "runs", "state", "ledger", "logs")} == {
        "config": tmp_path / "orchestrator.config.yaml",
        "plan": tmp_path / "plan.md",
        "runs": tmp_path / "runs.md",
        "state": tmp_path / ".orchestrator",
        "ledger": tmp_path / ".orchestrator" / "ledger.jsonl",
        "logs": tmp_path / ".orchestrator" / "logs",
    }
    assert workspace.runtime_dir == Path("/tmp/orch") / workspace.id
    assert workspace.control_socket == workspace.runtime_dir / "control.sock"


def test_workspaces_and_children_never_share_a_name(tmp_path: Path) -> None:
    one, other = WorkspacePaths(tmp_path / "one"), WorkspacePaths(tmp_path / "other")
    assert one.id == WorkspacePaths(tmp_path / "one").id
    assert len({one.id, other.id}) == 2
    assert len({one.server_socket(name) for name in ("api", "app", "API")} | {one.control_socket}) == 4
    assert (one.mark("api"), one.mark()) == (f"{one.id}/api", f"{one.id}/")


@pytest.mark.parametrize("given", ["/run/user/1000", "", "/tmp", "/tmp/" + "x" * 60])
def test_the_paths_of_sockets_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", given)
    workspace = WorkspacePaths(tmp_path / ("deep" * 50) / "\udcff")
    assert len(os.fsencode(workspace.server_socket("a" * 40))) < 90
    assert len(os.fsencode(workspace.control_socket)) < 90


def test_without_a_usable_runtime_folder_it_is_one_of_the_user_under_tmp(monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ("", "/no/such/folder", "/tmp/" + "x" * 60):
        monkeypatch.setenv("XDG_RUNTIME_DIR", given)
        assert runtime_root() == Path(f"/tmp/orch-{os.getuid()}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")
    assert runtime_root() == Path("/tmp/orch")


# ── a private folder ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_a_new_folder_and_its_parent_are_private(tmp_path: Path, mask: int) -> None:
    folder = tmp_path / "orch" / "id"
    before = os.umask(mask)
    try:
        make_private(folder)
        make_private(folder)
    finally:
        os.umask(before)
    assert (mode(folder), mode(folder.parent)) == (0o700, 0o700)


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
    with pytest.raises(WorkspaceError, match=r"orch cannot be made \(No such file or directory\)"):
        make_private(tmp_path / "gone" / "orch" / "id")


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
