"""Put the rows of a map in the order in which a person should see them.

The best evidence is first. But two repos may have copies of one file, such as a schema with hundreds of messages: then
the copy is what ties them, and it stands before what it holds. Of that, a few rows stand where their scores put them,
and each further one a little lower, so that the rest of the map is seen, too. The same holds for rows that one pair of
files shares. What says again what a row before it says is far below. What is less sure is at the end, below a line. No
score changes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from supervisor.core.map.mention.normalize import plain_name
from supervisor.domain.link import Kind, Link

AT_ONCE = 8
"""Rows of what one copied file holds that keep their rank. With each as many again, the rank falls to 1/2, 1/3, ..."""

OF_TWO_FILES = 10
"""Rows that two files share which keep their rank, as with a copied file. One page may read much of one server."""

OF_TWO_FOLDERS = 2
"""Copied files of the same two folders that keep their rank."""

AGAIN = 0.25
"""The part of its rank that a row keeps whose name stands before it already, for the same children."""

OF_COMMITS = 0.6
"""The part of its rank that a pair of commits keeps: it tells when a link came to be, and the link itself says more."""

_NAMES = frozenset((Kind.KEY, Kind.SCHEMA, Kind.WORD, Kind.CONSTANT, Kind.ERROR, Kind.TOPIC, Kind.FLAG))
"""Kinds of rows that may name one thing: a field of GraphQL and the remote procedure behind it."""

_File = tuple[str, str]  # a child, and a file of it


def ranked(rows: Sequence[Link]) -> list[Link]:
    """Return the rows, those to look at first at the front. The order is stable."""
    ordered = sorted(rows, key=_by_evidence)
    copies = [number for number, row in enumerate(ordered) if row.kind is Kind.COPY]
    files = {number: {(place.child, place.file) for place in ordered[number].places} for number in copies}
    having: dict[_File, list[int]] = defaultdict(list)
    for number in copies:
        for file in files[number]:
            having[file].append(number)
    of_copy: dict[int, list[int]] = defaultdict(list)
    for number, row in enumerate(ordered):
        if row.kind is not Kind.COPY and (copy := _copy_of(row, having)) is not None:
            of_copy[copy].append(number)
    rank = [(-row.score, 1) for row in ordered]
    for copy, held in of_copy.items():
        scores = sorted((ordered[number].score for number in held), reverse=True)
        rank[copy] = (-max(ordered[copy].score, scores[0]), 0)
        held.sort(key=lambda number: (*_place(ordered[number], files[copy]), number))
        for at, (score, number) in enumerate(zip(scores, held, strict=True)):
            rank[number] = (-score * AT_ONCE / max(AT_ONCE, at + 1), 1 + at)
    held_by_copies = {number for held in of_copy.values() for number in held}
    rank = list(_spread(ordered, rank, held_by_copies))
    places = sorted(range(len(ordered)), key=lambda number: (not ordered[number].sure, *rank[number], number))
    return [ordered[number] for number in places]


def _spread(
    ordered: Sequence[Link], rank: Sequence[tuple[float, int]], settled: set[int]
) -> Iterator[tuple[float, int]]:
    """Yield the ranks, lower for a row that says again what one before it says, or what many between its files say."""
    seen: dict[str, list[frozenset[str]]] = defaultdict(list)
    between: Counter[tuple[_File, _File]] = Counter()
    found: dict[int, tuple[float, int]] = {}
    for number in sorted(range(len(ordered)), key=lambda number: (*rank[number], number)):
        row, (score, order) = ordered[number], rank[number]
        children = frozenset(row.children)
        if row.kind in _NAMES:
            name = plain_name(row.name)
            if any(children <= others for others in seen[name]):
                score *= AGAIN
            seen[name].append(children)
        if row.kind is Kind.COMMIT:
            score *= OF_COMMITS
        elif number not in settled and (pair := _best_files(row)):
            between[pair] += 1
            few = OF_TWO_FOLDERS if row.kind is Kind.COPY else OF_TWO_FILES
            score *= few / max(few, between[pair])
        found[number] = score, order
    return (found[number] for number in range(len(ordered)))


def _best_files(row: Link) -> tuple[_File, _File] | None:
    """Return the first files of the first two children of a row (of copies, their folders): places are sorted, what
    proves most first."""
    first: dict[str, _File] = {}
    for place in row.places:
        file = place.file.rpartition("/")[0] + "/" if row.kind is Kind.COPY else place.file
        first.setdefault(place.child, (place.child, file))
    return next(combinations(first.values(), 2), None)


def _by_evidence(row: Link) -> tuple[object, ...]:
    places = tuple((place.child, place.file, place.line, place.shown) for place in row.places)
    return -row.score, row.kind, row.name, row.children, row.note, places


def _copy_of(row: Link, having: dict[_File, list[int]]) -> int | None:
    """Return the copy that holds what a row names, in at least two repos."""
    children: dict[int, set[str]] = defaultdict(set)
    for place in row.places:
        for copy in having.get((place.child, place.file), ()):
            children[copy].add(place.child)
    return min((copy for copy, of in children.items() if len(of) > 1), default=None)


def _place(row: Link, copies: set[_File]) -> tuple[float, ...]:
    """Return what puts a row before others that a copied file holds. Types are first, and those before others that
    both sides have besides the copies, or one of them; then in the order of the file, which begins with the basics.

    The score would put the basics last: what is all over a repo is less rare. It decides only among the others.
    """
    used = {place.child for place in row.places if (place.child, place.file) not in copies}
    lines = [place.line for place in row.places if (place.child, place.file) in copies]
    is_type = row.kind is Kind.SCHEMA
    return not is_type, 0.0 if is_type else -row.score, -len(used), min(lines)
