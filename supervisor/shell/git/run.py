"""Running git: nothing of the repo is run, no lock is taken, every call ends in time and every answer is bounded."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shlex
import shutil
import signal
import threading
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from supervisor.errors import WorkspaceError

if TYPE_CHECKING:
    from git.cmd import Git

GIT_TIMEOUT = 20.0
"""Seconds for one git call: a status of 100,000 files on a cold disk takes about ten."""

OUTPUT_LIMIT = 16 << 20
"""Bytes read of one answer: about 200,000 paths. What is longer is cut, and said to be."""

MEMORY_LIMIT = 1 << 30
"""Bytes of memory of its own that git may take: a status of 100,000 files takes 60 MB; an endless file takes all."""

_LOOK = 0.1
"""Seconds between two looks at the memory: git fills 100 MB in that time."""

_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="),
    # An order file that the repo names may be endless.
    *("-c", "diff.orderFile=/dev/null", "-c", "log.showSignature=false"),
    *("-c", "core.sshCommand=false", "-c", "protocol.allow=never"),
    *("--no-pager", "--no-optional-locks"),
)
_ENV = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "ORCH_EMPTY": ""}
"""No prompt; and no fetch of the missing objects of a partial clone, which runs whatever its config names."""

_KEPT = frozenset({"GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_GLOBAL"})
"""Inherited all the same: where the user keeps their own configuration."""


class GitOutput(Struct, frozen=True):
    """What one git call said: its exit code, its output, its first complaint, and whether the output was cut.

    `stopped` says why it was ended before its time, if it was: the output is then what there was by that moment.
    """

    code: int
    out: bytes
    complaint: str
    cut: bool
    stopped: str = ""


def run_git(
    path: Path,
    *args: str,
    filters: frozenset[str] = frozenset(),
    settings: tuple[str, ...] = (),
    seconds: float | None = None,
    partial: bool = False,
) -> GitOutput:
    """Run one reading git command in `path` with `filters` switched off and `settings` made, in `seconds`.

    A command that looks into files of the work tree needs the filters that the repo names: `read_git` finds them.
    With `partial`, what a git that was too slow or too big had said is an answer, cut. Raises WorkspaceError.
    """
    git, program = _git()
    # Git before 2.31 does not know --config-env, and stops; -c would cut a name at its first "=".
    off = [
        f"--config-env=filter.{name}.{key}=ORCH_EMPTY"
        for name in sorted(filters)
        for key in ("clean", "smudge", "process", "required")
    ]
    # GitPython can add to the environment, but not take away from it.
    inherited = sorted(name for name in os.environ if name.startswith("GIT_") and name not in _KEPT)
    unset = ["/usr/bin/env", *(word for name in inherited for word in ("-u", name))] if inherited else []
    made = [word for setting in settings for word in ("-c", setting)]
    command = [*unset, program, *_SAFE, *made, *off, "-C", str(path.absolute()), *args]
    try:
        process = git(str(path)).execute(command, as_process=True, env=_ENV, start_new_session=True)
    except Exception as error:
        raise WorkspaceError(f"cannot run git in {path}: {type(error).__name__}", "run `git status` there") from error
    popen, process.proc = process.proc, None
    assert popen is not None, "GitPython hands out a process that it has started"
    assert popen.stdout is not None, "GitPython opens a pipe for the output"
    assert popen.stderr is not None, "GitPython opens a pipe for the errors"
    patience = GIT_TIMEOUT if seconds is None else seconds
    deadline = time.monotonic() + patience
    buffers = {popen.stdout.fileno(): bytearray(), popen.stderr.fileno(): bytearray()}
    out, err = buffers.values()
    stopped, ended = "", False
    try:
        with selectors.DefaultSelector() as selector:
            for fd in buffers:
                selector.register(fd, selectors.EVENT_READ)
            look = time.monotonic() + _LOOK
            while not stopped and selector.get_map() and len(out) <= OUTPUT_LIMIT and len(err) <= OUTPUT_LIMIT:
                for key, _ in selector.select(max(0.0, min(look, deadline) - time.monotonic())):
                    chunk = os.read(key.fd, 1 << 16)
                    buffers[key.fd] += chunk
                    if not chunk:
                        selector.unregister(key.fd)
                now = time.monotonic()
                if now >= deadline:
                    stopped = f"took longer than {patience:g} s"
                elif now >= look:
                    look = now + _LOOK
                    if _memory(popen.pid) > MEMORY_LIMIT:
                        stopped = f"took more than {MEMORY_LIMIT >> 20} MB of memory"
            ended = not selector.get_map()
    finally:
        # Not yet waited for, so the number of its group cannot be another's. A git that is done has closed its output.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if stopped or not ended:
                os.killpg(popen.pid, signal.SIGKILL)
        popen.stdout.close()
        popen.stderr.close()
        popen.wait()
    if stopped and not partial:
        raise WorkspaceError(f"git {args[0]} {stopped} in {path}", "run `git status` there")
    lines = bytes(err).decode("utf-8", "replace").splitlines() or [""]
    complaint = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[0])
    return GitOutput(popen.returncode, bytes(out[:OUTPUT_LIMIT]), complaint, not ended, stopped)


def _memory(pid: int) -> int:
    """The bytes that a process has for itself alone, without the files that it maps; 0 where that is not told."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            found = next((line for line in status if line.startswith("RssAnon:")), "RssAnon: 0 kB")
    except OSError:
        return 0
    return int(found.split()[1]) << 10


_importing = threading.Lock()


@cache
def _git() -> tuple[type[Git], str]:
    """GitPython's runner, imported on first use (83 ms), and the absolute path of git."""
    found = shutil.which("git")
    if found is None:
        raise WorkspaceError("git is not installed", "install git 2.31 or newer")
    with _importing:
        # On import it runs `git version`, twice, unless it finds no git; and it fails without one, unless it is to be
        # quiet. The variables must not reach the servers.
        ours = {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": os.devnull}
        asked = {name: os.environ[name] for name in ours if name in os.environ}
        os.environ |= ours
        try:
            from git.cmd import Git
        finally:
            for name in ours:
                del os.environ[name]
            os.environ |= asked
    return Git, os.path.abspath(found)  # A relative PATH entry would name a program of the repo.


def failed(path: Path, what: str, answer: GitOutput) -> WorkspaceError:
    distrusted = re.search(r"detected dubious ownership in repository at '(.*)'", answer.complaint)
    if distrusted:
        trust = f"git config --global --add safe.directory {quoted(Path(distrusted[1]))}"
        return WorkspaceError(f"git does not trust {path}: it belongs to another user", f"if you do, run `{trust}`")
    said = answer.complaint or f"exit code {answer.code}"
    return WorkspaceError(f"git cannot {what} in {path}: {said}", f"run `git -C {quoted(path)} status`")


def quoted(path: Path) -> str:
    return shlex.quote(str(path))
