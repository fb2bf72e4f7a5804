"""The command line of a supervisor process, and the protocol by which it reports how its start went."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from supervisor.domain.process import KEEPER
from supervisor.runtime.workspace import WorkspacePaths

HANDED_ON = 3  # the descriptor of the lock in a new supervisor process
READY = "ready"  # what a started supervisor writes to its standard output
NEXT = "\0"  # after a failure it writes what is wrong, this, and the next step

# Run the same package as the starter, by its path; an environment variable would be inherited by the servers. Leave the
# current folder before importing anything, because Python looks for modules there, too. Collect no garbage until the
# start is over: scanning what was loaded takes 5 % of a start and finds nothing.
_DAEMON = (
    "import gc, os, sys; gc.disable(); os.chdir('/'); sys.path.insert(0, sys.argv.pop(1)); "
    "from supervisor.runtime.daemon.keeper import keep; keep(); "
    "from supervisor.runtime.daemon.main import main; main()"
)
_PACKAGE = str(Path(__file__).parents[3])


def program() -> list[str]:
    """Return the words that begin the command line of a supervisor of this version."""
    return [sys.executable, "-c", _DAEMON, _PACKAGE]


def command(workspace: WorkspacePaths, lock: int, *how: str, begins: Sequence[str] = ()) -> list[str]:
    """Return the command line of this workspace's supervisor, for a process that inherits `lock` as this descriptor.

    For `how` see `main.serve`. `begins` is the `program` of another version, else it is ours. What follows it must stay
    as it is, because versions replace each other. Its environment is `environment(workspace)`.
    """
    return [*(begins or program()), str(workspace.root), str(lock), *how]


def environment(workspace: WorkspacePaths) -> dict[str, str]:
    """Return the environment of this workspace's supervisor: ours, and a mark that lets it have a keeper."""
    return {**os.environ, KEEPER: workspace.id}
