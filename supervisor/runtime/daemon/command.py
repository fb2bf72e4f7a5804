"""How a supervisor process is started: its command line, and the words by which it says how that went."""

from __future__ import annotations

import sys
from pathlib import Path

from supervisor.runtime.workspace import WorkspacePaths

HANDED_ON = 3  # the descriptor at which a new supervisor finds the lock
READY = "ready"  # what a started supervisor writes to its standard output
NEXT = "\0"  # or else what is wrong, this, and the next step

# The very package that starts it, wherever it lies; no environment variable, for the servers would inherit it. It
# leaves the folder that it was started in before it imports anything: Python looks for modules there, too. Until it is
# at work it collects no garbage: to look for some among what is loaded takes 5 % of a start, and there is none.
_DAEMON = (
    "import gc, os, sys; gc.disable(); os.chdir('/'); sys.path.insert(0, sys.argv.pop(1)); "
    "from supervisor.runtime.daemon.main import main; main()"
)
_PACKAGE = str(Path(__file__).parents[3])


def command(workspace: WorkspacePaths, lock: int, *how: str) -> list[str]:
    """What runs the supervisor of this workspace, in a process that inherits the lock as this descriptor.

    For `how` see its `serve`.
    """
    return [sys.executable, "-c", _DAEMON, _PACKAGE, str(workspace.root), str(lock), *how]
