"""Run git safely: it runs no program of the repo and takes no lock; time, memory and output are bounded."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.errors import WorkspaceError
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.reach.there import PathThere

if TYPE_CHECKING:
    from git.cmd import Git

GIT_TIMEOUT = 20.0
"""Seconds for one git call. A status of 100,000 files on a cold disk takes about ten."""

OUTPUT_LIMIT = 16 << 20
"""Bytes read of one output: about 200,000 paths. A longer output is cut and marked as cut."""

MEMORY_LIMIT = 1 << 30
"""Bytes of anonymous memory that git may use. A status of 100,000 files uses 60 MB; an endless file uses it all."""

_MEMORY_CHECK = 0.1
"""Seconds between two checks of the memory. Git can fill 100 MB in that time."""

SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="),
    # An order file that the repo names may be endless.
    *("-c", "diff.orderFile=/dev/null", "-c", "log.showSignature=false"),
    *("-c", "core.sshCommand=false", "-c", "protocol.allow=never"),
    *("--no-pager", "--no-optional-locks"),
)
_ENV = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_FLUSH": "0",
    "ORCH_EMPTY": "",
}
"""No prompt, and no fetch of missing objects in a partial clone: a fetch runs programs that the repo's config names.
No write for each commit of a log: reading 5,000 of them took 11 ms in place of 6."""

_KEPT = frozenset({"GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_GLOBAL"})
"""Git variables that are inherited all the same: they say where the user's own configuration is."""


def run_git(
    path: Path,
    *args: str,
    filters: frozenset[str] = frozenset(),
    settings: tuple[str, ...] = (),
    seconds: float | None = None,
    partial: bool = False,
    git_dir: Path | None = None,
    stdin: bytes = b"",
    index: Path | None = None,
    limit: int | None = None,
    environ: Mapping[str, str] | None = None,
) -> GitOutput:
    """Run one git command in `path`, for at most `seconds` (None: GIT_TIMEOUT). It reads `stdin`, uses `index` in place
    of the index of the repo, in which it may note what it sees of files, and has `environ` in its environment. Of its
    output, `limit` bytes are read (None: OUTPUT_LIMIT).

    It may be one that writes objects and refs of ours (`keep/`), never one that touches what is the user's.

    With `git_dir`, `path` is the work tree of that git folder, whatever its configuration says, and git looks for no
    other repo. It then does not check whose the repo is, so the caller has to.

    `filters` are switched off; a command that reads files of the work tree needs those that the repo names, which
    `read_git` finds. `settings` are passed with `-c`. With `partial`, the output of a git that took too much time or
    memory is returned, marked as cut. Otherwise such a git raises WorkspaceError, and so does one that does not start.

    In a repo on another machine it runs there, or raises OrchError; `filters` are off there in any case.
    """
    allowed = GIT_TIMEOUT if seconds is None else seconds
    limit = OUTPUT_LIMIT if limit is None else limit
    made = [word for setting in settings for word in ("-c", setting)]
    if isinstance(path, PathThere):
        assert git_dir is None, "a git folder of ours is on this machine"
        return path.repo.git(
            [*SAFE, *made, *args],
            {**_ENV, **(environ or {})},
            stdin=stdin,
            index=index.name if index is not None else None,
            seconds=allowed,
            limit=limit,
            partial=partial,
        )
    git, program = installed_git()
    # Git before 2.31 does not know --config-env and exits. `-c` would cut a filter's name at its first "=".
    off = [
        f"--config-env=filter.{name}.{key}=ORCH_EMPTY"
        for name in sorted(filters)
        for key in ("clean", "smudge", "process", "required")
    ]
    # GitPython can add variables to the environment but not remove any.
    inherited = sorted(name for name in os.environ if name.startswith("GIT_") and name not in _KEPT)
    unset = ["/usr/bin/env", *(word for name in inherited for word in ("-u", name))] if inherited else []
    root = path.absolute()
    place = [f"--git-dir={git_dir.absolute()}", f"--work-tree={root}"] if git_dir is not None else []
    own = {**_ENV, **(environ or {})}
    safe: tuple[str, ...] = SAFE
    if index is not None:
        own["GIT_INDEX_FILE"] = str(index.absolute())
        safe = tuple(word for word in SAFE if word != "--no-optional-locks")
    if _tells_cases_apart(root):  # whatever the configuration says: else a file would hide behind another one
        safe = (*safe, "-c", "core.ignoreCase=false")
    command = [*unset, program, *safe, *made, *off, *place, "-C", str(root), *args]
    try:
        given = subprocess.PIPE if stdin else None
        process = git(str(path)).execute(command, given, as_process=True, env=own, start_new_session=True)
    except Exception as error:
        raise WorkspaceError(f"cannot run git in {path}: {type(error).__name__}", "run `git status` there") from error
    popen, process.proc = process.proc, None
    assert popen is not None, "GitPython returns a process that it has started"
    assert popen.stdout is not None, "GitPython opens a pipe for the output"
    assert popen.stderr is not None, "GitPython opens a pipe for the errors"
    deadline = time.monotonic() + allowed
    buffers = {popen.stdout.fileno(): bytearray(), popen.stderr.fileno(): bytearray()}
    out, err = buffers.values()
    stopped, complete = "", False
    try:
        with selectors.DefaultSelector() as selector:
            for fd in buffers:
                selector.register(fd, selectors.EVENT_READ)
            if popen.stdin is not None and stdin:
                os.set_blocking(popen.stdin.fileno(), False)
                selector.register(popen.stdin, selectors.EVENT_WRITE)
                left = memoryview(stdin)
            check_at = time.monotonic() + _MEMORY_CHECK
            while not stopped and selector.get_map() and len(out) <= limit and len(err) <= OUTPUT_LIMIT:
                for key, _ in selector.select(max(0.0, min(check_at, deadline) - time.monotonic())):
                    if key.fileobj is popen.stdin:
                        left = _rest(key.fd, left)
                        if not left:
                            selector.unregister(popen.stdin)
                            popen.stdin.close()
                        continue
                    chunk = os.read(key.fd, 1 << 16)
                    buffers[key.fd] += chunk
                    if not chunk:
                        selector.unregister(key.fd)
                now = time.monotonic()
                if now >= deadline:
                    stopped = f"took longer than {allowed:g} s"
                elif now >= check_at:
                    check_at = now + _MEMORY_CHECK
                    if _memory(popen.pid) > MEMORY_LIMIT:
                        stopped = f"took more than {MEMORY_LIMIT >> 20} MB of memory"
            complete = not selector.get_map()
    finally:
        # We have not waited for it yet, so its process group number cannot belong to anybody else. A git that is done
        # has closed its output.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if stopped or not complete:
                os.killpg(popen.pid, signal.SIGKILL)
        if popen.stdin is not None:
            popen.stdin.close()
        popen.stdout.close()
        popen.stderr.close()
        popen.wait()
    if stopped and not partial:
        raise WorkspaceError(f"git {args[0]} {stopped} in {path}", "run `git status` there")
    lines = bytes(err).decode("utf-8", "replace").splitlines() or [""]
    complaint = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[0])
    return GitOutput(popen.returncode, bytes(out[:limit]), complaint, not complete, stopped)


