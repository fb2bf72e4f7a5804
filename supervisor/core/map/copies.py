"""copies: files that two repos both have, the same or drifted apart, as seams."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from supervisor.domain.link import Kind, Link, Place, Role

SMALLEST = 120  # bytes: a smaller file is an empty package, a marker, one line of configuration
LARGEST = 256 << 10  # bytes of a file that is compared line by line
PAIRS = 300  # pairs of files that are compared
ALIKE = 0.5  # share of lines that two copies which drifted apart still have in common

_ORDINARY = re.compile(
    r"(license|licence|copying|notice|authors|contributors|code_of_conduct|contributing|security|readme|changelog|changes"
    r"|\.gitignore|\.gitattributes|\.editorconfig|\.prettierrc|\.eslintrc|py\.typed|__init__\.py|manifest\.in|makefile"
    r"|dockerfile|\.dockerignore|\.npmignore|package\.json|tsconfig|setup\.(py|cfg)|pyproject\.toml|conftest\.py"
    r"|index\.(js|ts|tsx|html|d\.ts)|main\.\w+|app\.\w+|utils?\.\w+|types\.\w+|config\.\w+|\.pre-commit|requirements"
    r"|gradlew|gradle-wrapper|cargo\.toml|go\.mod|mod\.rs|lib\.rs|constants\.\w+|errors\.\w+|client\.\w+|models?\.\w+"
    r"|test_[^/]*|\.travis|\.github|tox\.ini|favicon|logo|renovate|dependabot|\.nvmrc|jest\.|babel\.|\.babelrc|\.husky"
    r"|[^/]*\.config\.\w+$)",
    re.I,
)


class Copy(Struct, frozen=True):
    """A file that may have a twin: `oid` stands for its content."""

    child: str
    name: str
    oid: str
    size: int


def same(files: Sequence[Copy]) -> Iterator[Link]:
    """Files of the same content in several repos, but for those that every repo has."""
    groups: dict[str, list[Copy]] = defaultdict(list)
    for one in files:
        if one.oid and one.size >= SMALLEST and not _is_ordinary(one.name):
            groups[one.oid].append(one)
    for group in groups.values():
        children = tuple(sorted({one.child for one in group}))
        if len(children) > 1:
            places = tuple(Place(one.child, one.name, 0, Role.NAMES, "the same content") for one in group[:12])
            yield Link(Kind.COPY, _base(group[0].name), 0.75, children, places, "the same content in each")


def drifted(files: Sequence[Copy], read: Callable[[Copy], str | None]) -> Iterator[Link]:
    """Files of the same name and much the same lines: copies that somebody changed on one side. `read` gives a text."""
    groups: dict[str, list[Copy]] = defaultdict(list)
    for one in files:
        if SMALLEST <= one.size <= LARGEST and not _is_ordinary(one.name):
            groups[_base(one.name)].append(one)
    compared = 0
    for name, group in sorted(groups.items()):
        pairs = [(a, b) for at, a in enumerate(group) for b in group[at + 1 :] if a.child != b.child and a.oid != b.oid]
        if not pairs or len(group) > 6:
            continue
        for a, b in pairs[:4]:
            compared += 1
            if compared > PAIRS or not 0.5 <= a.size / b.size <= 2:
                continue
            mine, theirs = _lines(read(a)), _lines(read(b))
            alike = len(mine.keys() & theirs.keys()) / max(1, len(mine.keys() | theirs.keys()))
            if alike < ALIKE or alike == 1.0:
                continue
            places = (_place(a, mine, theirs), _place(b, theirs, mine))
            note = f"drifted: {alike:.0%} of the lines are the same"
            yield Link(Kind.COPY, name, 0.85, tuple(sorted((a.child, b.child))), places, note, conflict=True)
            break


def is_candidate(name: str) -> bool:
    """Whether a copy of such a file would mean anything."""
    return not _is_ordinary(name)


def _place(one: Copy, mine: dict[str, int], theirs: dict[str, int]) -> Place:
    first = min((line for text, line in mine.items() if text not in theirs), default=1)
    shown = next((text for text, line in mine.items() if line == first), "")
    return Place(one.child, one.name, first, Role.NAMES, shown[:120])


def _lines(text: str | None) -> dict[str, int]:
    """The lines that say something, each with its first number."""
    found: dict[str, int] = {}
    for number, line in enumerate((text or "").splitlines(), 1):
        bare = " ".join(line.split())
        if len(bare) > 3:
            found.setdefault(bare, number)
    return found


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _is_ordinary(name: str) -> bool:
    return _ORDINARY.match(_base(name)) is not None
