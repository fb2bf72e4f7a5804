"""Reading git: nothing of the repo is run, no lock is taken, every call ends in time and every answer is bounded."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import selectors
import shlex
import shutil
import signal
import stat
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.domain.run import Tree
from supervisor.errors import WorkspaceError

if TYPE_CHECKING:
    from git.cmd import Git

GIT_TIMEOUT = 20.0
"""Seconds for one git call: a status of 100,000 files on a cold disk takes about ten."""

OUTPUT_LIMIT = 16 << 20
"""Bytes read of one answer: about 200,000 paths. What is longer is cut, and said to be."""

ENTRY_LIMIT = 5_000
"""Changed paths kept of one work tree; more are build products that nobody ignored."""

CHANGED_LIMIT = 500
"""Paths named as changed: more is nothing a person reads."""

HASH_LIMIT = 1 << 20
"""Bytes: a file of this size or more is compared by size and time, as reading it would cost more than it tells."""

HASH_BUDGET = 64 << 20
"""Bytes hashed for one tree, so that 5,000 dirty files do not cost seconds; the rest goes by size and time."""

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


def toplevel(path: Path) -> Path:
    """The root of the work tree that `path` is in. Raises WorkspaceError saying what is there instead."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise WorkspaceError(f"{path} does not exist", "correct the child's path") from error
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be read: {error.strerror}", "correct the child's path") from error
    if not stat.S_ISDIR(mode):
        raise WorkspaceError(f"{path} is not a folder", "give the folder of a git repository as the child's path")
    answer = _run(path, "rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--show-toplevel")
    bare, _, rest = answer.out.partition(b"\n")
    inside, _, root = rest.partition(b"\n")
    if bare == b"true":
        raise WorkspaceError(f"{path} is a bare repository without a work tree", "clone it, and give the clone's path")
    if "not a git repository" in answer.complaint:
        raise WorkspaceError(
            f"{path} is not in a git repository", f"run `git init {_quoted(path)}` or correct the path"
        )
    found = Path(os.fsdecode(root.removesuffix(b"\n")))
    if answer.code == 0 and inside == b"true" and found in (resolved := path.resolve(), *resolved.parents):
        return found
    if answer.code == 0 or bare:
        raise WorkspaceError(
            f"{path} is not in the work tree of its repository",
            "give the folder that holds the files",
        )
    raise _failed(path, "read the repository", answer)


def read_tree(path: Path) -> Tree:
    """The state of the work tree whose root is `path`. Raises WorkspaceError when git cannot tell.

    Changes inside submodules and inside untracked nested repositories are not looked at.
    """
    # Without --ignore-submodules=dirty git would run in each submodule, under that one's own configuration.
    options = ("--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames", "--no-ahead-behind")
    answer = read_git(path, "status", *options, "--ignore-submodules=dirty")
    if answer.code != 0 and not answer.cut:
        raise _failed(path, "read the state of the files", answer)
    head = branch = None
    states: dict[bytes, str] = {}
    for record in answer.out.split(b"\0")[:-1]:
        kind, _, rest = record.partition(b" ")
        if kind == b"#":
            key, _, value = rest.partition(b" ")
            if key == b"branch.oid" and value != b"(initial)":
                head = value.decode("ascii")
            elif key == b"branch.head" and not value.startswith(b"("):
                branch = _shown(value)
        elif kind == b"?":
            states[rest] = ""
        elif kind in (b"1", b"u"):
            fields = rest.split(b" ", 7 if kind == b"1" else 9)
            is_submodule = fields[1].startswith(b"S")
            states[fields[-1]] = f"submodule {fields[1].decode()} {fields[6].decode()}" if is_submodule else ""
    budget = HASH_BUDGET
    entries = []
    for shown, name in sorted((_shown(name), name) for name in states)[:ENTRY_LIMIT]:
        token, spent = (states[name], 0) if states[name] else _token(os.fsencode(path) + b"/" + name, budget)
        budget -= spent
        entries.append((shown, token))
    return Tree(head, branch, tuple(entries), truncated=answer.cut or len(states) > ENTRY_LIMIT)


