"""Link copies: files that several repos have, identical or drifted apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set

from msgspec import Struct

from supervisor.core.map.tools import is_tool
from supervisor.domain.link import Kind, Link, Place, Role
from supervisor.regex import regex

SMALLEST = 120  # bytes: a smaller file is an empty package, a marker or one line of configuration
LARGEST = 256 << 10  # bytes: larger files are not compared line by line
PAIRS = 300  # of files that are compared
ALIKE = 0.5  # two files with at least this share of common lines are copies
GROWN = 16  # times as large as the other: the most that one of two copies has grown
HELD = 0.9  # a file that has at least this share of the lines of another one is a copy to which somebody added
ENOUGH = 15  # lines: of a shorter file, another one may have all by chance

_PICTURE = regex(r"\.(png|jpe?g|gif|webp|ico|svg|icns|ttf|otf|woff2?|mp[34]|wav|ogg|pdf)$", re.I)
_SAME, _SAME_PICTURE = 0.75, 0.35  # scores: a picture that two repos show makes neither rely on the other

_ORDINARY = regex(
    r"(license|licence|copying|notice|authors|contributors|code_of_conduct|contributing|security|readme|changelog|changes"
    r"|\.gitignore|\.gitattributes|\.editorconfig|\.prettierrc|\.eslintrc|py\.typed|__init__\.py|manifest\.in|makefile"
    r"|dockerfile|\.dockerignore|\.npmignore|package\.json|tsconfig|setup\.(py|cfg)|pyproject\.toml|conftest\.py"
    r"|index\.(js|ts|tsx|html|d\.ts)|main\.\w+|app\.\w+|utils?\.\w+|types\.\w+|config\.\w+|\.pre-commit|requirements"
    r"|gradlew|gradle-wrapper|cargo\.toml|go\.mod|mod\.rs|lib\.rs|constants\.\w+|errors\.\w+|client\.\w+|models?\.\w+"
    r"|test_[^/]*|\.travis|\.github|tox\.ini|favicon|logo|renovate|dependabot|\.nvmrc|jest\.|babel\.|\.babelrc|\.husky|funding\.|codecov"
    r"|[^/]*\.config\.\w+$)",
    re.I,
)


class Copy(Struct, frozen=True):
    """A file that another repo may have, too."""

    child: str
    name: str
    oid: str  # equal oids mean equal contents
    size: int  # bytes


def same(files: Sequence[Copy]) -> Iterator[Link]:
    """Yield links for files with the same content in several repos. Files that every repo has do not count."""
    groups: dict[str, list[Copy]] = defaultdict(list)
    for copy in files:
        if copy.oid and copy.size >= SMALLEST and not _is_ordinary(copy.name):
            groups[copy.oid].append(copy)
    for group in groups.values():
        children = tuple(sorted({copy.child for copy in group}))
        if len(children) > 1:
            places = tuple(Place(copy.child, copy.name, 0, Role.NAMES, "the same content") for copy in group[:12])
            score = _SAME_PICTURE if _PICTURE.search(group[0].name) else _SAME
            yield Link(Kind.COPY, _base(group[0].name), score, children, places, "the same content in each")


def drifted(files: Sequence[Copy], read: Callable[[Copy], str | None]) -> Iterator[Link]:
    """Yield links for files with the same name and many common lines: somebody changed one of the copies.

    `read` returns the text of a file, or None.
    """
    groups: dict[str, list[Copy]] = defaultdict(list)
    for copy in files:
        if SMALLEST <= copy.size <= LARGEST and not _is_ordinary(copy.name):
            groups[_base(copy.name)].append(copy)
    compared = 0
    for name, group in sorted(groups.items()):
        pairs = [(a, b) for at, a in enumerate(group) for b in group[at + 1 :] if a.child != b.child and a.oid != b.oid]
        if not pairs or len(group) > 6:
            continue
        for a, b in pairs[:4]:
            compared += 1
            if compared > PAIRS or not 1 / GROWN <= a.size / b.size <= GROWN:
                continue
            mine, theirs = _lines(read(a)), _lines(read(b))
            note = _alike(mine.keys(), theirs.keys())
            if not note:
                continue
            places = (_place(a, mine, theirs), _place(b, theirs, mine))
            yield Link(Kind.COPY, name, 0.85, tuple(sorted((a.child, b.child))), places, note, conflict=True)
            break


def _alike(mine: Set[str], theirs: Set[str]) -> str:
    """Return in which way two files are copies that differ, or "" if they are not."""
    shared = len(mine & theirs)
    share = shared / max(1, len(mine | theirs))
    if ALIKE <= share < 1.0:
        return f"drifted: {share:.0%} of the lines are the same"
    less, more = sorted((len(mine), len(theirs)))
    if share < ALIKE and less >= ENOUGH and shared >= HELD * less:
        return f"drifted: one has nearly all lines of the other, and {more - shared} more"
    return ""


def is_candidate(name: str) -> bool:
    """Return whether a copy of a file with this name would mean anything."""
    return not _is_ordinary(name)


def _place(copy: Copy, mine: dict[str, int], theirs: dict[str, int]) -> Place:
    first = min((line for text, line in mine.items() if text not in theirs), default=1)
    shown = next((text for text, line in mine.items() if line == first), "")
    return Place(copy.child, copy.name, first, Role.NAMES, shown[:120])


def _lines(text: str | None) -> dict[str, int]:
    """Return the lines of more than 3 characters, each with the number of its first occurrence."""
    found: dict[str, int] = {}
    for number, line in enumerate((text or "").splitlines(), 1):
        bare = " ".join(line.split())
        if len(bare) > 3:
            found.setdefault(bare, number)
    return found


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _is_ordinary(name: str) -> bool:
    return _ORDINARY.match(_base(name)) is not None or is_tool(name)
