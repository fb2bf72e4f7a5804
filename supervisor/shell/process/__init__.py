"""Start server processes, wait for them, stop them and everything that they started.

Here: processes and the trees below them. Not here: what a server is (`runtime.codex`).
"""

from supervisor.domain.process import MARK
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