def changed_between(path: Path, before: Tree, after: Tree) -> tuple[str, ...]:
    """The files whose content on disk or in HEAD changed from `before` to `after`: sorted, at most `CHANGED_LIMIT`.

    Staging a file or leaving a dirty one alone is no change. Raises WorkspaceError when git no longer has the commits.
    """
    changed: set[str] = set()
    if after.head is not None and after.head != before.head:
        if before.head is None:
            answer = read_git(path, "ls-tree", "-r", "-z", "--name-only", after.head)
        else:
            answer = read_git(path, "diff", "--name-only", "-z", *_DIFF, before.head, after.head, "--")
        if answer.code != 0 and not answer.cut:
            raise _failed(path, "compare two commits", answer)
        changed.update(_shown(name) for name in answer.out.split(b"\0")[:-1])
    old, new = dict(before.entries), dict(after.entries)
    # Behind the last entry of a truncated tree nothing is known, so nothing there can be said to have changed.
    horizons = [tree.entries[-1][0] for tree in (before, after) if tree.truncated and tree.entries]
    horizon = min(horizons, default=None)
    changed.update(
        name
        for name in old.keys() | new.keys()
        if old.get(name) != new.get(name) and (horizon is None or name <= horizon or (name in old and name in new))
    )
    return tuple(sorted(changed)[:CHANGED_LIMIT])


def read_git(path: Path, *args: str) -> Answer:
    """Run one reading git command in `path`, with every filter that the repo's own configuration names switched off.

    A diff also needs `--no-ext-diff --no-textconv`. Raises WorkspaceError when git is missing or too slow.
    """
    return _run(path, *args, filters=_filters(path))


_DIFF = ("--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=dirty")


def _filters(path: Path) -> frozenset[str]:
    """The filters named in the repo's own configuration; the user's own are theirs, and stay."""
    names = set()
    answer = _run(path, "config", "--name-only", "--show-scope", "-z", "--get-regexp", r"^(filter|lfs\.extension)\.")
    if answer.code not in (0, 1) or answer.cut:  # 1: there are none.
        raise _failed(path, "read the configuration", answer)
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


def _run(path: Path, *args: str, filters: frozenset[str] = frozenset()) -> Answer:
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


def _failed(path: Path, what: str, answer: Answer) -> WorkspaceError:
    distrusted = re.search(r"detected dubious ownership in repository at '(.*)'", answer.complaint)
    if distrusted:
        trust = f"git config --global --add safe.directory {_quoted(Path(distrusted[1]))}"
        return WorkspaceError(f"git does not trust {path}: it belongs to another user", f"if you do, run `{trust}`")
    said = answer.complaint or f"exit code {answer.code}"
    return WorkspaceError(f"git cannot {what} in {path}: {said}", f"run `git -C {_quoted(path)} status`")


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _token(name: bytes, budget: int) -> tuple[str, int]:
    """What stands for the content behind a path, and the bytes read for it. Follows no link, blocks on nothing.

    The status letters are not part of it: staging a file does not change it.
    """
    try:
        found = os.lstat(name)
        if stat.S_ISLNK(found.st_mode):
            return f"link {_digest(os.readlink(name))}", 0
        if not stat.S_ISREG(found.st_mode):
            return ("folder" if stat.S_ISDIR(found.st_mode) else "special"), 0
        kind = "program" if found.st_mode & stat.S_IXUSR else "file"
        if found.st_size < HASH_LIMIT and found.st_size <= budget:
            with contextlib.suppress(PermissionError):
                fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                with os.fdopen(fd, "rb", buffering=0) as file:
                    content = file.read(HASH_LIMIT) or b""
                return f"{kind} {_digest(content)}", len(content)
        return f"{kind} {found.st_size} {found.st_mtime_ns}", 0
    except FileNotFoundError:
        return "missing", 0
    except OSError:
        return "unreadable", 0


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def _shown(name: bytes) -> str:
    r"""A path as printable text, one text for each path: `\n`, `\xff` and `\\` stand for what cannot be shown."""
    text = name.decode("utf-8", "surrogateescape")
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_shown_char, text))


def _shown_char(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char if char.isprintable() and char != "\\" else char.encode("unicode_escape").decode("ascii")
