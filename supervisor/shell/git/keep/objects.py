"""Objects of a repo, read many at once by any name that git knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from supervisor.errors import WorkspaceError
from supervisor.regex import regex
from supervisor.shell.git.config import read_git
from supervisor.shell.git.keep.files import INDEX_LIMIT
from supervisor.shell.git.run import failed

_HEADER = regex(rb"([0-9a-f]{40}|[0-9a-f]{64}) ([a-z]+) ([0-9]+)")
_SETTINGS = ("core.useReplaceRefs=false", "core.bigFileThreshold=4m")
"""An object is what its id says, and no large one is in memory as a whole."""


class StoredObject(Struct, frozen=True):
    """An object that is there."""

    oid: str
    kind: str  # blob, tree, commit or tag
    content: bytes


def read_objects(root: Path, names: Sequence[str]) -> list[StoredObject | None]:
    """Read objects in the order of their names; None: it is not there. Raises WorkspaceError if git fails."""
    found = read_within(root, names, INDEX_LIMIT)
    if found is None:
        raise WorkspaceError(f"what was kept in {root} is too large to be read at once", "see `orch doctor`")
    return found


def read_within(root: Path, names: Sequence[str], limit: int) -> list[StoredObject | None] | None:
    """Read objects like `read_objects`. None: they take more than `limit` bytes."""
    if not names:
        return []
    asked = "".join(f"{one}\n" for one in names).encode()
    answer = read_git(root, "cat-file", "--batch", stdin=asked, limit=limit, settings=_SETTINGS)
    if answer.cut:
        return None
    if answer.code != 0:
        raise failed(root, "read what was kept", answer)
    found: list[StoredObject | None] = []
    at = 0
    while at < len(answer.out):
        end = answer.out.index(b"\n", at)
        header = _HEADER.fullmatch(answer.out[at:end])
        at = end + 1
        if header is None:  # "NAME missing", "NAME ambiguous"
            found.append(None)
            continue
        size = int(header[3])
        found.append(StoredObject(header[1].decode("ascii"), header[2].decode("ascii"), answer.out[at : at + size]))
        at += size + 1
    assert len(found) == len(names), "git answers to each name"
    return found


def objects_named(root: Path, names: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return id, type and size of each object; one that is not there has the type "missing". Raises WorkspaceError."""
    if not names:
        return []
    asked = "".join(f"{one}\n" for one in names).encode()
    answer = read_git(root, "cat-file", "--batch-check", settings=_SETTINGS, stdin=asked)
    if answer.code != 0 or answer.cut:
        raise failed(root, "look for what was kept", answer)
    found = map(_HEADER.fullmatch, answer.out.splitlines())
    return [(one[1].decode(), one[2].decode(), int(one[3])) if one is not None else ("", "missing", 0) for one in found]


def entries_of(tree: StoredObject) -> Iterator[tuple[bytes, str]]:
    """Yield name and id of each entry of a tree."""
    at, size = 0, len(tree.oid) // 2
    while at < len(tree.content):
        end = tree.content.index(b"\0", at)
        yield tree.content[at:end].partition(b" ")[2], tree.content[end + 1 : end + 1 + size].hex()
        at = end + 1 + size


def empty_tree(root: Path) -> str:
    """Write the tree without any file, and return its id. Raises WorkspaceError."""
    answer = read_git(root, "mktree")
    if answer.code != 0:
        raise failed(root, "write a tree", answer)
    return answer.out.decode("ascii").strip()
