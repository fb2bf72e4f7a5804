"""Link commits of several repos that belong together: they name one ticket, or brought in the same names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations, product

from supervisor.core.text.words import literal_of, texts_of, words_of
from supervisor.domain.link import Kind, Link, Place, Role
from supervisor.domain.repo.git import ANYWHERE, Commit, Revision, Spot
from supervisor.regex import regex

OWN_TICKET = regex(r"[A-Z][A-Z0-9]+-\d+")
"""A ticket id that means the same in every repo. `#12` means another ticket in each."""

FEW = 12  # commits that name one ticket; a name that more commits share is just a word
LIKELY = 0.1
"""The lowest score of a link whose commits are looked for: that of all rows of the map."""

NEAR = timedelta(days=60)
"""The time within which the first uses of a name in two repos are taken for those of one thing. If they are further
apart, the name may have meant something else first, and the commits that brought it to its places count, too."""

MOST = 200
"""Pairs of commits of one pair of children that are rows of the map."""

NAMED = 3  # shared names in the name of a row


_WHOLE = (Kind.COMMIT, Kind.COPY, Kind.SUBMODULE)
"""Kinds of rows that concern no name in a source."""

_COMPOUND = regex(r"[A-Za-z][a-z0-9]+([A-Z][a-z0-9]+)+|[A-Za-z0-9]+([_-][A-Za-z0-9]+)+")
"""A single name of several words."""

_Side = tuple[str, Revision]  # a child, and a commit of it


def related(history: Mapping[str, Sequence[Commit]]) -> Iterator[Link]:
    """Yield the commits of several repos that name one ticket. `history`: commits by child."""
    by_ticket: dict[str, list[tuple[str, Commit]]] = defaultdict(list)
    for child, commits in history.items():
        for commit in commits:
            for ticket in set(filter(OWN_TICKET.fullmatch, commit.tickets)):
                by_ticket[ticket].append((child, commit))
    for ticket, group in sorted(by_ticket.items()):
        children = tuple(sorted({child for child, _ in group}))
        if len(children) > 1 and len(group) <= FEW:
            yield _link(
                ticket, 0.62, children, [(child, one.oid, one.subject) for child, one in group], "the same ticket"
            )


def origin_spots(links: Iterable[Link]) -> dict[str, frozenset[Spot]]:
    """Return what `introduced_by` needs the origins of, by child."""
    found: dict[str, set[Spot]] = defaultdict(set)
    for link in filter(_has_origin, links):
        for place in link.places:
            found[place.child] |= set(product((ANYWHERE, place.file), texts_of(place.shown)))
    return {child: frozenset(spots) for child, spots in found.items()}


def introduced_by(links: Iterable[Link], origins: Mapping[str, Mapping[Spot, Revision]]) -> Iterator[Link]:
    """Yield the pairs of commits that brought the same names into two repos, at whatever time and by whomever.

    `origins`: by child, file and text, the commit that brought the text in. A name such as `auto_tags` came with its
    first use, quoted or not; any other that stands in quotes with that text, and the rest with the last of their words.
    """
    shared: dict[tuple[_Side, _Side], list[Link]] = defaultdict(list)
    for link in filter(_has_origin, links):
        came = {name: _came(link, name, origins.get(name, {})) for name in link.children}
        for one, other in combinations(link.children, 2):
            if nearest := _nearest(came[one], came[other]):
                shared[(one, nearest[0]), (other, nearest[1])].append(link)
    partners = Counter(side for pair in shared for side in pair)
    rows: dict[tuple[str, ...], list[Link]] = defaultdict(list)
    for pair, names in shared.items():
        row = _pair(*pair, names, max(partners[side] for side in pair))
        rows[row.children].append(row)
    for found in rows.values():
        yield from sorted(found, key=lambda row: (-row.score, row.name))[:MOST]


def _nearest(one: Sequence[Revision], other: Sequence[Revision]) -> tuple[Revision, Revision] | None:
    """Return the two first commits if they are near each other; otherwise those that are the nearest."""
    pairs = [(a, b) for a, b in product(one, other) if not (a.initial or b.initial)]
    if one and other and pairs and pairs[0] == (one[0], other[0]) and abs(one[0].at - other[0].at) <= NEAR:
        return pairs[0]
    return min(pairs, key=lambda pair: abs(pair[0].at - pair[1].at), default=None)


def _pair(one: _Side, other: _Side, shared: Sequence[Link], partners: int) -> Link:
    """Return the row for two commits. It proves less if one of them goes with many `partners`: it brought in much."""
    score = min(0.6, (0.25 + 0.1 * sum(link.score for link in shared)) / (1.0 + 0.1 * (partners - 1)))
    names = list(dict.fromkeys(link.name for link in shared))
    name = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    days = abs((one[1].at - other[1].at).days)
    when = "on one day" if days == 0 else "one day apart" if days == 1 else f"{days} days apart"
    group = [(child, revision.oid, revision.subject) for child, revision in (one, other)]
    return _link(name, round(score, 3), (one[0], other[0]), group, f"both brought it in, {when}")


def _has_origin(link: Link) -> bool:
    return link.kind not in _WHOLE and link.score >= LIKELY


def _came(link: Link, child: str, known: Mapping[Spot, Revision]) -> tuple[Revision, ...]:
    """Return the commits that brought the name of a link into a child, and to its places there, oldest first.

    Empty if none is known.
    """
    places = [place for place in link.places if place.child == child]
    found = {came for place in places for file in (ANYWHERE, place.file) if (came := _origin(place.shown, file, known))}
    return tuple(sorted(found, key=_age))


def _origin(shown: str, file: str, known: Mapping[Spot, Revision]) -> Revision | None:
    quoted = (file, literal_of(shown)) in known and _COMPOUND.fullmatch(shown) is None
    needed = [(file, text) for text in ((literal_of(shown),) if quoted else words_of(shown))]
    return max((known[one] for one in needed), key=_age) if needed and known.keys() >= set(needed) else None


def _age(revision: Revision) -> tuple[datetime, str]:
    return revision.at, revision.oid


def _link(name: str, score: float, children: tuple[str, ...], group: Sequence[tuple[str, str, str]], note: str) -> Link:
    places = tuple(Place(child, oid[:12], 0, Role.NAMES, subject) for child, oid, subject in group[:FEW])
    return Link(Kind.COMMIT, name, score, children, places, note)
