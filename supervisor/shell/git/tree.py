"""The work tree: its dirty files, and what changed between two moments."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from supervisor.domain.repo.pathname import shown
from supervisor.domain.task import Tree
from supervisor.shell.git.config import read_git
from supervisor.shell.git.folder import place_of
from supervisor.shell.git.run import GitOutput, failed, run_git

ENTRY_LIMIT = 5_000
"""Dirty paths kept of one work tree. When there are more, they are build products that .gitignore lacks."""

CHANGED_LIMIT = 500
"""Paths reported as changed. Nobody reads more."""

HASH_LIMIT = 1 << 20
"""Bytes. A file of this size or more is compared by size and time: reading it would take too long."""

HASH_BUDGET = 64 << 20
"""Bytes hashed for one tree, so that 5,000 dirty files do not take seconds. Further files are compared by size and
time."""

# Without --ignore-submodules=dirty, git would run in each submodule under the submodule's own configuration.
_STATUS = (
    *("--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames"),
    "--ignore-submodules=dirty",
)

_DIFF = ("--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=dirty")


def read_tree(path: Path) -> Tree:
    """Read the state of the work tree whose root is `path`. Raises WorkspaceError when git fails.

    Changes inside submodules and inside untracked nested repositories are ignored.
    """
    answer = read_git(path, "status", *_STATUS, "--no-ahead-behind")
    if answer.code != 0 and not answer.cut:
        raise failed(path, "read the state of the files", answer)
    head = branch = None
    for key, value in _headers(answer.out):
        if key == b"branch.oid" and value != b"(initial)":
            head = value.decode("ascii")
        elif key == b"branch.head" and not value.startswith(b"("):
            branch = shown(value)
    states = _states(answer.out)
    return Tree(head, branch, _entries(path, states), truncated=answer.cut or len(states) > ENTRY_LIMIT)


def read_status(path: Path, filters: frozenset[str]) -> GitOutput:
    """Run `git status --porcelain=v2 -z`, with stashes and upstream, in the work tree whose root is `path`.

    Raises WorkspaceError when git fails.
    """
    answer = run_git(path, "status", *_STATUS, "--ahead-behind", "--show-stash", filters=filters)
    if answer.code != 0 and not answer.cut:
        raise failed(path, "read the state of the files", answer)
    return answer


def fingerprint(path: Path, status: GitOutput) -> str:
    """Digest HEAD, the index and the content of the dirty files. `status` is the output of `read_status`."""
    digest = hashlib.blake2b(status.out, digest_size=16)
    states = _states(status.out)
    for raw in sorted(raw for raw, state in states.items() if state):
        digest.update(f"\0{_commit_mark(path / os.fsdecode(raw))}".encode())
    for name, token in _entries(path, states):
        digest.update(f"\0{name}\0{token}".encode())
    return digest.hexdigest()


def changed_between(path: Path, before: Tree, after: Tree) -> tuple[str, ...]:
    """List the files whose content on disk or in HEAD changed between two trees, sorted, at most `CHANGED_LIMIT`.

    Staging a file is no change, and neither is a dirty file that stayed as it was. Raises WorkspaceError when git no
    longer has the commits.
    """
    changed: set[str] = set()
    if after.head is not None and after.head != before.head:
        if before.head is None:
            answer = read_git(path, "ls-tree", "-r", "-z", "--name-only", after.head)
        else:
            answer = read_git(path, "diff", "--name-only", "-z", *_DIFF, before.head, after.head, "--")
        if answer.code != 0 and not answer.cut:
            raise failed(path, "compare two commits", answer)
        changed.update(shown(name) for name in answer.out.split(b"\0")[:-1])
    old, new = dict(before.entries), dict(after.entries)
    # Nothing is known of paths after the last entry of a truncated tree, so they do not count as changed.
    horizons = [tree.entries[-1][0] for tree in (before, after) if tree.truncated and tree.entries]
    horizon = min(horizons, default=None)
    changed.update(
        name
        for name in old.keys() | new.keys()
        if old.get(name) != new.get(name) and (horizon is None or name <= horizon or (name in old and name in new))
    )
    return tuple(sorted(changed)[:CHANGED_LIMIT])


def _commit_mark(submodule: Path) -> str:
    """A text that changes when another commit is checked out in a submodule.

    The status says only that the commit is not the recorded one.
    """
    place = place_of(submodule)
    if place is None:
        return ""
    marks = []
    for name in ("HEAD", "logs/HEAD"):
        with contextlib.suppress(OSError):
            found = os.lstat(place.git / name)
            marks.append(f"{found.st_size} {found.st_mtime_ns}")
    return " ".join(marks)


def _headers(status: bytes) -> Iterator[tuple[bytes, bytes]]:
    for record in status.split(b"\0"):
        if not record.startswith(b"# "):
            return
        key, _, value = record[2:].partition(b" ")
        yield key, value


def _states(status: bytes) -> dict[bytes, str]:
    """The dirty paths. A submodule maps to what git says of it, because we do not look into it; other paths to ""."""
    states: dict[bytes, str] = {}
    for record in status.split(b"\0")[:-1]:
        kind, _, rest = record.partition(b" ")
        if kind == b"?":
            states[rest] = ""
        elif kind in (b"1", b"u"):
            fields = rest.split(b" ", 7 if kind == b"1" else 9)
            is_submodule = fields[1].startswith(b"S")
            states[fields[-1]] = f"submodule {fields[1].decode()} {fields[6].decode()}" if is_submodule else ""
    return states


def _entries(path: Path, states: dict[bytes, str]) -> tuple[tuple[str, str], ...]:
    """The first `ENTRY_LIMIT` paths by name, each with a token for its content on disk."""
    budget = HASH_BUDGET
    entries = []
    for text, name in sorted((shown(name), name) for name in states)[:ENTRY_LIMIT]:
        token, spent = (states[name], 0) if states[name] else _token(os.fsencode(path) + b"/" + name, budget)
        budget -= spent
        entries.append((text, token))
    return tuple(entries)


def _token(name: bytes, budget: int) -> tuple[str, int]:
    """A token for the content of a file, and how many bytes were read for it. Follows no link and never blocks.

    The token does not depend on git's status letters, so staging a file does not change it.
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
