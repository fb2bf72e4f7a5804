"""`orch plan stop`: end the orchestrator's effort."""

from __future__ import annotations

from supervisor import api
from supervisor.cli.command.parameters import Json
from supervisor.cli.display import output
from supervisor.runtime.workspace import WorkspacePaths


def stop(workspace: WorkspacePaths, *, as_json: Json = False) -> int:
    """End the orchestrator's effort, and say what that ended. Tasks and plan.md go on as they are."""
    ended = api.Workspace(workspace.root).stop_planning()
    if as_json:
        output.emit_json({"ended": list(ended)})
        return 0
    if not ended:
        output.emit("there is nothing to end: the orchestrator is not at work on a plan")
        return 0
    output.emit(f"the orchestrator's effort is ended: {', '.join(ended)}")
    output.say('plan.md and its tasks go on (`orch hold` holds them); `orch plan "PROBLEM"` begins anew')
    return 0
