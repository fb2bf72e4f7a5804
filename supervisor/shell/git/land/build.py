"""Write the commits of a landing. Nothing leads to them until a ref does, so a refused landing leaves no trace."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.regex import regex
from supervisor.shell.git.config import read_git
from supervisor.shell.git.keep.form import WORK
from supervisor.shell.git.keep.objects import StoredObject, empty_tree, objects_named, read_objects, read_within
from supervisor.shell.git.land.look import SETTINGS
from supervisor.shell.git.run import failed

SIGNING = 300.0
"""Seconds for one commit: a person may have to type a passphrase."""

READ_LIMIT = 4 << 20
"""Bytes of a file that is read; a larger one is passed over."""

ROOM = 8 << 20
"""Bytes of files that are read at once."""

_WITH_TEXT = ("100644", "100755", "120000")
_NOTHING = b"000000 "
_NARROW = regex(rb"[\t\x20-\x7e]{8,}")
_WIDE = regex(rb"(?:[\t\x20-\x7e]\0){8,}")
_SYNCED = "core.fsync=loose-object,pack"


class TreeText(Struct, frozen=True):
    """What a file in a tree holds, as text; a link holds its target."""

    path: str
    text: str | None  # None: the file is larger than READ_LIMIT
    new: bool  # there was nothing at this path before
    binary: bool = False  # `text` has a line for each readable piece, and no other


def kept_trees(root: Path, commits: Sequence[str]) -> dict[str, str]:
    """Return the work trees that these kept commits hold, by commit. Raises WorkspaceError if one is gone."""
    rows = objects_named(root, [name for one in commits for name in (f"{one}^{{commit}}", f"{one}:{WORK}")])
    found = {}
    for commit, itself, tree in zip(commits, rows[0::2], rows[1::2], strict=True):
        if itself[1] != "commit":
            raise WorkspaceError(
                f"a work tree that was kept in {root} is gone ({commit[:12]})", "was `refs/orch-runs` deleted there?"
            )
        # A tree without files is not in its commit.
        found[commit] = tree[0] if tree[1] == "tree" else empty_tree(root)
    return found


def tree_of(root: Path, commit: str) -> tuple[str, int]:
    """Return the tree of a commit, and its time in seconds since 1970. Raises WorkspaceError."""
    answer = read_git(root, "log", "-1", "--no-show-signature", "--format=%T %ct", commit, settings=SETTINGS)
    if answer.code != 0:
        raise failed(root, "read the tree of HEAD", answer)
    tree, at = answer.out.decode("ascii").split()
    return tree, int(at)


def contained(
    root: Path, tree: str, spans: Sequence[tuple[str, str]], made: Mapping[str, Collection[str]] | None = None
) -> int:
    """Return how many of these changes, from the first one, are in a tree already: it has all files as they left them.

    A change is the trees before and after it. `made`: what hooks made of an entry (mode and id) when it was landed.
    Raises WorkspaceError.
    """
    made = made or {}
    left: dict[bytes, bytes] = {}  # what the changes so far left at each path
    if spans and spans[0][0] == tree:
        return 0  # it is as it was before all of them
    count = 0
    for number, (before, after) in enumerate(spans, 1):
        left |= {path: new for path, (_, new) in entries_between(root, before, after).items()}
        here = entries_between(root, after, tree)
        # Where the tree is as the last change left it, it may still be as an earlier one did not.
        if all(
            here[path][1] == new or here[path][1].decode() in made.get(new.decode(), ())
            for path, new in left.items()
            if path in here
        ):
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


def texts_between(root: Path, before: str, after: str, *, old: bool = False) -> Iterator[TreeText]:
    """Yield what the files hold that are new or changed between two trees: files and links, but no submodules.

    `old`: instead, what those held before that were changed or removed. Raises WorkspaceError.
    """
    found = list[tuple[bytes, str, bool]]()
    for path, (was, now) in entries_between(root, before, after).items():
        mode, oid = (was if old else now).decode("ascii").split(" ")
        if mode in _WITH_TEXT:
            found.append((path, oid, was.startswith(_NOTHING)))
    contents = read_within(root, [oid for _, oid, _ in found], ROOM)
    if contents is not None:
        yield from (_tree_text(root, *pair) for pair in zip(found, contents, strict=True))
        return
    rows = objects_named(root, [oid for _, oid, _ in found])
    group, room = list[tuple[bytes, str, bool]](), ROOM
    for one, row in zip(found, rows, strict=True):
        size = row[2]
        if size > READ_LIMIT:
            yield TreeText(shown(one[0]), None, one[2])
            continue
        if size > room:
            yield from _contents(root, group)
            group, room = [], ROOM
        group.append(one)
        room -= size
    yield from _contents(root, group)


def _contents(root: Path, group: Sequence[tuple[bytes, str, bool]]) -> Iterator[TreeText]:
    for one, found in zip(group, read_objects(root, [oid for _, oid, _ in group]), strict=True):
        yield _tree_text(root, one, found)


def _tree_text(root: Path, one: tuple[bytes, str, bool], found: StoredObject | None) -> TreeText:
    path, _, new = one
    if found is None:
        raise WorkspaceError(f"{shown(path)} of a landing is gone in {root}", "run `git fsck` there")
    text, binary = _text(found.content) if len(found.content) <= READ_LIMIT else (None, False)
    return TreeText(shown(path), text, new, binary)


def _text(content: bytes) -> tuple[str, bool]:
    """Return what can be read in a file, and whether that is only a part of it."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace"), False
    if b"\0" not in content:
        return content.decode("utf-8", "replace"), False
    wide = (run.replace(b"\0", b"") for run in _WIDE.findall(content))
    return b"\n".join((*_NARROW.findall(content), *wide)).decode("ascii"), True
