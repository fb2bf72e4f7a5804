"""What git makes of the bytes of a file on the way in and out: line ends, `$Id$`, encodings, filters."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path

from supervisor.shell.git.config import Mark, Setting, filters_of, mark, read_config, read_git
from supervisor.shell.git.folder import place_of
from supervisor.shell.git.run import failed

_ATTRIBUTES = ("text", "crlf", "eol", "ident", "filter", "working-tree-encoding")
_LIMIT = 64 << 20  # bytes of what git says of attributes
_NONE = (b"unset", b"unspecified")
_SECONDS = 600.0

_PLAIN = (
    ":(exclude,attr:!text !crlf !eol !ident !filter !working-tree-encoding)",
    ":(exclude,attr:-text !ident !filter !working-tree-encoding)",
    ":(exclude,attr:filter=lfs)",  # it keeps the bytes by itself, and a copy of each large file is too much
)


Rules = tuple[tuple[Setting, ...], tuple[Mark, ...]]
"""What says which files are converted: the configuration, and how the files with attributes look."""


class Conversion(Enum):
    """What may happen to the bytes of a file."""

    INWARD = "inward"  # git records other bytes; a checkout writes those that git recorded
    LINE_ENDS = "line ends"  # and a checkout writes CRLF
    ANY = "any"  # and a checkout writes whatever a filter makes of it


def conversions(root: Path, paths: Sequence[bytes]) -> dict[bytes, Conversion]:
    """Return those of these files whose bytes may be converted. Raises WorkspaceError when git fails."""
    if not paths:
        return {}
    automatic, native = line_ends(root)
    found = {path: _conversion(said, automatic, native) for path, said in _attributes(root, paths).items()}
    return {path: one for path, one in found.items() if one is not None}


def switched_off(root: Path, paths: Sequence[bytes]) -> dict[bytes, str]:
    """Return those of these files that should go through a filter which only the repo's own configuration names, so we
    do not run it, with its name. Raises WorkspaceError when git fails."""
    off = filters_of(read_config(root)) if paths else frozenset()
    named = {path: os.fsdecode(said[b"filter"]) for path, said in (_attributes(root, paths) if off else {}).items()}
    return {path: name for path, name in named.items() if name in off}


def line_ends(root: Path) -> tuple[bytes, bytes]:
    """Return what the configuration says of line ends: core.autocrlf, core.eol. Raises WorkspaceError."""
    settings = {one.key: one.value.lower() for one in read_config(root)}
    return settings.get("core.autocrlf", b"false"), settings.get("core.eol", b"native")


def converted(root: Path) -> dict[bytes, str]:
    """List the tracked files whose bytes may be converted, each with the id that the index has of it.

    Raises WorkspaceError when git fails.
    """
    every = line_ends(root)[0] not in (b"false", b"no", b"off", b"0", b"")
    where = _PLAIN[1:] if every else _PLAIN
    answer = read_git(root, "ls-files", "--stage", "-z", "--", *where, seconds=_SECONDS, limit=_LIMIT)
    if answer.code != 0 and not answer.cut:
        raise failed(root, "list the files that it converts", answer)
    records = (one.partition(b"\t") for one in answer.out.split(b"\0")[:-1])
    return {path: os.fsdecode(head.split(b" ")[1]) for head, _, path in records if head.startswith(b"100")}


def folders_of(paths: Iterable[bytes]) -> frozenset[bytes]:
    """Return the folders in which these files are, and those around them; b"" is the work tree."""
    left = {path.rpartition(b"/")[0] for path in paths}
    found = {b""}
    while left:
        found |= left
        left = {folder.rpartition(b"/")[0] for folder in left} - found
    return frozenset(found)


def rules_of(root: Path, settings: tuple[Setting, ...], folders: Iterable[bytes]) -> Rules:
    """Look at all that says which files are converted, in these folders and elsewhere."""
    top, place = os.fsencode(root), place_of(root)
    own = next((one.value for one in reversed(settings) if one.key == "core.attributesfile"), b"")
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    files = [b"/etc/gitattributes", os.path.expanduser(own or os.fsencode(base) + b"/git/attributes")]
    files += [top + b"/" + folder + b"/.gitattributes" for folder in sorted(folders)]
    if place is not None:
        files.append(os.fsencode(place.common / "info" / "attributes"))
    return settings, tuple(map(mark, files))


def _attributes(root: Path, paths: Sequence[bytes]) -> dict[bytes, dict[bytes, bytes]]:
    asked = b"".join(path + b"\0" for path in paths)
    answer = read_git(root, "check-attr", "-z", "--stdin", *_ATTRIBUTES, stdin=asked, limit=_LIMIT)
    if answer.code != 0 or answer.cut:
        raise failed(root, "read the attributes of files", answer)
    fields = answer.out.split(b"\0")[:-1]
    values: dict[bytes, dict[bytes, bytes]] = {}
    for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=True):
        values.setdefault(path, {})[name] = value
    return values


def _conversion(said: dict[bytes, bytes], automatic: bytes, native: bytes) -> Conversion | None:
    if any(said[name] not in _NONE for name in (b"ident", b"filter", b"working-tree-encoding")):
        return Conversion.ANY
    text, end = said[b"text"], said[b"eol"]
    text = said[b"crlf"] if text == b"unspecified" else text
    if text == b"unset":
        return None
    if text == b"input" or end == b"lf":
        return Conversion.INWARD
    if text == b"unspecified" and end == b"unspecified":
        return {b"true": Conversion.LINE_ENDS, b"input": Conversion.INWARD}.get(automatic)
    by_default = automatic == b"true" or (native == b"crlf" and automatic != b"input")
    crlf = end == b"crlf" or (end == b"unspecified" and by_default)
    return Conversion.LINE_ENDS if crlf else Conversion.INWARD
