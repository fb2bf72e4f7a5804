"""`orch service`: have systemd bring the workspace up after a reboot."""

from __future__ import annotations

import os
from pathlib import Path

from supervisor.cli.command.parameters import Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.runtime.codex.mcp_config import this_orch
from supervisor.runtime.config.origins import path_variables
from supervisor.runtime.presence import service
from supervisor.runtime.presence.service import Unit
from supervisor.runtime.workspace import WorkspacePaths

_DONE = {
    "installed": "installed",
    "replaced": "replaced",
    "unchanged": "is installed already:",
    "removed": "removed",
    "none": "there was none:",
}


def install(workspace: WorkspacePaths, *, as_json: Json = False) -> int:
    """Write and enable the unit. Raises OrchError if it cannot be written, or the config has an error."""
    names = dict.fromkeys((*service.KEPT, *path_variables(workspace)))
    environ = {name: value for name in names if (value := os.environ.get(name))}
    orch = this_orch()
    if len(orch) > 1:  # no console script: let Python find the package by its path
        environ["PYTHONPATH"] = str(Path(__file__).parents[3])
    return _say(service.install(workspace, orch, environ), as_json)


def remove(workspace: WorkspacePaths, *, as_json: Json = False) -> int:
    """Disable the unit and remove it; what is up stays up. Raises OrchError if it cannot be removed."""
    return _say(service.remove(workspace), as_json)


def _say(unit: Unit, as_json: bool) -> int:
    if as_json:
        output.emit_json({"unit": unit.path.name, "path": str(unit.path), "state": unit.state, "left": unit.left})
    else:
        output.emit(f"{_DONE[unit.state]} {one_line(str(unit.path))}")
        if unit.left is not None:
            output.say(f"orch: {one_line(unit.left)}")
    return 0
