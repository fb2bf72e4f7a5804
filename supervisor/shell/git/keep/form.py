"""The form of what we keep: the names of our refs, and what lies where in the tree of a kept commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from msgspec import Struct

REFS = "refs/orch-runs"
"""The first words of our refs. No branch, tag or default refspec has them: `fetch` and `push` leave them alone."""

WORK = "work"
"""The folder of a kept tree that holds the work tree, as `git add` would record it."""

RAW = "raw"
"""The folder with the exact bytes of those files that git would record otherwise (line ends, encodings, filters)."""

MODES = "modes"
"""The file that lists the permissions that git does not record: mode, path, a NUL behind each. Without a path: those of
all other files but programs, if all were looked at."""

OWN = ".own"
"""What follows the ref of a child for what was kept of linked work trees."""

STAGED = "staged"
"""The folder that holds what the user had staged, if that differs from HEAD."""


class TreeState(Struct, frozen=True):
    """All that a kept tree says of a work tree."""

    tree: str  # as git records it
    exact: Mapping[bytes, str] = {}  # the ids of the exact bytes of files of which git records others, by path
    permissions: Mapping[bytes, int] = {}  # that git does not record, by path
    usual: int = 0  # the permissions of all other files but programs; 0: not known, for only some were looked at


class KeptTree(Struct, frozen=True):
    """A work tree that was kept."""

    commit: str  # its id in the child's repo
    state: TreeState
    left_out: tuple[str, ...] = ()  # paths that could not be kept, each with the reason


def ref_of(workspace: str, child: str) -> str:
    """Return the ref that leads to all kept trees of a child, the newest first. Any name becomes a valid part of it."""
    return f"{REFS}/{_part(workspace)}/{_part(child)}"


def _part(name: str) -> str:
    plain = all(char.isalnum() or char in "-_" for char in name) and name.isascii() and 0 < len(name) < 100
    digest = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return f"n-{name}" if plain else f"x-{digest}"


def quoted(path: bytes) -> bytes:
    """Quote a path as git reads it back from a line, whatever is in it."""
    return b'"%s"' % path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
