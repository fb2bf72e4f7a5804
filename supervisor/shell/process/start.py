"""Starting a server, and learning how it ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from supervisor.errors import CodexError, StoreError
from supervisor.shell.process.handle import open_handle
from supervisor.shell.process.table import MARK, Identity, look_aside, row

VMSTAT = Path("/proc/vmstat")


class ExitStatus(NamedTuple):
    """How a process ended. `code` and `signal` are None when unknown; `left` is what of its session outlived it."""

    code: int | None
    signal: str | None
    text: str
    left: tuple[Identity, ...] = ()


class Spawned:
    """A server that this process started and has to reap; `exit` is None until `wait_exit` saw it end."""

    __slots__ = ("exit", "identity", "kills", "popen")

    def __init__(self, popen: subprocess.Popen[bytes], identity: Identity) -> None:
        self.popen = popen
        self.identity = identity
        self.exit: ExitStatus | None = None
        self.kills = memory_kills()


def spawn(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None, mark: str, stdout_path: Path, stderr_path: Path
) -> Spawned:
    """Start a server in a session of its own, with no input and its output appended to files (0600).

    `env` is its whole environment (None: ours), to which `ORCH_SERVER=mark` is added. It inherits descriptors 0-2 only,
    no blocked signal and (called from the main thread) no ignored one. Files, not pipes: a pipe would tie the server to
    our life. Raises CodexError when the program or the folder cannot be used, StoreError when a log cannot be opened.
    """
    environ = {**(os.environ if env is None else env), MARK: mark}
    with contextlib.ExitStack() as stack:
        out, err = (stack.enter_context(_appended(path)) for path in (stdout_path, stderr_path))
        stack.enter_context(_default_signals())
        try:
            popen = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                close_fds=True,
                restore_signals=True,
            )
        except OSError as error:
            raise _cannot_start(argv[0], cwd, environ, error) from error
    found = row(popen.pid)
    assert found is not None, "a child that was not reaped always has a row in the process table"
    return Spawned(popen, found.identity)


async def wait_exit(process: Spawned | Identity) -> ExitStatus:
    """Wait, without limit and without polling, until the process has ended, and say how.

    A server of ours is reaped (once, for any number of waiters), also one that this very process started before it
    became another program. The status of a process that another supervisor started went to that one's parent: it is
    unknown, and said to be.
    """
    identity = process.identity if isinstance(process, Spawned) else process
    handle = open_handle(identity)
    if handle is not None:
        with contextlib.closing(handle):
            await handle.ended(None)
    if isinstance(process, Spawned):
        return await _reap(process)
    left = () if handle is None else await _left_by(identity)
    return _ended(identity.pid, left, os.WEXITED | os.WNOHANG, "it was not started by this supervisor")


async def _left_by(leader: Identity) -> tuple[Identity, ...]:
    """What outlived it in its session. Dozens of servers that end side by side share a look at the process table."""
    return (await look_aside()).session_of(leader)


async def _reap(process: Spawned) -> ExitStatus:
    """Read the status before reaping: as long as the zombie stands, its session number is nobody else's."""
    left = await _left_by(process.identity) if process.exit is None else ()
    if process.exit is None:  # no other waiter was faster
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        otherwise = "another part of this process took it"
        process.exit = _ended(process.identity.pid, left, flags, otherwise, process.kills)
        process.popen.poll()
    return process.exit


def _ended(pid: int, left: tuple[Identity, ...], flags: int, otherwise: str, kills: int | None = None) -> ExitStatus:
    """How a process ended; if that is not for us to know, `otherwise` says why. `kills`: `memory_kills` as it began."""
    try:
        status = os.waitid(os.P_PID, pid, flags)
    except ChildProcessError:
        status = None
    if status is None:
        return ExitStatus(None, None, f"ended (exit status unknown: {otherwise})", left)
    if status.si_code == os.CLD_EXITED:
        return ExitStatus(status.si_status, None, f"exited with code {status.si_status}", left)
    try:
        name = signal.Signals(status.si_status).name
    except ValueError:
        name = f"signal {status.si_status}"
    why = ""
    if name == "SIGKILL" and kills is not None and (now := memory_kills()) is not None and now > kills:
        why = " (the system ran out of memory since it was started, and kills processes then)"
    return ExitStatus(None, name, f"killed by {name}{why}", left)


def memory_kills() -> int | None:
    """How many processes the kernel has killed for want of memory since the boot; None where it does not tell."""
    with contextlib.suppress(OSError, ValueError), VMSTAT.open(encoding="ascii") as file:
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return None


@contextlib.contextmanager
def _appended(path: Path) -> Iterator[int]:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"cannot open {path}: {error.strerror}", "make the folder writable and try again") from error
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def _default_signals() -> Iterator[None]:
    """For the time of a spawn: nothing blocked, and nothing ignored in a way that exec would hand on.

    A handler is reset by exec where "ignore" is kept, and one that does nothing is the same to us: no code has to run
    between fork and exec. Only the main thread may set handlers.
    """
    ignored = []
    if threading.current_thread() is threading.main_thread():
        ours = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}
        ignored = [one for one in ours if signal.getsignal(one) is signal.SIG_IGN]
    mask = signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        for one in ignored:
            signal.signal(one, lambda *_: None)
        yield
    finally:
        for one in ignored:
            signal.signal(one, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _cannot_start(program: str, cwd: Path, env: Mapping[str, str], error: OSError) -> CodexError:
    """The error for a failed start, told by what is wrong rather than by what the kernel calls it."""
    if not cwd.is_dir():
        return CodexError(
            f"cannot start {program} in {cwd}: that folder does not exist",
            "restore it, or take the child out of orchestrator.config.yaml",
        )
    setting = "set `codex.bin` in orchestrator.config.yaml to the codex program"
    found = shutil.which(program, os.F_OK, env.get("PATH"))
    if found is None:
        return CodexError(f"there is no program {program}", f"install codex, or {setting}")
    if isinstance(error, PermissionError):
        if not os.access(cwd, os.X_OK):
            return CodexError(
                f"cannot start {program} in {cwd}: the folder may not be entered", f"run `chmod u+x {cwd}`"
            )
        return CodexError(f"{found} is not executable", f"run `chmod u+x {found}`, or {setting}")
    if isinstance(error, FileNotFoundError):
        return CodexError(f"{found} names an interpreter that does not exist", f"install codex again, or {setting}")
    return CodexError(f"cannot start {found}: {error.strerror}", f"install codex for this machine, or {setting}")
