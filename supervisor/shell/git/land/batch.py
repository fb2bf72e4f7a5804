"""One ref of one repo, moved by `git update-ref --stdin` in two steps: first its lock is held, later it is moved.

What a stop leaves is a lock file with the new id in it, the ref moved or not. `settle` clears that up.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import read_git
from supervisor.shell.git.folder import place_of
from supervisor.shell.git.land.look import value_of
from supervisor.shell.git.reach.moves import HeldRef
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import quoted, run_git, safe_command

LOCK_WAIT = 2000
"""Milliseconds that git waits for the lock of somebody else: an ordinary command holds one for less."""

APART = "landing-"
"""What the names of our git folders begin with; a stop may leave one."""

SHORT_WAIT = 300
"""The same while what a stop left is cleared up: a lock that is there by then is a stale one of somebody else."""

ANSWER_WITHIN = 30.0
"""Seconds for an answer of git: LOCK_WAIT, and a slow disk."""

WHY = ("-m", "orch land")
"""What is in the log of the ref."""


class _Apart:
    """A git folder of our own with the refs of a repo, and another HEAD.

    So git never locks the person's HEAD, also where the branch to move is checked out: a lock of HEAD that a stop
    leaves would be in front of each command.
    """

    def __init__(self, root: Path, scratch: Path) -> None:
        place = place_of(root)
        if place is None:
            raise WorkspaceError(f"{root} is no git repo", "see `orch doctor`")
        try:
            self.folder = Path(tempfile.mkdtemp(prefix=APART, dir=scratch))
            (self.folder / "HEAD").write_text("ref: refs/orch-runs/none\n", encoding="utf-8")
            (self.folder / "commondir").write_bytes(os.fsencode(os.path.realpath(place.common)) + b"\n")
        except OSError as error:
            raise WorkspaceError(
                f"{scratch} cannot be written ({error.strerror})", "make room there, then try again"
            ) from error

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class RefMove:
    """A ref that is about to be made (`old` is None) or moved."""

    def __init__(self, root: Path, name: str, old: str | None, new: str, lock: Path, scratch: Path, held: int) -> None:
        """`scratch`: a folder of ours that no child may write. `held`: what git keeps open as long as it runs."""
        self._root, self._name, self._old, self._new, self._lock = root, name, old, new, lock
        self._apart = _Apart(root, scratch)
        command, environ = safe_command(root, (f"core.filesRefLockTimeout={LOCK_WAIT}",))
        try:
            self._process = subprocess.Popen(
                [*command, f"--git-dir={self._apart.folder}", "update-ref", *WHY, "--stdin"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environ,
                start_new_session=True,  # Ctrl-C is for us: we end it in order
                pass_fds=(held,),
            )
        except OSError as error:
            raise WorkspaceError(f"cannot run git in {root}: {error.strerror}", "run `git status` there") from error

    def prepare(self) -> None:
        """Take the lock. From here on `commit` moves the ref, and nothing stands in its way. Raises WorkspaceError."""
        what = f"create {self._name} {self._new}" if self._old is None else self._update()
        try:
            if self._ask(f"start\n{what}\nprepare\n", 2) != b"start: ok\nprepare: ok\n":
                raise WorkspaceError(self._refusal(), self._remedy())
        except WorkspaceError:
            self.abort()
            raise

    def held(self) -> str:
        """Return which file the lock is, once it is taken: with reftable, nothing in it tells whose it is."""
        with contextlib.suppress(OSError), open(self._lock, "rb", opener=_unfollowed) as file:
            return _identity(file.fileno())
        return ""

    def commit(self) -> bool:
        """Move the ref. Returns whether git says that it did; if not, `settle` tells what became of it."""
        try:
            return self._ask("commit\n", 1) == b"commit: ok\n"
        except WorkspaceError:
            return False
        finally:
            self.abort()

    def abort(self) -> None:
        """Let go of the lock. After `commit`: wait for git to end."""
        process = self._process
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()  # at the end of its input, git lets go of what it prepared
        try:
            process.wait(ANSWER_WITHIN)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)  # it removes its locks
            process.wait()
        self._apart.remove()

    def _update(self) -> str:
        return f"update {self._name} {self._new} {self._old}"

    def _ask(self, words: str, lines: int) -> bytes:
        """Send commands, and return what git answers, up to so many lines."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None, "we opened a pipe"
        assert stdout is not None, "we opened a pipe"
        with contextlib.suppress(BrokenPipeError):  # it has ended, and says why
            stdin.write(words.encode("utf-8", "surrogateescape"))
            stdin.flush()
        deadline, answer = time.monotonic() + ANSWER_WITHIN, b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while answer.count(b"\n") < lines:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise WorkspaceError(f"git gives no answer in {self._root}", "run `git status` there")
                chunk = os.read(stdout.fileno(), 4096)
                if not chunk:
                    break
                answer += chunk
        return answer

    def _refusal(self) -> str:
        assert self._process.stderr is not None, "we opened a pipe"
        said = self._process.stderr.read(4096).decode("utf-8", "replace").splitlines() or ["it ended"]
        reason = next((one for one in said if one.startswith(("fatal: ", "error: "))), said[0])
        return f"git cannot make {self._name} in {self._root}: {reason}"

    def _remedy(self) -> str:
        if self._lock.exists():
            return f"if no git runs in that repo, a stop left {self._lock}: remove it"
        return f"run `git -C {quoted(self._root)} status`"


