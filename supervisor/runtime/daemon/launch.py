"""Start the supervisor from the command line. Imports little, because every import here delays every start."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

from supervisor.domain.process import MARK
from supervisor.errors import OTHER_VERSION, OrchError, RequestRefused, SupervisorDown
from supervisor.regular_file import descriptor, open_regular
from supervisor.runtime.calling import connect
from supervisor.runtime.daemon.command import HANDED_ON, NEXT, READY, command, environment, program
from supervisor.runtime.presence import headway, roster
from supervisor.runtime.presence import lock as locks
from supervisor.runtime.workspace import WorkspacePaths, make_inside
from supervisor.wire.glance import glance

if TYPE_CHECKING:
    from supervisor.shell.control_client import ControlClient

PATIENCE = 5.0  # seconds for a sign of life of a supervisor that is asked for something
STARTS_OVER = 5  # times that a supervisor may start over while one request is made

T = TypeVar("T")


class Starting(NamedTuple):
    """A supervisor process that was started, and the pipe on which it reports."""

    pid: int
    read_end: int  # the descriptor from which to read how its start went
    errors: Path
    size: int  # of `errors` before it was started

    def wait(self) -> None:
        """Return once it answers. Raises OrchError with the reason if it does not start."""
        with open(self.read_end, "rb") as reader:
            text = reader.read().decode("utf-8", "replace")
        if text == READY:
            return
        what, sign, next_step = text.partition(NEXT)
        if sign:
            raise OrchError(what, next_step)
        os.waitpid(self.pid, 0)
        with open_regular(self.errors) as log:
            log.seek(self.size)
            last = log.read().decode("utf-8", "replace").strip().splitlines()[-1:] or ["it printed nothing"]
        raise OrchError(f"the supervisor did not start: {last[0]}", f"see {self.errors}")


def ensure_supervisor(workspace: WorkspacePaths, up: Sequence[str] | None = None) -> bool:
    """Make sure that a supervisor answers; True if it had to be started. For `up` and errors see `begin`."""
    starting = begin(workspace, up)
    if starting is not None:
        starting.wait()
    return starting is not None


def locked(workspace: WorkspacePaths) -> bool:
    """Whether a supervisor holds the lock of this workspace."""
    return roster.holder(workspace) is not None


def begin(workspace: WorkspacePaths, up: Sequence[str] | None = None, *, mirrored: bool = False) -> Starting | None:
    """Start a supervisor, which then starts the servers of `up` (empty: all; None: none); None if one answers already.

    A `mirrored` one also writes its events to our standard error.

    Concurrent callers get one supervisor between them. Raises OrchError with the reason if none can be started.
    """
    if MARK in os.environ:
        raise OrchError(
            "this is the shell of a child", "only the person starts a supervisor: use a terminal of your own"
        )
    if _answers(workspace):
        return None
    while not comes_up(workspace):
        if (starting := _start(workspace, up, mirrored=mirrored)) is not None:
            return starting
    return None


def _start(workspace: WorkspacePaths, up: Sequence[str] | None, *, mirrored: bool) -> Starting | None:
    """Start a supervisor; None if another process was faster, whose supervisor may not answer yet."""
    lock = locks.take(workspace)
    if lock is None:
        return None
    how = ("mirrored" if mirrored else "quiet", *(("idle",) if up is None else ("up", *up)))
    with lock, _error_log(workspace) as log:
        read_end, write_end = os.pipe()
        signed, to_sign = os.pipe()  # the supervisor signs the lock once this is closed, so never before we do
        with open(write_end, "wb"), open(signed, "rb"), open(to_sign, "wb"):
            error_fd = sys.stderr.fileno() if mirrored else log.fileno()
            pid = _spawn(workspace, lock.fileno(), how, signed, write_end, error_fd)
            starting = Starting(pid, read_end, Path(log.name), log.tell())
            locks.sign(lock, starting.pid)
    return starting


def _spawn(workspace: WorkspacePaths, lock: int, how: Sequence[str], signed: int, write_end: int, log: int) -> int:
    """Start the supervisor's process in a session of its own; return its pid.

    It is given the standard streams and the lock, and closes whatever else it inherits.
    """
    return os.posix_spawn(
        sys.executable,
        command(workspace, HANDED_ON, *how),
        environment(workspace),
        file_actions=[
            (os.POSIX_SPAWN_DUP2, signed, 0),
            (os.POSIX_SPAWN_DUP2, write_end, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
            (os.POSIX_SPAWN_DUP2, lock, HANDED_ON),
        ],
        setsid=True,
    )


def reload(workspace: WorkspacePaths) -> bool:
    """Have the supervisor reload the config if it changed; True once it is up with the new one, False if unchanged.

    Raises RequestRefused for an invalid config (then nothing changes), SupervisorDown if it does not come back.
    """

    def ask(client: ControlClient) -> str | None:
        since = glance(client.call("status")).supervisor.since
        return since if client.call("reload")["changed"] else None

    since = persistently(workspace, ask)
    if since is None:
        return False
    if not comes_up(workspace, since):
        raise SupervisorDown("the supervisor ended while it reloaded the config", "see `orch logs`, then run `orch up`")
    return True


def persistently(workspace: WorkspacePaths, ask: Callable[[ControlClient], T]) -> T:
    """Call `ask` with a connection to the supervisor, and again if that is busy or starts over meanwhile.

    Raises SupervisorDown if it ended, or starts over again and again, SupervisorHangs if it stays busy, or hangs, and
    whatever else `ask` raises.
    """
    for _ in range(STARTS_OVER):
        try:
            with connect(workspace) as client:
                client.ping("status", PATIENCE)
                return ask(client)
        except SupervisorDown as error:
            if not comes_up(workspace):
                raise
            last = error
    raise last


def start_over(workspace: WorkspacePaths) -> None:
    """Have a running supervisor, of whatever version, start over as one of this version. Servers and turns go on.

    Raises RequestRefused if it cannot (then nothing changes), SupervisorDown if it does not come back.
    """
    with connect(workspace) as client:
        supervisor = glance(client.status(PATIENCE)).supervisor
        try:
            client.call("start_over", program=program())
        except RequestRefused as error:
            if error.next_step != OTHER_VERSION:
                raise
            raise RequestRefused(
                f"this supervisor ({supervisor.version or 'of an unknown version'}) cannot be restarted in place",
                "run `orch down`, then `orch up`: running turns are interrupted, and resumed",
            ) from error
    if not comes_up(workspace, supervisor.since):
        raise SupervisorDown("the supervisor ended while it started over", "see `orch logs`, then run `orch up`")


def _answers(workspace: WorkspacePaths, unlike: str | None = None) -> bool:
    """Whether a supervisor answers, at once, that did not start at `unlike`."""
    try:
        with connect(workspace) as client:
            since = glance(client.status()).supervisor.since
    except SupervisorDown:
        return False
    return unlike is None or since != unlike


def comes_up(workspace: WorkspacePaths, unlike: str | None = None) -> bool:
    """Wait for a supervisor that starts (or starts over): True once it answers, False once no process holds the lock.

    Raises as `headway.comes_up`.
    """
    return headway.comes_up(workspace, lambda: _answers(workspace, unlike))


def _error_log(workspace: WorkspacePaths) -> BinaryIO:
    """Open the file for the daemon's standard error: what breaks before its logs are open, or despite them."""
    path = workspace.logs / "supervisor.stderr.log"
    try:
        make_inside(workspace.logs)
        return open(path, "ab", opener=descriptor)
    except OSError as error:
        raise locks.unwritable(workspace, path, error) from error
