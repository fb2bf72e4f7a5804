"""`orch up --foreground`: stay with the supervisor until it ends, and end it on a signal."""

from __future__ import annotations

import contextlib
import signal
from types import FrameType

from supervisor.cli.display import output
from supervisor.cli.entry import INTERRUPTED
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.daemon import ending, launch
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process.handle import open_handle

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_early(workspace: WorkspacePaths) -> int:
    """End, in order, a supervisor whose start was interrupted. Returns as `follow_to_the_end`, or 130 if none started.

    Raises SupervisorHangs if it does not come up.
    """
    output.say("orch: interrupted: the supervisor ends as soon as it is up")
    return follow_to_the_end(workspace, end_it=True) if launch.comes_up(workspace) else INTERRUPTED


def follow_to_the_end(workspace: WorkspacePaths, *, end_it: bool = False) -> int:
    """Return once the supervisor has ended: 0 if it left no server behind, else 1.

    SIGINT, SIGTERM and SIGHUP end it in order, in place of this process. `end_it` does so at once.
    """
    supervisor = ending.supervisor_process(workspace)
    handle = open_handle(supervisor) if supervisor is not None else None
    if handle is not None:

        def end(number: int, frame: FrameType | None) -> None:
            handle.terminate()

        before = {number: signal.signal(number, end) for number in STOP_SIGNALS}
        try:
            with contextlib.closing(handle):
                if end_it:
                    handle.terminate()
                while not handle.wait_blocking(3600):
                    pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return 1 if Registry(workspace.registry).alive() else 0