def hold(root: Path, name: str, old: str | None, new: str, lock: str, scratch: Path, held: int) -> HeldRef:
    """Return a ref that is about to be made (`old` is None) or moved, in a repo here or on another machine.

    `scratch` and `held` are those of RefMove.
    """
    if isinstance(root, PathThere):
        return root.repo.moves().hold(name, old, new, WHY[1])
    return RefMove(root, name, old, new, Path(lock), scratch, held)


def settle(root: Path, name: str, old: str | None, new: str, lock: str, scratch: Path, held: str = "") -> str:
    """Finish the move of a ref, however far it is. Returns what is in the way, "" if it is done. Raises WorkspaceError.

    A lock is removed only if it is ours: see `release`.
    """
    now = value_of(root, name)
    if now == new:
        release(root, lock, new, held)
        return ""
    if now != old:
        if now is not None and read_git(root, "merge-base", "--is-ancestor", new, now).code == 0:
            return ""  # it was moved, and somebody has built on it since
        return f"{name} in {root} is at {now or 'nothing'} and was to move from {old or 'nothing'} to {new}"
    release(root, lock, new, held)
    for settings in ((), ("core.logAllRefUpdates=false",)):  # without a log, it takes no room on a full disk
        answer = _move(root, name, old, new, scratch, (f"core.filesRefLockTimeout={SHORT_WAIT}", *settings))
        if answer.code == 0:
            return ""
    return f"git cannot make {name} in {root}: {answer.complaint}"


def _move(root: Path, name: str, old: str | None, new: str, scratch: Path, settings: Sequence[str]) -> GitOutput:
    if isinstance(root, PathThere):
        return root.repo.moves().move(name, old, new, settings)
    apart = _Apart(root, scratch)
    try:
        words = ("update-ref", *WHY, name, new, old or "0" * len(new))
        return run_git(root, *words, git_dir=apart.folder, settings=tuple(settings))
    finally:
        apart.remove()


def release(root: Path, lock: str, new: str, held: str = "") -> bool:
    """Remove a lock that a stop left, if it is certainly ours. Returns whether it is gone.

    The new id is in it; or it is the very file that was `held` (`RefMove.held`) as the landing was decided, and nothing
    was written since. Raises OrchError if it is on another machine that gives no answer.
    """
    if isinstance(root, PathThere):
        return root.repo.moves().release(lock, new)
    return _release(Path(lock), new, held)


def _unfollowed(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _identity(descriptor: int) -> str:
    """Return what tells an open file from each later one of its name, also where its inode is used again."""
    found = os.fstat(descriptor)
    return f"{found.st_dev}:{found.st_ino}:{found.st_mtime_ns}"


def _release(lock: Path, new: str, held: str) -> bool:
    try:
        descriptor = _unfollowed(str(lock), os.O_RDONLY)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        ours = stat.S_ISREG(os.fstat(descriptor).st_mode) and (
            _identity(descriptor) == held or os.read(descriptor, 200) in (new.encode(), new.encode() + b"\n")
        )
    finally:
        os.close(descriptor)
    if ours:
        with contextlib.suppress(FileNotFoundError):
            lock.unlink()
    return ours


def keep_landed(root: Path, ref: str, tip: str) -> None:
    """Have a ref of ours lead to what was landed, so that git never drops it. Raises WorkspaceError.

    The ref has the number of the landing, and whoever makes it has the journal. So as long as there is
    none, a lock of it is one that a stop of ours left.
    """
    answer = read_git(root, "update-ref", ref, tip, settings=("core.logAllRefUpdates=false",))
    place = None if isinstance(root, PathThere) or answer.code == 0 else place_of(root)
    if place is not None and value_of(root, ref) is None:
        with contextlib.suppress(OSError):
            (place.common / f"{ref}.lock").unlink()
        answer = read_git(root, "update-ref", ref, tip, settings=("core.logAllRefUpdates=false",))
    if answer.code != 0:
        raise WorkspaceError(f"git cannot keep what was landed in {root}: {answer.complaint}", "run `git status` there")
