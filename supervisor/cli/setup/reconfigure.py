"""Change the config, and have a running supervisor take the change in."""

from __future__ import annotations

from supervisor.errors import RequestRefused
from supervisor.runtime.config.change import replace_text
from supervisor.runtime.daemon import launch
from supervisor.runtime.workspace import WorkspacePaths


def reconfigure(workspace: WorkspacePaths, before: str, after: str) -> bool:
    """Replace the text `before` of the config by `after`, and have a running supervisor reload it.

    Returns whether a supervisor runs. Raises ConfigError if the new text is not valid, or somebody else changed the
    file; SupervisorHangs if the supervisor does not answer: then nothing is written; RequestRefused if it refuses the
    config: then the old text is back.
    """
    launch.comes_up(workspace)
    replace_text(workspace, before, after)
    if not launch.comes_up(workspace):
        return False
    try:
        launch.reload(workspace)
    except RequestRefused:
        replace_text(workspace, after, before)
        raise
    return True
