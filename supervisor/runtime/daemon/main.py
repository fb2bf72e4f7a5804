"""The supervisor process: takes the lock, reports to its starter, and supervises until `orch down`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NoReturn, TextIO

from supervisor.errors import OrchError, WorkspaceError
from supervisor.runtime.boundary.work_trees import WorkTrees
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.config.load import load_guarded, present
from supervisor.runtime.daemon.command import NEXT, READY, command, environment
from supervisor.runtime.daemon.first_step import STOP_SIGNALS, first_step
from supervisor.runtime.daemon.keeper import forsaken
from supervisor.runtime.daemon.recorder import recorder_of
from supervisor.runtime.logs import Logs
from supervisor.runtime.presence import lock as locks
from supervisor.runtime.presence import roster
from supervisor.runtime.workspace import WorkspacePaths, make_runtime_dir, remove_runtime_dir


class AlreadyUp(OrchError):
    """Another supervisor holds the lock of this workspace."""


def run(
    workspace: WorkspacePaths,
    *,
    ready: Callable[[], None],
    up: Sequence[str] | None = None,
    mirror: TextIO | None = None,
    lock: int | None = None,
) -> None:
    """Run the supervisor of this workspace until `orch down` (or SIGTERM, SIGINT), then return.

    Call `ready` once the control socket answers. `up` names the children whose servers start at once (empty: all;
    None: only those that run). `mirror` (standard error) gets a line for each event. `lock` is the descriptor of the
    workspace's lock, if this process inherited it.

    Raises AlreadyUp, or another OrchError if the workspace, the config or the ledger cannot be used.
    """
    config = load_guarded(workspace)
    held = locks.taken_over(lock) if lock is not None else locks.take(workspace)
    if held is None:
        raise AlreadyUp("a supervisor is up already", "see `orch status`")
    with held:
        locks.sign(held, os.getpid())
        if forsaken():  # whoever looked for the holder meant this process
            raise OrchError("the supervisor was killed while it started", "run `orch up` again")
        trees = WorkTrees()
        trees.claim(workspace, present(config))
        sockets = make_runtime_dir(workspace)
        logs = Logs(workspace.logs, megabytes=config.limits.log_megabytes, mirror=mirror)
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # until the loop can handle them
        with closing(logs), recorder_of(workspace, logs) as recorder:
            _enter(workspace, sockets, logs)
            registry = Registry(workspace.registry)
            first = first_step(workspace, config, recorder, registry, logs, up)
            # Import late: it takes 60 ms, in which the servers get ready. With one to three, a start is 15 % shorter.
            from supervisor.runtime.daemon.supervise import supervise

            successor = supervise(workspace, config, recorder, registry, first, logs, ready, held)
        if recorder.world.supervisor.stopping is None:
            _start_over(workspace, held, successor, mirrored=mirror is not None)
        trees.release(servers_left=bool(registry.alive()))
        remove_runtime_dir(workspace, sockets)  # no server listens there any more
        roster.leave(workspace)


def _enter(workspace: WorkspacePaths, sockets: Path, logs: Logs) -> None:
    try:
        roster.enter(workspace, sockets)
    except (OSError, WorkspaceError) as error:  # all but `orch ls` goes on without
        logs.say("not_on_the_roster", level="warning", reason=str(error))


def _start_over(workspace: WorkspacePaths, lock: TextIO, successor: Sequence[str], *, mirrored: bool) -> NoReturn:
    """Replace this process by a supervisor that rereads the config and adopts the servers, as after a crash: by the
    program `successor`, or if that is empty by our own. The process keeps its pid, and never releases the lock."""
    os.set_inheritable(lock.fileno(), True)
    words = command(workspace, lock.fileno(), "mirrored" if mirrored else "quiet", "again", begins=successor)
    os.execve(words[0], words, environment(workspace))


def _report_to_starter(text: str) -> None:
    """Report to the process that started us, over the pipe that is our standard output, and close the pipe."""
    with suppress(BrokenPipeError):  # Ctrl-C ended it meanwhile: we go on
        os.write(1, text.encode("utf-8", "replace"))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def serve(workspace: WorkspacePaths, lock: int, voice: str, how: str, *named: str) -> int:
    """Run the supervisor behind `orch up`, in a process of its own that inherited `lock`; return its exit code.

    `voice` is "quiet", or "mirrored" for one that also writes its events to standard error. `how` is "up" with the
    children to start (none: all), "idle" to start none, or "again" for one that starts over. A failure to start is
    reported on standard output, except by one that starts over, for nobody waits for it.
    """
    mirror = sys.stderr if voice == "mirrored" else None
    if how == "again":
        run(workspace, ready=lambda: None, mirror=mirror, lock=lock)
        return 0
    up = named if how == "up" else None
    try:
        run(workspace, ready=lambda: _report_to_starter(READY), up=up, mirror=mirror, lock=lock)
    except OrchError as error:
        _report_to_starter(f"{error.what}{NEXT}{error.next_step}")
        return 1
    return 0


def main() -> None:
    """Call `serve` with the arguments that `command` built: the workspace, the lock, how, and the names."""
    os.closerange(int(sys.argv[2]) + 1, os.sysconf("SC_OPEN_MAX"))  # descriptors inherited from the starter
    code = serve(WorkspacePaths(Path(sys.argv[1])), int(sys.argv[2]), *sys.argv[3:])
    sys.stderr.flush()
    os._exit(code)  # all is closed; finalizing the interpreter would delay `orch down` by 50 ms


if __name__ == "__main__":
    main()
