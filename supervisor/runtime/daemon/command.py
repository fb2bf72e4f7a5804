"""How a supervisor process is started: its command line, and the word by which it says that it answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from supervisor.runtime.workspace import Workspace

READY = "ready"  # what a started supervisor writes to its standard output

# The very package that starts it, wherever it lies; no environment variable, for the servers would inherit it.
_DAEMON = "import sys; sys.path.insert(0, sys.argv.pop(1)); from supervisor.runtime.daemon.main import main; main()"
_PACKAGE = str(Path(__file__).parents[3])


def command(workspace: Workspace, lock: TextIO, *how: str) -> list[str]:
    """What runs the supervisor of this workspace, in a process that inherits the lock; for `how` see its `serve`."""
    return [sys.executable, "-c", _DAEMON, _PACKAGE, str(workspace.root), str(lock.fileno()), *how]
