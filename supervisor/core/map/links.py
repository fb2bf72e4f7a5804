"""Join mentions in several repos into links, the rows of the map, best evidence first. Rare names score higher.

A link is a name that is in two or more repos. Its score depends on its kind, on whether one side provides what the
other uses, on how rare the name is, and on what else the same two files share.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from supervisor.core.map.drift import WORDS, plain_value
from supervisor.core.map.mention import stopwords
from supervisor.core.map.mention.fields import WIRE
from supervisor.core.map.mention.normalize import plain_name
from supervisor.core.map.mention.routes import MOUNT, STREAMS
from supervisor.core.map.occurrences import Occurrence, place_of, side_of
from supervisor.core.map.route_groups import route_groups
from supervisor.core.map.tools import is_tool
from supervisor.core.map.topics import PATH, absorbed, path_key
from supervisor.domain.link import Kind, Link, Mention, Place, Role

SHOWN_FROM = 0.2
"""The lowest score of a row."""

PLACES = 6
"""Places kept for each child of a link."""

_BASE = {
    Kind.PACKAGE: 0.85,
    Kind.SUBMODULE: 0.9,
    Kind.ROUTE: 0.9,
    Kind.TOPIC: 0.85,
    Kind.HEADER: 0.85,
    Kind.COOKIE: 0.8,
    Kind.SCHEMA: 0.8,
    Kind.FLAG: 0.8,
    Kind.TABLE: 0.75,
    Kind.ERROR: 0.65,
    Kind.ENV: 0.6,
    Kind.PORT: 0.55,
    Kind.KEY: 0.55,
    Kind.CONSTANT: 0.5,
    Kind.STATUS: 0.4,
    Kind.WORD: 0.4,
}
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UPPER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_PREFERENCE = (Kind.FLAG, Kind.COOKIE, Kind.ENV, Kind.TOPIC, Kind.ERROR, Kind.KEY, Kind.WORD)
"""If a word may be of two kinds equally well, the first one counts."""

_OF_TOOLS = 0.3
"""What is left of a row if nothing but the configuration of tools has its name in each child."""

_ONE_SIDED = frozenset({Kind.ROUTE, Kind.ERROR, Kind.PACKAGE})
"""Kinds for which an exact match counts even if neither place shows what the word is for."""


def join_key(mention: Mention) -> str:
    """Return the key of a mention: mentions with the same key may be the two sides of one link."""
    if mention.kind in (*WORDS, Kind.ENV) and _UPPER.fullmatch(mention.shown):
        return f"upper {mention.shown}"  # an error code, a variable or an event: the place may not show which
    if mention.kind in WORDS and "/" in mention.name:
        return path_key(mention.name)
    if mention.kind in WORDS:
        return f"word {plain_name(mention.name.replace('.', '').replace(':', ''))}"
    return f"{mention.kind} {mention.name}"


class Joined(NamedTuple):
    """The links, best first, and the routes that only one child has: each with all its occurrences."""

    links: tuple[Link, ...]
    alone: tuple[tuple[Occurrence, ...], ...]


def links(found: Iterable[Occurrence]) -> tuple[Link, ...]:
    """Return the links of `joined`."""
    return joined(found).links


def joined(found: Iterable[Occurrence]) -> Joined:
    """Join occurrences into links, best first. Ties are ordered by kind and name, so the order is stable."""
    groups: dict[str, list[Occurrence]] = defaultdict(list)
    routes: list[Occurrence] = []
    for occurrence in found:
        if occurrence.mention.kind is Kind.ROUTE:
            routes.append(occurrence)
        else:
            groups[occurrence.key].append(occurrence)
    _absorb_topics(groups)
    candidates: list[tuple[Link, list[Occurrence]]] = []
    by_route, unclaimed = route_groups(routes)
    for group in (*groups.values(), *by_route):
        link = _link(group)
        if link is not None:
            candidates.append((link, group))
    local = _locality(candidates)
    rows = [
        replace(link, score=round(min(1.0, link.score * local[number]), 3))
        for number, (link, _) in enumerate(candidates)
    ]
    rows = _without_duplicates([row for row in rows if row.score >= SHOWN_FROM])
    single = [group for group in by_route if len({occurrence.child for occurrence in group}) == 1]
    alone = tuple(map(tuple, (*single, *unclaimed)))
    return Joined(tuple(sorted(rows, key=lambda row: (-row.score, row.kind, row.name))), alone)


def _absorb_topics(groups: dict[str, list[Occurrence]]) -> None:
    """Add each topic of one child to the group of the pattern that another child has for it."""
    children = {
        key: frozenset(one.child for one in group)
        for key, group in groups.items()
        if key.startswith(f"{PATH} ") and any(one.mention.kind is Kind.TOPIC for one in group)
    }
    for key, pattern in absorbed(children).items():
        groups[pattern] += groups.pop(key)


def _link(group: Sequence[Occurrence]) -> Link | None:
    children = tuple(sorted({occurrence.child for occurrence in group}))
    if len(children) < 2:
        return None
    kind = _kind(group)
    strong = {occurrence.child for occurrence in group if not occurrence.mention.weak}
    if all(occurrence.mention.weak == 2 for occurrence in group) or (
        not strong and kind is not Kind.KEY and kind not in _ONE_SIDED
    ):
        return None
    if kind is Kind.TABLE and _owners(group) > 1:
        return None  # each has a database of its own
    name = _name(kind, group)
    wire = len({one.child for one in group if one.mention.detail == WIRE})
    if kind is Kind.KEY and wire < 2 and plain_name(name) in stopwords.KEYS:
        return None
    score = _BASE[kind] * _roles(kind, group) * _rarity(kind, group) * _specific(kind, name, group)
    score *= (
        1.0
        if len(strong) > 1 or kind in (Kind.ROUTE, Kind.PACKAGE)
        else 0.6
        if strong
        else 0.5
        if kind is Kind.ERROR
        else 0.35
    )
    score *= 1.0 + 0.15 * min(2, wire)
    score *= 1.8 if _UUID.fullmatch(name) else 1.0  # nobody has the same one by chance
    spellings = {occurrence.mention.shown for occurrence in group if occurrence.mention.shown}
    note, conflict = "", False
    if kind is Kind.CONSTANT:
        values = {
            child: {plain_value(occurrence.mention.detail) for occurrence in group if occurrence.child == child}
            for child in children
        }
        agreed = set.intersection(*values.values())
        conflict = not agreed
        if conflict:
            values_text = ", ".join(f"{child} {' or '.join(sorted(values[child]))}" for child in children)
            note = f"different values: {values_text}"
            numbers = {_is_number(value) for each in values.values() for value in each}
            conflict = len(numbers) == 1  # a number on one side and a text on the other are two things with one name
            score *= 1.5 if numbers == {True} else 0.8 if conflict else 0.5
    elif kind is Kind.ROUTE:
        note = ", ".join(sorted({STREAMS[one.mention.detail] for one in group if one.mention.detail in STREAMS}))
    elif kind in WORDS and len(spellings) > 1:
        note = "spelled " + ", ".join(sorted(spellings)[:4])
    for child in children:
        if all(occurrence.test for occurrence in group if occurrence.child == child):
            score *= 0.6
    if kind not in (Kind.PACKAGE, Kind.SUBMODULE) and all(is_tool(occurrence.file) for occurrence in group):
        score, conflict = score * _OF_TOOLS, False
    sides = tuple(side_of(child, [one for one in group if one.child == child]) for child in children)
    return Link(kind, name, score, children, _places(children, group), note, conflict, sides)


def _kind(group: Sequence[Occurrence]) -> Kind:
    votes: Counter[Kind] = Counter()
    for occurrence in group:
        mention = occurrence.mention
        weight = (1.0, 0.3, 0.1)[mention.weak] if mention.weak else 3.0 if mention.role is not Role.NAMES else 1.0
        weight *= 3.0 if mention.kind is Kind.ENV else 1.0  # nothing else reads the environment
        votes[mention.kind] += weight * (0.1 if mention.kind is Kind.WORD else 1.0)  # type: ignore[assignment]
    return max(votes, key=lambda kind: (votes[kind], -_PREFERENCE.index(kind) if kind in _PREFERENCE else 0, kind))


def _name(kind: Kind, group: Sequence[Occurrence]) -> str:
    """Return the name as it is written most often, preferably where it is provided."""
    if kind in (Kind.ROUTE, Kind.TOPIC, Kind.HEADER, Kind.TABLE, Kind.PORT, Kind.SUBMODULE, Kind.STATUS):
        own = [occurrence.mention for occurrence in group if occurrence.mention.kind is kind]
        provided = [mention for mention in own if mention.role is Role.PROVIDES]
        if kind is Kind.HEADER:
            return Counter(mention.shown.rstrip(": ") for mention in own if "-" in mention.shown).most_common(1)[0][0]
        names = Counter(mention.name for mention in provided or own)
        return max(names, key=lambda name: (len(name) if kind is Kind.ROUTE else names[name], name))
    shown = Counter(
        occurrence.mention.name
        if " " in occurrence.mention.name or kind is Kind.SCHEMA or _UUID.fullmatch(occurrence.mention.name)
        else occurrence.mention.shown
        for occurrence in group
        if occurrence.mention.kind is kind
    )
    return max(shown, key=lambda name: (shown[name], name))


def _roles(kind: Kind, group: Sequence[Occurrence]) -> float:
    provides = {occurrence.child for occurrence in group if occurrence.mention.role is Role.PROVIDES}
    uses = {occurrence.child for occurrence in group if occurrence.mention.role is Role.USES}
    if any(giver != taker for giver in provides for taker in uses):
        return 1.1
    if kind is Kind.ROUTE:
        return 0.95 if provides else 0.4 if len(uses) > 1 else 0.3
    if kind is Kind.SCHEMA:
        return 1.0 if provides else 0.0
    if kind in (Kind.PACKAGE, Kind.SUBMODULE, Kind.STATUS):
        return 0.0
    return 1.0 if provides or uses else 0.9


def _is_declared(group: Sequence[Occurrence]) -> bool:
    """Return whether a child has a package that the manifest of another one names: more than a folder and an import."""
    owners = {one.child for one in group if one.mention.role is Role.PROVIDES}
    takers = {one.child for one in group if one.mention.role is Role.USES and not one.mention.weak}
    return bool(owners) and bool(takers - owners)


def _owners(group: Sequence[Occurrence]) -> int:
    """Return how many children create a table."""
    return len({one.child for one in group if one.mention.role is Role.PROVIDES and not one.test})


def _rarity(kind: Kind, group: Sequence[Occurrence]) -> float:
    if kind is Kind.PACKAGE and _is_declared(group):
        return 1.0
    files = len({(occurrence.child, occurrence.file) for occurrence in group if not occurrence.test})
    return 1.0 / (1.0 + 0.06 * max(0, files - 2 * len({occurrence.child for occurrence in group})))


def _specific(kind: Kind, name: str, group: Sequence[Occurrence]) -> float:
    parts = [part for part in re.split(r"[_\-./:\s]+|(?<=[a-z0-9])(?=[A-Z])", name) if part and part != "{}"]
    if kind is Kind.ROUTE:
        if name in stopwords.ROUTES:
            return 0.3
        if all(occurrence.mention.detail == MOUNT for occurrence in group if occurrence.mention.role is Role.PROVIDES):
            return 0.5
        return 0.75 if len(parts) < 2 else 1.0 if len(parts) < 4 else 1.05
    if kind is Kind.ENV:
        return 0.7 if len(parts) < 2 else 1.0
    if kind is Kind.ERROR and " " in name:
        return min(1.1, 0.5 + 0.1 * len(parts))
    if kind in WORDS or kind is Kind.CONSTANT:
        if kind is Kind.KEY and plain_name(name) in stopwords.KEYS:
            return 0.5  # declared for the wire on both sides
        if name.lower() in stopwords.WORDS or plain_name(name) in stopwords.KEYS:
            return 0.3
        if kind is Kind.WORD and len(parts) > 5 and "." not in name:
            return 1.5  # two that are equal by chance are not as long
        return 0.45 if len(parts) < 2 else 0.9 if len(parts) < 3 else 1.0
    if kind is Kind.TABLE:
        return 0.7 if len(name) < 5 else 0.9
    return 1.0


def _locality(candidates: Sequence[tuple[Link, list[Occurrence]]]) -> list[float]:
    """Return a factor for each link: it proves more if the same two files share other things, too."""
    pairs: Counter[tuple[str, str]] = Counter()
    mine: list[set[tuple[str, str]]] = []
    for link, group in candidates:
        files = sorted({(occurrence.child, occurrence.file) for occurrence in group})[:40]
        own = {
            (f"{a[0]}/{a[1]}", f"{b[0]}/{b[1]}") for n, a in enumerate(files) for b in files[n + 1 :] if a[0] != b[0]
        }
        mine.append(own)
        if link.score > 0.25:
            pairs.update(own)
    return [1.0 + 0.05 * min(6, max((pairs[pair] for pair in own), default=1) - 1) if own else 1.0 for own in mine]


def _without_duplicates(rows: Sequence[Link]) -> list[Link]:
    """Drop constants that only hold a topic (or another name) with a row of its own, unless their values differ."""
    values = {row.name for row in rows if row.kind is not Kind.CONSTANT}
    values |= {place.shown for row in rows if row.kind is not Kind.CONSTANT for place in row.places}
    kept = []
    for row in rows:
        if row.kind is Kind.CONSTANT and not row.conflict and any(place.detail in values for place in row.places):
            continue
        kept.append(row)
    return kept


def _places(children: Sequence[str], group: Sequence[Occurrence]) -> tuple[Place, ...]:
    rank = {Role.PROVIDES: 0, Role.USES: 1, Role.NAMES: 2}
    places: list[Place] = []
    for child in children:
        own = [occurrence for occurrence in group if occurrence.child == child]
        own.sort(
            key=lambda occurrence: (
                occurrence.mention.weak,
                occurrence.test,
                rank[occurrence.mention.role],
                occurrence.file,
                occurrence.mention.line,
            )
        )
        places += map(place_of, own[:PLACES])
    return tuple(places)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[\d.]+", value) is not None
