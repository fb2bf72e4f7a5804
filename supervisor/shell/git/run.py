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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.errors import WorkspaceError

if TYPE_CHECKING:
    from git.cmd import Git

GIT_TIMEOUT = 20.0
"""Seconds for one git call: a status of 100,000 files on a cold disk takes about ten."""

OUTPUT_LIMIT = 16 << 20
"""Bytes read of one answer: about 200,000 paths. What is longer is cut, and said to be."""

_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="),
    *("-c", "log.showSignature=false", "-c", "core.sshCommand=false", "-c", "protocol.allow=never"),
    *("--no-pager", "--no-optional-locks"),
)
_ENV = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "ORCH_EMPTY": ""}
"""No prompt; and no fetch of the missing objects of a partial clone, which runs whatever its config names."""

_KEPT = frozenset({"GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_GLOBAL"})
"""Inherited all the same: where the user keeps their own configuration."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one git call said: its exit code, its output, its first complaint, and whether the output was cut."""

    code: int
    out: bytes
    complaint: str
    cut: bool


def read_git(path: Path, *args: str) -> Answer:
    """Run one reading git command in `path`, with every filter that the repo's own configuration names switched off.

    A diff also needs `--no-ext-diff --no-textconv`. Raises WorkspaceError when git is missing or too slow.
    """
    return run_git(path, *args, filters=_filters(path))


def _filters(path: Path) -> frozenset[str]:
    """The filters named in the repo's own configuration; the user's own are theirs, and stay."""
    names = set()
    answer = run_git(path, "config", "--name-only", "--show-scope", "-z", "--get-regexp", r"^(filter|lfs\.extension)\.")
    if answer.code not in (0, 1) or answer.cut:  # 1: there are none.
        raise failed(path, "read the configuration", answer)
    words = answer.out.split(b"\0")
    for scope, key in zip(words[0::2], words[1::2], strict=False):
        if scope not in (b"system", b"global", b"command"):
            section, _, rest = os.fsdecode(key).partition(".")
            name, dot, _ = rest.rpartition(".")
            if section == "lfs":  # An extension is a program of the repo that the user's own lfs filter would run.
                names.add("lfs")
            elif dot:  # The name may be "", and still be chosen by an attribute.
                names.add(name)
    return frozenset(names)


def run_git(path: Path, *args: str, filters: frozenset[str] = frozenset()) -> Answer:
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
    command = [*unset, program, *_SAFE, *off, "-C", str(path.absolute()), *args]
    try:
        process = git(str(path)).execute(command, as_process=True, env=_ENV, start_new_session=True)
    except Exception as error:
        raise WorkspaceError(f"cannot run git in {path}: {type(error).__name__}", "run `git status` there") from error
    popen, process.proc = process.proc, None
    assert popen is not None, "GitPython hands out a process that it has started"
    assert popen.stdout is not None, "GitPython opens a pipe for the output"
    assert popen.stderr is not None, "GitPython opens a pipe for the errors"
    deadline = time.monotonic() + GIT_TIMEOUT
    buffers = {popen.stdout.fileno(): bytearray(), popen.stderr.fileno(): bytearray()}
    out, err = buffers.values()
    in_time = True
    try:
        with selectors.DefaultSelector() as selector:
            for fd in buffers:
                selector.register(fd, selectors.EVENT_READ)
            while in_time and selector.get_map() and len(out) <= OUTPUT_LIMIT and len(err) <= OUTPUT_LIMIT:
                for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                    chunk = os.read(key.fd, 1 << 16)
                    buffers[key.fd] += chunk
                    if not chunk:
                        selector.unregister(key.fd)
                in_time = time.monotonic() < deadline
            ended = not selector.get_map()
    finally:
        # Not yet waited for, so the number of its group cannot be another's. A git that is done has closed its output.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if not (in_time and ended):
                os.killpg(popen.pid, signal.SIGKILL)
        popen.stdout.close()
        popen.stderr.close()
        popen.wait()
    if not in_time:
        raise WorkspaceError(f"git {args[0]} took longer than {GIT_TIMEOUT:g} s in {path}", "run `git status` there")
    lines = bytes(err).decode("utf-8", "replace").splitlines() or [""]
    complaint = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[0])
    return Answer(popen.returncode, bytes(out[:OUTPUT_LIMIT]), complaint, cut=not ended)


_importing = threading.Lock()


@cache
def _git() -> tuple[type[Git], str]:
    """GitPython's runner, imported on first use (83 ms), and the absolute path of git."""
    found = shutil.which("git")
    if found is None:
        raise WorkspaceError("git is not installed", "install git 2.31 or newer")
    with _importing:
        # It runs git on import, and fails without; the variable must not reach the servers.
        asked = os.environ.get("GIT_PYTHON_REFRESH")
        os.environ["GIT_PYTHON_REFRESH"] = "quiet"
        try:
            from git.cmd import Git
        finally:
            del os.environ["GIT_PYTHON_REFRESH"]
            if asked is not None:
                os.environ["GIT_PYTHON_REFRESH"] = asked
    return Git, os.path.abspath(found)  # A relative PATH entry would name a program of the repo.


def failed(path: Path, what: str, answer: Answer) -> WorkspaceError:
    distrusted = re.search(r"detected dubious ownership in repository at '(.*)'", answer.complaint)
    if distrusted:
        trust = f"git config --global --add safe.directory {quoted(Path(distrusted[1]))}"
        return WorkspaceError(f"git does not trust {path}: it belongs to another user", f"if you do, run `{trust}`")
    said = answer.complaint or f"exit code {answer.code}"
    return WorkspaceError(f"git cannot {what} in {path}: {said}", f"run `git -C {quoted(path)} status`")


def quoted(path: Path) -> str:
    return shlex.quote(str(path))
