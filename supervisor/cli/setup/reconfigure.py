"""Change the config, and have a running supervisor take the change in."""

from __future__ import annotations

import os

from supervisor.domain.process import MARK
from supervisor.errors import OrchError, RequestRefused, StoreError
from supervisor.runtime.config.change import replace_text
from supervisor.runtime.daemon import launch
from supervisor.runtime.workspace import WorkspacePaths


def reconfigure(workspace: WorkspacePaths, before: str, after: str) -> bool:
    """Replace the text `before` of the config by `after`, and have a running supervisor reload it.

    Returns whether a supervisor runs. Writes nothing and raises ConfigError if the new text is not valid, or somebody
    else changed the file; SupervisorHangs if the supervisor does not answer; OrchError in the shell of a child. Raises
    RequestRefused if the supervisor refuses the config: then the old text is back.
    """
    if MARK in os.environ:
        raise OrchError(
            "this is the shell of a child", "only the person changes the config: use a terminal of your own"
        )
    launch.comes_up(workspace)
    replace_text(workspace, before, after)
    if not launch.comes_up(workspace):
        return False
    try:
        launch.reload(workspace)
    except (RequestRefused, StoreError):
        replace_text(workspace, after, before)
        raise
    return True
