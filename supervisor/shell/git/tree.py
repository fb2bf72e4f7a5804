"""The work tree: its dirty files, and those of the repos inside it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.domain.task import InnerRepo, Tree
from supervisor.shell.git.config import read_git
from supervisor.shell.git.folder import GitDir, place_of
from supervisor.shell.git.inside import STATUS, Inside, read_inside
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.reach.reader import TreeReader
from supervisor.shell.git.reach.there import PathThere, raw_root
from supervisor.shell.git.run import failed, run_git

ENTRY_LIMIT = 5_000
"""Dirty paths kept of one work tree. When there are more, they are build products that .gitignore lacks."""

HASH_LIMIT = 1 << 20
"""Bytes. A file of this size or more is compared by size and time: reading it would take too long."""

HASH_BUDGET = 64 << 20
"""Bytes hashed for one tree, so that 5,000 dirty files do not take seconds. Further files are compared by size and
time."""

_NOTING = ("core.splitIndex=false", "core.untrackedCache=false")
"""With a copy of the index: one file holds all that git notes, and it notes files only."""

CHANGED_INSIDE = " (changed inside)"
REPO_REMOVED = " (repo removed)"
UNREADABLE = " (cannot be read)"
"""What is said of a repo inside the work tree, behind its path."""

_MARKS = (CHANGED_INSIDE, REPO_REMOVED, UNREADABLE)


class DirtyFile(Struct, frozen=True):
    """A path that differs from HEAD."""

    file: bytes  # where it is
    untracked: bool
    state: str = ""  # what git says of a submodule
    staged: bool = False  # its entry in the index differs from HEAD, and is no conflict


class RepoNow(Struct, frozen=True):
    """The outermost repo of a work tree, or one inside it."""

    raw: bytes  # its path in the work tree; b"" is the outermost one
    path: Path
    head: str | None
    place: GitDir | None = None  # of one inside
    readable: bool = True

    @property
    def name(self) -> str:
        """Its path in the work tree, for people."""
        return shown(self.raw)

    @property
    def prefix(self) -> bytes:
        """What the paths of its files begin with."""
        return self.raw + b"/" if self.raw else b""


class LocalReader:
    """Reads a work tree of this machine."""

    def token(self, file: bytes, budget: int) -> tuple[str, int]:
        return read_token(file, budget)

    def changed_at(self, file: bytes) -> int | None:
        try:
            return os.lstat(file).st_ctime_ns
        except OSError:
            return None

    def exists(self, path: Path) -> bool:
        return os.path.lexists(path)

    def git(self, root: Path, *args: str) -> GitOutput:
        return read_git(root, *args)

    def expect(self, files: Sequence[bytes]) -> None:
        """They are looked at when asked about: nothing is far."""


class TreeNow(Struct, frozen=True):
    """A work tree that was just read."""

    branch: str | None
    repos: tuple[RepoNow, ...]  # the outermost one first
    dirty: dict[str, DirtyFile]  # by name
    cut: bool  # git printed more than we read
    inside_cut: bool  # there are more repos inside
    at: int  # when we began to read (ns)
    reader: TreeReader = LocalReader()


def now_of(path: Path, status: GitOutput, at: int, reader: TreeReader) -> TreeNow:
    """Return the work tree of which git just printed `status`, without the repos inside it."""
    head, branch = _head_and_branch(status.out)
    return TreeNow(
        branch, (RepoNow(b"", path, head),), dict(_dirty(path, b"", status.out)), status.cut, False, at, reader
    )


def read_now(path: Path, *, inside: bool = True, noting: Path | None = None) -> TreeNow:
    """Read the work tree whose root is `path`, with all dirty files, and with the repos inside it if asked to.

    `noting` is a copy of its index, in which git notes what it sees of the files.

    Those inside one on another machine are not read. Raises WorkspaceError when git fails on the outermost repo.
    """
    if isinstance(path, PathThere):
        return _read_there(path)
    at = time.time_ns()
    settings = _NOTING if noting is not None else ()
    answer = read_git(path, "status", *STATUS, "--no-ahead-behind", settings=settings, index=noting)
    if answer.code != 0 and not answer.cut:
        raise failed(path, "read the state of the files", answer)
    head, branch = _head_and_branch(answer.out)
    repos, dirty, cut = [RepoNow(b"", path, head)], dict(_dirty(path, b"", answer.out)), answer.cut
    found = read_inside(path, answer.out) if inside else Inside()
    for one in found.repos:
        status = one.status
        if status is None:
            repos.append(RepoNow(one.raw, one.path, None, one.place, readable=False))
            continue
        repos.append(RepoNow(one.raw, one.path, _head_and_branch(status.out)[0], one.place))
        dirty.update(_dirty(one.path, one.raw + b"/", status.out))
        cut = cut or status.cut
    return TreeNow(branch, tuple(repos), dirty, cut, found.cut, at)


def _read_there(path: PathThere) -> TreeNow:
    """Read a work tree on another machine, with few questions."""
    with path.repo.talking():
        at, reader = time.time_ns(), path.repo.reader()
        status = read_git(path, "status", *STATUS, "--no-ahead-behind")
        if status.code != 0 and not status.cut:
            raise failed(path, "read the state of the files", status)
        now = now_of(path, status, at, reader)
        reader.expect([one.file for one in now.dirty.values() if not one.state][:ENTRY_LIMIT])
        return now


def read_tree(path: Path, *, inside: bool = True) -> Tree:
    """Read the state of the work tree whose root is `path`. Raises WorkspaceError when git fails."""
    return tree_of(read_now(path, inside=inside), inside=inside)


def tree_of(now: TreeNow, *, inside: bool = True) -> Tree:
    """Return what the record keeps of a work tree that was just read, `inside` if the repos inside were looked for."""
    names = _by_importance(now.dirty)
    kept, rest = names[:ENTRY_LIMIT], names[ENTRY_LIMIT:]
    newest = now.at if now.cut else 0
    for name in rest:
        newest = max(newest, now.reader.changed_at(now.dirty[name].file) or 0)
    return Tree(
        now.repos[0].head,
        now.branch,
        _entries(now.dirty, kept, now.reader),
        truncated=now.cut or bool(rest),
        tracked_cut=any(not now.dirty[name].untracked for name in rest),
        newest=newest or None,
        inner=tuple(InnerRepo(one.name, one.head, one.readable) for one in now.repos[1:]) if inside else None,
        inner_cut=now.inside_cut,
    )


def token_like(dirty: DirtyFile, known: str, reader: TreeReader) -> str:
    """A token for the content of a file that is equal to an earlier one if, and only if, the content is.

    It is made as the earlier one was: by the content, or by size and time.
    """
    if dirty.state:
        return dirty.state
    return reader.token(dirty.file, 0 if known.count(" ") == 2 else HASH_LIMIT)[0]


def read_status(path: Path, filters: frozenset[str]) -> GitOutput:
    """Run `git status --porcelain=v2 -z`, with stashes and upstream, in the work tree whose root is `path`.

    Raises WorkspaceError when git fails.
    """
    answer = run_git(path, "status", *STATUS, "--ahead-behind", "--show-stash", filters=filters)
    if answer.code != 0 and not answer.cut:
        raise failed(path, "read the state of the files", answer)
    return answer


def fingerprint(path: Path, status: GitOutput, inside: Inside) -> str:
    """Digest HEAD, the index and the content of the dirty files, also of the repos inside.

    `status` is the output of `read_status`, and `inside` what `read_inside` found with it.
    """
    digest = hashlib.blake2b(status.out, digest_size=16)
    dirty = dict(_dirty(path, b"", status.out))
    reader: TreeReader = path.repo.reader() if isinstance(path, PathThere) else LocalReader()
    if not isinstance(path, PathThere):
        for name in sorted(name for name, one in dirty.items() if one.state):
            digest.update(f"\0{_commit_mark(Path(os.fsdecode(dirty[name].file)))}".encode())
    for one in inside.repos:
        digest.update(f"\0{one.name}\0{one.problem}\0".encode())
        if one.status is not None:
            digest.update(one.status.out)
            dirty.update(_dirty(one.path, one.raw + b"/", one.status.out))
    names = _by_importance(dirty)[:ENTRY_LIMIT]
    reader.expect([dirty[name].file for name in names if not dirty[name].state])
    for name, token in _entries(dirty, names, reader):
        digest.update(f"\0{name}\0{token}".encode())
    return digest.hexdigest()


def name_of(prefix: bytes, raw: bytes) -> str:
    """The name of a file for people, which is never what is said of a repo inside."""
    name = shown(prefix + raw)
    mark = next((mark for mark in _MARKS if name.endswith(mark)), None)
    return name if mark is None else f"{name.removesuffix(mark)} \\x28{mark[2:]}"


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


def _by_importance(dirty: dict[str, DirtyFile]) -> list[str]:
    """The names, those that git tracks first."""
    return sorted(dirty, key=lambda name: (dirty[name].untracked, name))


def _entries(dirty: dict[str, DirtyFile], names: list[str], reader: TreeReader) -> tuple[tuple[str, str], ...]:
    """These names, each with a token for its content on disk, sorted."""
    budget = HASH_BUDGET
    entries = []
    for name in sorted(names):
        one = dirty[name]
        token, spent = (one.state, 0) if one.state else reader.token(one.file, budget)
        budget -= spent
        entries.append((name, token))
    return tuple(entries)


def _head_and_branch(status: bytes) -> tuple[str | None, str | None]:
    head = branch = None
    for record in status.split(b"\0"):
        if not record.startswith(b"# "):
            break
        key, _, value = record[2:].partition(b" ")
        if key == b"branch.oid" and value != b"(initial)":
            head = value.decode("ascii", "replace")
        elif key == b"branch.head" and not value.startswith(b"("):
            branch = shown(value)
    return head, branch


def _dirty(path: Path, prefix: bytes, status: bytes) -> Iterator[tuple[str, DirtyFile]]:
    """The dirty paths of one repo. Its root is at `prefix` in the outermost work tree."""
    root = raw_root(path) + b"/"
    for raw, untracked, state, staged in _records(status.split(b"\0")[:-1]):
        yield name_of(prefix, raw), DirtyFile(root + raw, untracked, state, staged)


def _records(records: Iterable[bytes]) -> Iterator[tuple[bytes, bool, str, bool]]:
    for record in records:
        kind, _, rest = record.partition(b" ")
        if kind == b"?":
            yield rest, True, "", False
        elif kind in (b"1", b"u"):
            fields = rest.split(b" ", 7 if kind == b"1" else 9)
            is_submodule = fields[1].startswith(b"S")
            state = f"submodule {fields[1].decode()} {fields[6].decode()}" if is_submodule else ""
            yield fields[-1], False, state, kind == b"1" and not fields[0].startswith(b".")


def read_token(name: bytes, budget: int) -> tuple[str, int]:
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
    except (FileNotFoundError, NotADirectoryError):  # the latter: a file has the name of its folder
        return "missing", 0
    except OSError:
        return "unreadable", 0


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()
