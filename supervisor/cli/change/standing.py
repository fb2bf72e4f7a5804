"""The status for commands that work without a supervisor, too."""

from __future__ import annotations

from supervisor import api
from supervisor.domain.status import Status
from supervisor.errors import SupervisorDown
from supervisor.runtime.workspace import WorkspacePaths


def status_of(workspace: WorkspacePaths) -> Status:
    """Return the status, or the last one that is known while no supervisor is up."""
    orch = api.Workspace(workspace.root)
    try:
        return orch.status()
    except SupervisorDown:
        return orch.last_status()
