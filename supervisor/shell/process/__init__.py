"""Start server processes, wait for them, stop them and everything that they started.

Here: processes and the trees below them. Not here: what a server is (`runtime.codex`). A name is loaded with its module
when it is first used: `orch status` looks at the process table, and starts nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from supervisor.domain.process import MARK

if TYPE_CHECKING:
    from supervisor.shell.process.start import ExitStatus, Spawned, spawn, wait_exit
    from supervisor.shell.process.stop import end_abandoned, kill_tree, stop_tree, sweep
    from supervisor.shell.process.table import (
        Identity,
        alive,
        identity_of,
        marked,
        marks,
        read_table,
        rss_bytes,
        tree_seconds,
    )

__all__ = [
    "MARK",
    "ExitStatus",
    "Identity",
    "Spawned",
    "alive",
    "end_abandoned",
    "identity_of",
    "kill_tree",
    "marked",
    "marks",
    "read_table",
    "rss_bytes",
    "spawn",
    "stop_tree",
    "sweep",
    "tree_seconds",
    "wait_exit",
]

_STARTING = ("ExitStatus", "Spawned", "spawn", "wait_exit")
_STOPPING = ("end_abandoned", "kill_tree", "stop_tree", "sweep")


def __getattr__(name: str) -> object:
    """Load a name with its module."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "start" if name in _STARTING else "stop" if name in _STOPPING else "table"
    return getattr(import_module(f"{__name__}.{module}"), name)
