"""A workspace that other users of the machine could write or replace."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.runtime.boundary import others
from supervisor.runtime.boundary.others import open_to_others
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.location import Mount


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspacePaths:
    made = WorkspacePaths(tmp_path / "shared" / "a" / "ws")
    made.state.mkdir(parents=True)
    (made.root / ".codex").mkdir()
    made.plan.touch()
    made.config.touch()
    return made


@pytest.mark.promise("another user plants nothing")
@pytest.mark.parametrize("part", ["", "plan.md", ".codex", "orchestrator.config.yaml", ".orchestrator"])
def test_what_steers_is_not_for_everybody_to_write(workspace: WorkspacePaths, part: str) -> None:
    for mode in (0o755, 0o700, 0o775):
        (workspace.root / part).chmod(mode)
        assert open_to_others(workspace) is None
    for mode in (0o777, 0o1777, 0o702):
        (workspace.root / part).chmod(mode)
        assert open_to_others(workspace) == (
            f"every user of this machine may write {workspace.root / part}, and so steer the supervisor",
            f"run `chmod o-w {workspace.root / part}`",
        )


@pytest.mark.promise("another user plants nothing")
def test_the_workspace_is_not_for_everybody_to_replace(workspace: WorkspacePaths, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(workspace.root)
    shared = tmp_path / "shared"
    shared.chmod(0o1777)
    assert open_to_others(workspace) is None, "nobody else may rename what is ours there"
    shared.chmod(0o777)
    for named in (workspace, WorkspacePaths(tmp_path / "link")):
        assert open_to_others(named) == (
            f"every user of this machine can replace what is in {shared}, and so the workspace ({workspace.root})",
            f"run `chmod o-w {shared}`, or move the workspace",
        )


@pytest.mark.parametrize(("kind", "told"), [("ext4", True), ("", True), ("9p", False), ("vfat", False)])
def test_a_file_system_that_keeps_no_modes_tells_nothing(
    workspace: WorkspacePaths, kind: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.root.chmod(0o777)
    monkeypatch.setattr(others, "read_mounts", lambda: (Mount("/", "8:1", "/", kind),))
    assert (open_to_others(workspace) is not None) is told
