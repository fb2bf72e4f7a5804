"""`orch skill install`: put the skill where Codex finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.runtime import skill


def install(
    *,
    force: Annotated[bool, Option("--force", "Replace a different one that is installed.")] = False,
    as_json: Json = False,
) -> int:
    """Install the skill for this user. Raises OrchError if another one is there and `force` is not given."""
    done = skill.install(Path.home(), force=force)
    if as_json:
        output.emit_json({"path": str(done.path), "state": done.state})
    else:
        words = {"unchanged": "is installed already:", "replaced": "was replaced:", "installed": "is installed:"}
        output.emit(f"the skill {words[done.state]} {done.path}")
    return 0
