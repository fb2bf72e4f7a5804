"""Start a server, and find out how it exited."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from supervisor.domain.process import MARK
from supervisor.errors import CodexError
from supervisor.regular_file import appending
from supervisor.shell.process.handle import open_handle
from supervisor.shell.process.table import Identity, read_table_in_thread, row

VMSTAT = Path("/proc/vmstat")

_REAPED = os.WEXITED | os.WNOHANG
_SEEN = _REAPED | os.WNOWAIT


class ExitStatus(NamedTuple):
    """How a process exited."""

    code: int | None  # None: a signal killed it, or it is not known
    signal: str | None  # None: it exited by itself, or it is not known
    text: str  # for people
    left: tuple[Identity, ...] = ()  # processes of its session that outlived it


class Spawned:
    """A server that this process started and has to reap. `exit` is None until `wait_exit` has returned."""

    __slots__ = ("exit", "identity", "oom_kills", "popen")

    def __init__(self, popen: subprocess.Popen[bytes], identity: Identity) -> None:
        self.popen = popen
        self.identity = identity
        self.exit: ExitStatus | None = None
        self.oom_kills = oom_kills()


def spawn(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None, mark: str, stdout_path: Path, stderr_path: Path
) -> Spawned:
    """Start a server in a session of its own, without input, its output appended to files (mode 0600).

    `env` is its whole environment (None: ours), to which `ORCH_SERVER=mark` is added. The server inherits only the
    descriptors 0-2, no blocked signal and, when called from the main thread, no ignored one. It writes to files, not
    pipes, because it must survive us. Raises CodexError when the program or the folder cannot be used, StoreError when
    a log cannot be opened.
    """
    environ = {**(os.environ if env is None else env), MARK: mark}
    with contextlib.ExitStack() as stack:
        out, err = (stack.enter_context(appending(path)) for path in (stdout_path, stderr_path))
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
    assert found is not None, "a process that has not been reaped has a row in the process table"
    return Spawned(popen, found.identity)


async def wait_exit(
    process: Spawned | Identity, on_exit: Callable[[ExitStatus], object] = lambda _: None
) -> ExitStatus:
    """Wait, without limit and without polling, until a process exits, and return how it did, and what it left.

    `on_exit` is told how at once; to look for what it left takes 10 ms more. A server of ours is reaped, once for any
    number of waiters; so is one that this process started before it executed another program. The exit status of a
    process that another supervisor started goes to that one's parent, so it is reported as unknown.
    """
    identity = process.identity if isinstance(process, Spawned) else process
    handle = open_handle(identity)
    if handle is not None:
        with contextlib.closing(handle):
            await handle.wait(None)
    if isinstance(process, Spawned):
        return await _reap(process, on_exit)
    status = _exit_status(identity.pid, _SEEN, other := "another supervisor started it")
    on_exit(status)
    left = () if handle is None else await _left_by(identity)
    _exit_status(identity.pid, _REAPED, other)
    return status._replace(left=left)


async def _left_by(leader: Identity) -> tuple[Identity, ...]:
    """The processes that outlived a session's leader. Servers that exit together share one read of the table."""
    return (await read_table_in_thread(gather=True)).session_of(leader)


async def _reap(process: Spawned, on_exit: Callable[[ExitStatus], object]) -> ExitStatus:
    """Read the status and the session, then reap: while the zombie exists, no other session can have its number."""
    unknown = "another part of this process reaped it"
    status = process.exit or _exit_status(process.identity.pid, _SEEN, unknown, process.oom_kills)
    on_exit(status)
    left = await _left_by(process.identity) if process.exit is None else ()
    if process.exit is None:  # unless another waiter was faster
        process.exit = status._replace(left=left)
        process.popen.poll()
    return process.exit


def _exit_status(pid: int, flags: int, unknown: str, oom_before: int | None = None) -> ExitStatus:
    """Read how a process exited. `unknown` says why, if we may not know; `oom_before` is `oom_kills` at its start."""
    try:
        status = os.waitid(os.P_PID, pid, flags)
    except ChildProcessError:
        status = None
    if status is None:
        return ExitStatus(None, None, f"ended (exit status unknown: {unknown})")
    if status.si_code == os.CLD_EXITED:
        return ExitStatus(status.si_status, None, f"exited with code {status.si_status}")
    try:
        name = signal.Signals(status.si_status).name
    except ValueError:
        name = f"signal {status.si_status}"
    why = ""
    if name == "SIGKILL" and oom_before is not None and (now := oom_kills()) is not None and now > oom_before:
        why = " (probably by the kernel: the system has run out of memory since it was started)"
    return ExitStatus(None, name, f"killed by {name}{why}")


def oom_kills() -> int | None:
    """How many processes the kernel has killed since boot because memory ran out; None where it does not say."""
    with contextlib.suppress(OSError, ValueError), VMSTAT.open(encoding="ascii") as file:
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return None


@contextlib.contextmanager
def _default_signals() -> Iterator[None]:
    """Unblock all signals while a server is spawned, and replace ignored ones by a handler that does nothing.

    exec resets handlers but keeps "ignore". For us the two are the same, and no code has to run between fork and exec.
    Only the main thread may set handlers.
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
    """The error for a failed start. It names the cause, which is not always what the kernel's error says."""
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
