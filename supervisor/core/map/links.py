"""seams: mentions in several repos -> the rows of the map, best evidence first. Favours the rare over the common.

A seam is a name that stands in two repos. How much it proves depends on what it is, on whether one side provides what
the other uses, on how rare the name is, and on what else the same two files share.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from supervisor.core.map import stopwords
from supervisor.core.map.normalize import plain_name
from supervisor.core.map.routes import MOUNT
from supervisor.domain.link import Kind, Link, Mention, Place, Role

SHOWN_FROM = 0.2
"""The score from which a seam is worth a row."""

PLACES = 6
"""Places kept for each child of a seam."""

_WORDS = frozenset({Kind.TOPIC, Kind.FLAG, Kind.COOKIE, Kind.ERROR, Kind.KEY, Kind.WORD})
"""Kinds told apart by what stands around a word, which may say nothing on one side: joined whatever kind they are."""

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
    Kind.WORD: 0.4,
}
_VERSION = re.compile(r"v\d+")
_UPPER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_TELLING = (Kind.FLAG, Kind.COOKIE, Kind.ENV, Kind.TOPIC, Kind.ERROR, Kind.KEY, Kind.WORD)
"""Of two kinds that a word may be with as much right, the first."""

_ONE_SIDED = frozenset({Kind.ROUTE, Kind.ERROR, Kind.PACKAGE})
"""Kinds in which an exact match proves something even if neither place says what the word is for."""


class Occurrence(NamedTuple):
    """A mention, the key that it is joined by, and the file that it stands in."""

    joined: str
    child: str
    file: str
    test: bool
    mention: Mention


def join_key(mention: Mention) -> str:
    """Mentions with the same key may be the two sides of one seam."""
    if mention.kind in (*_WORDS, Kind.ENV) and _UPPER.fullmatch(mention.shown):
        return f"upper {mention.shown}"  # an error code, a variable, an event: the place may not tell which
    if mention.kind in _WORDS:
        return f"word {plain_name(mention.name.replace('.', '').replace(':', ''))}"
    return f"{mention.kind} {mention.name}"


def links(found: Iterable[Occurrence]) -> tuple[Link, ...]:
    """The seams between the repos of `found`, best first. Ties are broken by kind and name, so the order is stable."""
    groups: dict[str, list[Occurrence]] = defaultdict(list)
    routes: list[Occurrence] = []
    for one in found:
        if one.mention.kind is Kind.ROUTE:
            routes.append(one)
        else:
            groups[one.joined].append(one)
    rough: list[tuple[Link, list[Occurrence]]] = []
    for group in (*groups.values(), *_route_groups(routes)):
        link = _link(group)
        if link is not None:
            rough.append((link, group))
    local = _locality(rough)
    rows = [
        replace(link, score=round(min(1.0, link.score * local[number]), 3)) for number, (link, _) in enumerate(rough)
    ]
    rows = _without_echoes([row for row in rows if row.score >= SHOWN_FROM])
    return tuple(sorted(rows, key=lambda row: (-row.score, row.kind, row.name)))


def _link(group: Sequence[Occurrence]) -> Link | None:
    children = tuple(sorted({one.child for one in group}))
    if len(children) < 2:
        return None
    kind = _kind(group)
    strong = {one.child for one in group if not one.mention.weak}
    if all(one.mention.weak == 2 for one in group) or (not strong and kind is not Kind.KEY and kind not in _ONE_SIDED):
        return None
    name = _name(kind, group)
    score = _BASE[kind] * _roles(kind, group) * _rarity(group) * _specific(kind, name, group)
    score *= (
        1.0
        if len(strong) > 1 or kind in (Kind.ROUTE, Kind.PACKAGE)
        else 0.6
        if strong
        else 0.5
        if kind is Kind.ERROR
        else 0.35
    )
    spellings = {one.mention.shown for one in group if one.mention.shown}
    note, conflict = "", False
    if kind is Kind.CONSTANT:
        values = {child: {_value(one.mention.detail) for one in group if one.child == child} for child in children}
        agreed = set.intersection(*values.values())
        conflict = not agreed
        if conflict:
            told = ", ".join(f"{child} {' or '.join(sorted(values[child]))}" for child in children)
            note = f"different values: {told}"
            numbers = {_is_number(value) for each in values.values() for value in each}
            conflict = len(numbers) == 1  # a number here and a text there are two things of one name
            score *= 1.5 if numbers == {True} else 0.8 if conflict else 0.5
    elif kind in _WORDS and len(spellings) > 1:
        note = "spelled " + ", ".join(sorted(spellings)[:4])
    for child in children:
        if all(one.test for one in group if one.child == child):
            score *= 0.6
    return Link(kind, name, score, children, _places(children, group), note, conflict)


def _kind(group: Sequence[Occurrence]) -> Kind:
    votes: Counter[Kind] = Counter()
    for one in group:
        mention = one.mention
        weight = (1.0, 0.3, 0.1)[mention.weak] if mention.weak else 3.0 if mention.role is not Role.NAMES else 1.0
        weight *= 3.0 if mention.kind is Kind.ENV else 1.0  # nothing else looks like reading the environment
        votes[mention.kind] += weight * (0.1 if mention.kind is Kind.WORD else 1.0)  # type: ignore[assignment]
    return max(votes, key=lambda kind: (votes[kind], -_TELLING.index(kind) if kind in _TELLING else 0, kind))


def _name(kind: Kind, group: Sequence[Occurrence]) -> str:
    """As it is written: most often, and where it is provided rather than used."""
    if kind in (Kind.ROUTE, Kind.TOPIC, Kind.HEADER, Kind.TABLE, Kind.PORT, Kind.SUBMODULE):
        own = [one.mention for one in group if one.mention.kind is kind]
        provided = [mention for mention in own if mention.role is Role.PROVIDES]
        if kind is Kind.HEADER:
            return Counter(mention.shown.rstrip(": ") for mention in own if "-" in mention.shown).most_common(1)[0][0]
        names = Counter(mention.name for mention in provided or own)
        return max(names, key=lambda name: (len(name) if kind is Kind.ROUTE else names[name], name))
    shown = Counter(
        one.mention.name if " " in one.mention.name else one.mention.shown for one in group if one.mention.kind is kind
    )
    return max(shown, key=lambda name: (shown[name], name))


def _roles(kind: Kind, group: Sequence[Occurrence]) -> float:
    provides = {one.child for one in group if one.mention.role is Role.PROVIDES}
    uses = {one.child for one in group if one.mention.role is Role.USES}
    if any(giver != taker for giver in provides for taker in uses):
        return 1.1
    if kind is Kind.ROUTE:
        return 0.95 if provides else 0.4 if len(uses) > 1 else 0.3
    if kind is Kind.SCHEMA:
        return 1.0 if provides else 0.0
    if kind in (Kind.PACKAGE, Kind.SUBMODULE):
        return 0.0
    return 1.0 if provides or uses else 0.9


def _rarity(group: Sequence[Occurrence]) -> float:
    files = len({(one.child, one.file) for one in group})
    return 1.0 / (1.0 + 0.06 * max(0, files - 2 * len({one.child for one in group})))


def _specific(kind: Kind, name: str, group: Sequence[Occurrence]) -> float:
    parts = [part for part in re.split(r"[_\-./:\s]+|(?<=[a-z0-9])(?=[A-Z])", name) if part and part != "{}"]
    if kind is Kind.ROUTE:
        if name in stopwords.ROUTES:
            return 0.3
        if all(one.mention.detail == MOUNT for one in group if one.mention.role is Role.PROVIDES):
            return 0.5
        return 0.75 if len(parts) < 2 else 1.0 if len(parts) < 4 else 1.05
    if kind is Kind.ENV:
        return 0.7 if len(parts) < 2 else 1.0
    if kind is Kind.ERROR and " " in name:
        return min(1.1, 0.5 + 0.1 * len(parts))
    if kind in _WORDS or kind is Kind.CONSTANT:
        if name.lower() in stopwords.WORDS or plain_name(name) in stopwords.KEYS:
            return 0.3
        return 0.45 if len(parts) < 2 else 0.9 if len(parts) < 3 else 1.0
    if kind is Kind.TABLE:
        return 0.7 if len(name) < 5 else 0.9
    return 1.0


def _locality(rough: Sequence[tuple[Link, list[Occurrence]]]) -> list[float]:
    """For each seam, how much more it proves because the same two files share other things."""
    pairs: Counter[tuple[str, str]] = Counter()
    mine: list[set[tuple[str, str]]] = []
    for link, group in rough:
        files = sorted({(one.child, one.file) for one in group})[:40]
        own = {
            (f"{a[0]}/{a[1]}", f"{b[0]}/{b[1]}") for n, a in enumerate(files) for b in files[n + 1 :] if a[0] != b[0]
        }
        mine.append(own)
        if link.score > 0.25:
            pairs.update(own)
    return [1.0 + 0.05 * min(6, max((pairs[pair] for pair in own), default=1) - 1) if own else 1.0 for own in mine]


def _without_echoes(rows: Sequence[Link]) -> list[Link]:
    """A constant that holds a topic which has a row of its own says nothing new, unless its values differ."""
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
    places = []
    for child in children:
        own = [one for one in group if one.child == child]
        own.sort(key=lambda one: (one.mention.weak, one.test, rank[one.mention.role], one.file, one.mention.line))
        places += [
            Place(child, one.file, one.mention.line, one.mention.role, one.mention.shown, one.mention.detail)
            for one in own[:PLACES]
        ]
    return tuple(places)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[\d.]+", value) is not None


def _value(text: str) -> str:
    bare = re.sub(r"(?<=\d)[uUlLfF]+$", "", text.replace("_", ""))
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", bare):
        return str(int(bare, 16))
    return str(float(bare)).removesuffix(".0") if re.fullmatch(r"\d+(\.\d+)?", bare) else text


# ── routes ───────────────────────────────────────────────────────────────────────────────────────


def _route_groups(routes: Sequence[Occurrence]) -> list[list[Occurrence]]:
    """Routes that are the same one: equal but for holes, or a caller's that ends in a server's.

    A server may put its routes below others, in a file of its own (`MOUNT`): a caller's decides which.
    """
    mounts: dict[str, set[str]] = defaultdict(set)
    by_name: dict[str, list[Occurrence]] = defaultdict(list)
    for one in routes:
        if one.mention.detail == MOUNT:
            mounts[one.child].add(one.mention.name)
        by_name[one.mention.name].append(one)
    served: dict[str, list[tuple[str, str, str]]] = defaultdict(list)  # by its last word: whole name, own name, child
    for name, group in by_name.items():
        for child in {one.child for one in group if one.mention.role is Role.PROVIDES}:
            wholes = {name, *(f"{above}{name}" for above in mounts[child] if not name.startswith(above))}
            for whole in wholes:
                served[_anchor(whole)].append((whole, name, child))
    groups: dict[tuple[str, str], list[Occurrence]] = defaultdict(list)
    taken: set[tuple[str, str, str]] = set()  # own name, child, whole name: what callers found
    for name, group in by_name.items():
        for child in {one.child for one in group}:
            own = [one for one in group if one.child == child]
            if any(one.mention.role is Role.PROVIDES for one in own):
                continue
            best = max(
                (
                    (_fit(name, whole), whole, known, server)
                    for anchor in _anchors(name)
                    for whole, known, server in served[anchor]
                    if server != child
                ),
                key=lambda fit: (fit[0], len(fit[1]), fit[1]),
                default=(0, "", "", ""),
            )
            if best[0]:
                taken.add((best[2], best[3], best[1]))
                groups[best[1], best[3]] += own
            else:
                groups[name, ""] += own
    for known, server, whole in taken:
        groups[whole, server] += [_named(one, whole) for one in by_name[known] if one.child == server]
    return list(groups.values())


def _named(one: Occurrence, whole: str) -> Occurrence:
    return one._replace(mention=one.mention._replace(name=whole))


def _anchor(name: str) -> str:
    """The last segment that is a word: what two forms of a route have in common."""
    words = [part for part in name.split("/") if part and "{}" not in part]
    return words[-1] if words else ""


def _anchors(name: str) -> set[str]:
    """Those of a caller, whose last word may be an id that a hole of the server's holds."""
    above, _, last = name.rpartition("/")
    return {_anchor(name), _anchor(above)} if _holds("{}", last) else {_anchor(name)}


def _fit(name: str, served: str) -> int:
    """How well a route fits one that is served: 4 equal, 3 but for what holes hold, 2 one ends in the other, 0 not."""
    if name == served:
        return 4
    mine, theirs = name.strip("/").split("/"), served.strip("/").split("/")
    shorter = min(len(mine), len(theirs))
    tail = list(zip(mine[-shorter:], theirs[-shorter:], strict=True))
    if not all(a == b or (("{}" in (a, b)) and _holds(a, b)) for a, b in tail):
        return 0
    if len(mine) == len(theirs):
        return 3
    words = [a for a, b in tail if a == b and "{}" not in a and (len(a) > 2 or _VERSION.fullmatch(a))]
    telling = len(words) == 1 and len(words[0]) > 5 and not {name, served} & stopwords.ROUTES
    return 2 if len(words) > 1 or telling else 0


def _holds(a: str, b: str) -> bool:
    """Whether a hole may stand for the other one: for an id, rather than for a word like `status`."""
    concrete = b if a == "{}" else a
    return concrete == "{}" or re.search(r"\d|^[a-z]+-\w+$", concrete) is not None
