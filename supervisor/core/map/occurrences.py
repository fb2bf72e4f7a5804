"""Occurrences: mentions with their repo and file, and what those of one child, or of several names, come to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, islice
from math import log
from typing import NamedTuple

from supervisor.core.map.drift import WORDS
from supervisor.core.map.mention.fields import SET, WIRE
from supervisor.core.map.mention.routes import MOUNT
from supervisor.domain.link import Kind, Mention, Place, Role, Side

COMPARED = 24
"""Places kept of each side, with which those of a later map are compared."""

NEAR = 25
"""Lines from a word within which the others of its set stand."""

FEWEST = 3
"""Words that both sides have together. Two may meet by chance."""

MOST = 4
"""Words that prove each other; more prove nothing further."""

FILES = 6
"""Files of one child in which a word is looked for."""

_File = tuple[str, str]  # a child, and a file of it


class Occurrence(NamedTuple):
    """A mention with its repo and file."""

    key: str  # occurrences with the same key may be joined
    child: str
    file: str
    test: bool  # the file is a test
    mention: Mention


def side_of(child: str, own: Sequence[Occurrence]) -> Side:
    """Return what counts for a child: of its places outside of tests, those that prove most."""
    own = [one for one in own if not one.test]
    weak = min((_weakness(one.mention) for one in own), default=0)
    sure = sorted((one for one in own if _weakness(one.mention) == weak), key=lambda one: (one.file, one.mention.line))
    provided = sum(_offers(one.mention) for one in sure)
    used = sum(one.mention.role is Role.USES for one in sure)
    return Side(child, tuple(map(place_of, sure[:COMPARED])), len(sure), len(own), weak, provided, used)


def _weakness(mention: Mention) -> int:
    return 0 if mention.type else mention.weak


def _offers(mention: Mention) -> bool:
    if mention.detail == MOUNT:
        return False  # the routes below it are declared elsewhere, and may go while it stays
    return mention.role is Role.PROVIDES or bool(mention.type) or mention.detail == WIRE


def place_of(one: Occurrence) -> Place:
    """Return the place of an occurrence."""
    mention = one.mention
    return Place(one.child, one.file, mention.line, mention.role, mention.shown, mention.detail, mention.type)


def companions(groups: Iterable[Sequence[Occurrence]]) -> list[float]:
    """Return for each group the logarithm of how many words, with it, both sides have together; 0 if they are few.

    `open` in two repos says nothing. A list with `open`, `ping` and `noop` beside a table with the same three does.
    """
    sets = [_places(group) for group in groups]
    pairs: dict[tuple[_File, _File], list[tuple[int, int, int]]] = defaultdict(list)
    for number, places in enumerate(sets):
        for one, other in combinations(places, 2):
            if one[0] != other[0]:
                pairs[one[:2], other[:2]].append((one[2], other[2], number))
    best: Counter[int] = Counter()
    for lines in pairs.values():
        if len(lines) < FEWEST:
            continue
        lines.sort()
        first = 0
        for mine, theirs, number in lines:
            while lines[first][0] < mine - NEAR:
                first += 1
            together: set[int] = set()
            for here, there, word in islice(lines, first, None):
                if here > mine + NEAR or len(together) >= MOST:
                    break
                if abs(there - theirs) <= NEAR:
                    together.add(word)
            best[number] = max(best[number], len(together))
    return [log(min(MOST, best[number])) if best[number] >= FEWEST else 0.0 for number in range(len(sets))]


def _places(group: Sequence[Occurrence]) -> list[tuple[str, str, int]]:
    """Return the places of a word where it may be one of a set: in each file the one that proves most, the first of
    them; of each child, the files that prove most."""
    if not any(one.mention.weak < 2 for one in group):
        return []
    best: dict[_File, tuple[int, int]] = {}
    for one in group:
        mention = one.mention
        in_set = mention.kind is Kind.KEY or (mention.kind in WORDS and (mention.detail == SET or not mention.weak))
        if in_set and not one.test:
            here = _proves(mention), mention.line
            best[one.child, one.file] = min(here, best.get((one.child, one.file), here))
    taken: Counter[str] = Counter()
    places = []
    for (child, file), (_, line) in sorted(best.items(), key=lambda one: (one[1][0], one[0])):
        taken[child] += 1
        if taken[child] <= FILES:
            places.append((child, file, line))
    return sorted(places)


def _proves(mention: Mention) -> int:
    return mention.weak if mention.detail in (SET, WIRE) else mention.weak + 1
