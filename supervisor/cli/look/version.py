"""`orch version`: the versions of orch, of the supervisor that is up, and of codex."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from supervisor import __version__
from supervisor.cli.command.everywhere import located
from supervisor.cli.command.parameters import Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.display.skew import skew_of
from supervisor.domain.status import Status
from supervisor.errors import CodexError, OrchError, SupervisorDown, WorkspaceError
from supervisor.runtime import calling
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.codex.version import version_at
from supervisor.runtime.config.load import configured_codex
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.glance import glance


def version(folder: Path, *, as_json: Json = False) -> int:
    """Print the versions. In a workspace, the codex is the one that its config names."""
    workspace: WorkspacePaths | None = None
    with suppress(WorkspaceError):
        workspace = located(folder)
    status, down = _status(workspace)
    codex, path, problem = _codex(workspace)
    servers = [(child.name, child.codex) for child in status.children if child.codex] if status else []
    if as_json:
        output.emit_json(
            {
                "orch": __version__,
                "supervisor": status.supervisor.version if status else None,
                "codex": codex,
                "codex_path": path,
                "servers": dict(servers),
            }
        )
        return 0
    skew = skew_of(status.supervisor.version) if status else None
    supervisor = f"{status.supervisor.version} (process {status.supervisor.pid})" if status else down
    output.emit(f"orch        {__version__}")
    output.emit(f"supervisor  {one_line(supervisor)}")
    if skew is not None:
        output.emit(f"            {skew.what}: {skew.next_step}")
    output.emit(f"codex       {f'{codex} ({path})' if codex else one_line(problem)}")
    for name, own in servers:
        if codex and own != codex:
            output.emit(f"            {one_line(own)} in the server of {name}: `orch restart {name}` takes the new one")
    return 0


def _status(workspace: WorkspacePaths | None) -> tuple[Status | None, str]:
    """Return the status, or why there is none."""
    if workspace is None:
        return None, "none: this is no workspace"
    try:
        return glance(calling.live(workspace)), ""
    except SupervisorDown as error:
        return None, error.what


def _codex(workspace: WorkspacePaths | None) -> tuple[str | None, str | None, str]:
    """Return the version and the path of codex, or what is wrong with it."""
    try:
        path = locate(configured_codex(workspace) if workspace is not None else None)
        return version_at(path), str(path), ""
    except CodexError as error:
        return None, None, str(error)
    except OrchError as error:
        return None, None, f"unknown: {error}"
