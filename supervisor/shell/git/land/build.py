"""Write the commits of a landing. Nothing leads to them until a ref does, so a refused landing leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import read_git
from supervisor.shell.git.keep.form import WORK
from supervisor.shell.git.land.look import SETTINGS
from supervisor.shell.git.run import failed

SIGNING = 300.0
"""Seconds for one commit: a person may have to type a passphrase."""

READ_LIMIT = 1 << 20
"""Bytes of a new file in which secrets are looked for."""

_ROOM = 8 << 20
_SYNCED = "core.fsync=loose-object,pack"


class NewFile(Struct, frozen=True):
    """A file that a commit adds."""

    path: str
    text: str


def empty_tree(root: Path) -> str:
    """Return the id of the tree without any file. Raises WorkspaceError."""
    answer = read_git(root, "hash-object", "-w", "-t", "tree", "/dev/null")
    if answer.code != 0:
        raise failed(root, "write a tree", answer)
    return answer.out.decode("ascii").strip()


def kept_trees(root: Path, commits: Sequence[str], empty: str) -> dict[str, str]:
    """Return the work trees that these kept commits hold, by commit. Raises WorkspaceError if one is gone."""
    wanted = "".join(f"{one}^{{commit}}\n{one}:{WORK}\n" for one in commits)
    rows = _batch_check(root, wanted)
    found = {}
    for commit, itself, tree in zip(commits, rows[0::2], rows[1::2], strict=True):
        if itself[1] != "commit":
            raise WorkspaceError(
                f"a work tree that was kept in {root} is gone ({commit[:12]})", "was `refs/orch-runs` deleted there?"
            )
        found[commit] = tree[0] if tree[1] == "tree" else empty  # a tree without files is not in its commit
    return found


def tree_of(root: Path, commit: str) -> tuple[str, int]:
    """Return the tree of a commit, and its time in seconds since 1970. Raises WorkspaceError."""
    answer = read_git(root, "log", "-1", "--no-show-signature", "--format=%T %ct", commit, settings=SETTINGS)
    if answer.code != 0:
        raise failed(root, "read the tree of HEAD", answer)
    tree, at = answer.out.decode("ascii").split()
    return tree, int(at)


def contained(root: Path, tree: str, spans: Sequence[tuple[str, str]]) -> int:
    """Return how many of these changes, from the first one, are in a tree already: it has all files as they left them.

    A change is the trees before and after it. Raises WorkspaceError.
    """
    left: dict[bytes, bytes] = {}  # what the changes so far left at each path
    count = 0
    for number, (before, after) in enumerate(spans, 1):
        left |= {path: new for path, (_, new) in entries_between(root, before, after).items()}
        here = entries_between(root, after, tree)
        # Where the tree is as the last change left it, it may still be as an earlier one did not.
        if all(here[path][1] == new for path, new in left.items() if path in here):
            count = number
    return count


def entries_between(root: Path, before: str, after: str) -> dict[bytes, tuple[bytes, bytes]]:
    """Return what differs between two trees: mode and id before and after, by path. Raises WorkspaceError."""
    answer = read_git(root, "diff-tree", "-r", "-z", "--no-renames", "--no-abbrev", before, after, settings=SETTINGS)
    if answer.code != 0 or answer.cut:
        raise failed(root, "compare two trees", answer)
    words = answer.out.split(b"\0")[:-1]
    found = {}
    for fields, path in zip(words[0::2], words[1::2], strict=True):
        old_mode, mode, old, new, _ = fields.removeprefix(b":").split(b" ")
        found[path] = (old_mode + b" " + old, mode + b" " + new)
    return found


def write_commit(
    root: Path, tree: str, parents: Sequence[str], message: bytes, environ: Mapping[str, str], *, sign: bool
) -> str:
    """Write a commit and return its id. Runs no hook. Raises WorkspaceError, also if it cannot be signed."""
    words = [word for parent in parents for word in ("-p", parent)]
    answer = read_git(
        root,
        *("commit-tree", tree, *words, *(["-S"] if sign else ["--no-gpg-sign"])),
        settings=(*SETTINGS, _SYNCED),
        stdin=message,
        environ=environ,
        seconds=SIGNING,
    )
    if answer.code != 0:
        raise failed(root, "sign a commit" if sign else "write a commit", answer)
    return answer.out.decode("ascii").strip()


def new_files(root: Path, before: str, after: str) -> Iterator[NewFile]:
    """Yield the text files that the tree `after` has and `before` has not, each up to READ_LIMIT bytes.

    Raises WorkspaceError.
    """
    answer = read_git(root, "diff-tree", "-r", "-z", "--no-renames", "--diff-filter=A", before, after)
    if answer.code != 0 or answer.cut:
        raise failed(root, "list the new files", answer)
    words = answer.out.split(b"\0")[:-1]
    added = [
        (fields.split(b" ")[3].decode("ascii"), path)
        for fields, path in zip(words[0::2], words[1::2], strict=True)
        if fields.split(b" ")[1] in (b"100644", b"100755")
    ]
    sizes = [int(row[2]) for row in _batch_check(root, "".join(f"{oid}\n" for oid, _ in added))]
    group, room = list[tuple[str, bytes]](), _ROOM
    for one, size in zip(added, sizes, strict=True):
        if size > READ_LIMIT:
            continue
        if size > room:
            yield from _contents(root, group)
            group, room = [], _ROOM
        group.append(one)
        room -= size
    yield from _contents(root, group)


def _contents(root: Path, group: Sequence[tuple[str, bytes]]) -> Iterator[NewFile]:
    if not group:
        return
    answer = read_git(root, "cat-file", "--batch", stdin="".join(f"{oid}\n" for oid, _ in group).encode())
    if answer.code != 0 or answer.cut:
        raise failed(root, "read the new files", answer)
    at = 0
    for _, path in group:
        end = answer.out.index(b"\n", at)
        size = int(answer.out[at:end].split(b" ")[2])
        content = answer.out[end + 1 : end + 1 + size]
        at = end + size + 2
        if b"\0" not in content[:8000]:
            yield NewFile(shown(path), content.decode("utf-8", "replace"))


def _batch_check(root: Path, wanted: str) -> list[tuple[str, str, str]]:
    """Return id, type and size of each object; an object that is not there has another type."""
    if not wanted:
        return []
    answer = read_git(root, "cat-file", "--batch-check", settings=SETTINGS, stdin=wanted.encode())
    if answer.code != 0 or answer.cut:
        raise failed(root, "look for the kept work trees", answer)
    rows = [row.rsplit(" ", 2) for row in answer.out.decode("utf-8", "replace").splitlines()]
    return [(row[0], row[1], row[2]) if len(row) == 3 else ("", "missing", "0") for row in rows]