def _tells_cases_apart(root: Path) -> bool:
    """Whether the disk of a work tree certainly has `a` beside `A`."""
    try:
        own = os.lstat(root / ".git")
    except OSError:
        return False
    try:
        return not os.path.samestat(own, os.lstat(root / ".GIT"))
    except OSError:
        return True


def safe_command(path: Path, settings: tuple[str, ...] = ()) -> tuple[list[str], dict[str, str]]:
    """Return the beginning of a git command that is as safe as one of `run_git`, and its environment."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    made = [word for setting in settings for word in ("-c", setting)]
    return [installed_git()[1], *SAFE, *made, "-C", str(path.absolute())], environ | _ENV


def _rest(fd: int, left: memoryview) -> memoryview:
    """Write what the process takes at the moment, and return what is left; nothing if it reads no more."""
    try:
        return left[os.write(fd, left[: 1 << 16]) :]
    except BlockingIOError:
        return left
    except BrokenPipeError:
        return left[:0]


def _memory(pid: int) -> int:
    """The anonymous memory of a process in bytes, without the files that it maps; 0 if the system does not say."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            found = next((line for line in status if line.startswith("RssAnon:")), "RssAnon: 0 kB")
    except OSError:
        return 0
    return int(found.split()[1]) << 10


_importing = threading.Lock()


@cache
def installed_git() -> tuple[type[Git], str]:
    """Import GitPython's runner on first use (83 ms) and find the absolute path of git. Raises WorkspaceError."""
    found = shutil.which("git")
    if found is None:
        raise WorkspaceError("git is not installed", "install git 2.31 or newer")
    with _importing:
        # On import, GitPython runs `git version` twice unless it finds no git. Without git it fails unless it is told
        # to be quiet. These variables must not reach the servers, so they are removed again.
        ours = {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": os.devnull}
        before = {name: os.environ[name] for name in ours if name in os.environ}
        os.environ |= ours
        try:
            from git.cmd import Git
        finally:
            for name in ours:
                del os.environ[name]
            os.environ |= before
    return Git, os.path.abspath(found)  # With a relative PATH entry, git would be looked up in the repo.


def failed(path: Path, what: str, answer: GitOutput) -> WorkspaceError:
    """The error for a git call that could not do `what` ("read the configuration") in `path`."""
    distrusted = re.search(r"detected dubious ownership in repository at '(.*)'", answer.complaint)
    if distrusted:
        trust = f"git config --global --add safe.directory {quoted(Path(distrusted[1]))}"
        return WorkspaceError(f"git does not trust {path}: it belongs to another user", f"if you do, run `{trust}`")
    if isinstance(path, PathThere):
        return WorkspaceError(f"git cannot {what} in {path}: {answer.complaint}", "run `git status` there")
    reason = answer.complaint or f"exit code {answer.code}"
    return WorkspaceError(f"git cannot {what} in {path}: {reason}", f"run `git -C {quoted(path)} status`")


def quoted(path: Path) -> str:
    """Quote a path for a command that a person may copy."""
    return shlex.quote(str(path))
