"""Join mentions in several repos into links, the rows of the map, best evidence first. Rare names score higher.

A link is a name that is in two or more repos. Its score depends on its kind, on whether one side provides what the
other uses, on how rare the name is, and on what else the same two files share.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log
from typing import NamedTuple

from msgspec.structs import replace

from supervisor.core.map.drift import WORDS, plain_value
from supervisor.core.map.mention import stopwords
from supervisor.core.map.mention.classify import BLUETOOTH
from supervisor.core.map.mention.fields import WIRE
from supervisor.core.map.mention.normalize import plain_name
from supervisor.core.map.mention.routes import LINK, MOUNT, STREAMS
from supervisor.core.map.occurrences import Occurrence, companions, place_of, side_of
from supervisor.core.map.route_groups import route_groups
from supervisor.core.map.tools import is_apart, is_tool, pages
from supervisor.core.map.topics import PATH, absorbed, path_key
from supervisor.core.map.weights import WEIGHTS, Evidence, weigh
from supervisor.domain.link import Kind, Link, Mention, Place, Role
from supervisor.regex import regex

SHOWN_FROM = 0.2
"""The lowest score of a row."""

DECLARED_FROM = 0.1
"""The same for what both sides declare for the wire: a field `favorite` is sent also if many files use the word."""

PLACES = 6
"""Places kept for each child of a link."""

_UUID = regex(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UPPER = regex(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_PARTS = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PREFERENCE = (Kind.FLAG, Kind.COOKIE, Kind.ENV, Kind.TOPIC, Kind.ERROR, Kind.KEY, Kind.WORD)
"""If a word may be of two kinds equally well, the first one counts."""

_PLAIN = frozenset(("one word", "common name", "common name, declared"))
"""Pieces of evidence that a name is a plain word."""

_OF_DATA = frozenset((*WORDS, Kind.CONSTANT))
"""Kinds of names that one side sends and the other receives."""

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
    evidence: tuple[Evidence, ...]  # of each link


def links(found: Iterable[Occurrence]) -> tuple[Link, ...]:
    """Return the links of `joined`."""
    return joined(found).links


def joined(found: Iterable[Occurrence], weights: Mapping[str, float] = WEIGHTS) -> Joined:
    """Join occurrences into links, best first. Ties are ordered by kind and name, so the order is stable."""
    groups: dict[str, list[Occurrence]] = defaultdict(list)
    routes: list[Occurrence] = []
    for occurrence in found:
        if occurrence.mention.kind is Kind.ROUTE:
            routes.append(occurrence)
        else:
            groups[occurrence.key].append(occurrence)
    _absorb_topics(groups)
    candidates: list[_Candidate] = []
    by_route, unclaimed = route_groups(routes)
    is_page = pages(routes)
    for group in (*groups.values(), *by_route):
        found_here = _link(group, weights)
        if found_here is not None:
            candidates.append(_Candidate(*found_here, group))
    sets = companions(one.group for one in candidates)
    for one, company, others in zip(candidates, _company(candidates), sets, strict=True):
        one.evidence["company"] = company
        one.evidence["only in the pages of a server"] = one.link.kind in _OF_DATA and _is_apart_from(one, is_page)
        wire = one.evidence["declared for the wire"]
        if others and wire < 2 and _PLAIN & one.evidence.keys():
            one.evidence["one of a declared set" if wire else "one of a set"] = others
    scored = [
        (replace(link, score=round(min(1.0, weigh(evidence, weights)), 3)), evidence)
        for link, evidence, _ in candidates
    ]
    rows = _without_duplicates([one for one in scored if _is_shown(*one)])
    rows.sort(key=lambda one: (-one[0].score, one[0].kind, one[0].name))
    single = [group for group in by_route if len({occurrence.child for occurrence in group}) == 1]
    alone = tuple(tuple(group) for group in (*single, *unclaimed) if group[0].mention.detail != LINK)
    return Joined(tuple(row for row, _ in rows), alone, tuple(evidence for _, evidence in rows))


def _is_shown(link: Link, evidence: Evidence) -> bool:
    return link.score >= (DECLARED_FROM if evidence["declared for the wire"] > 1 else SHOWN_FROM)


class _Candidate(NamedTuple):
    link: Link
    evidence: Evidence
    group: list[Occurrence]


def _is_apart_from(one: _Candidate, is_page: Callable[[Occurrence], bool]) -> bool:
    """Return whether a child has a name only in pages that it serves itself."""
    named = {occurrence.child for occurrence in one.group if not occurrence.test}
    return bool(named - {it.child for it in one.group if not it.test and not is_page(it)})


def _absorb_topics(groups: dict[str, list[Occurrence]]) -> None:
    """Add each topic of one child to the group of the pattern that another child has for it."""
    children = {
        key: frozenset(one.child for one in group)
        for key, group in groups.items()
        if key.startswith(f"{PATH} ") and any(one.mention.kind is Kind.TOPIC for one in group)
    }
    for key, pattern in absorbed(children).items():
        groups[pattern] += groups.pop(key)


def _link(group: Sequence[Occurrence], weights: Mapping[str, float]) -> tuple[Link, Evidence] | None:
    """Return the link that occurrences make, with what speaks for it in itself; None if they make none."""
    children = tuple(sorted({occurrence.child for occurrence in group}))
    if len(children) < 2:
        return None
    kind = _kind(group)
    strong = {occurrence.child for occurrence in group if not occurrence.mention.weak}
    if all(occurrence.mention.weak == 2 for occurrence in group) or (
        not strong and kind is not Kind.KEY and kind not in _ONE_SIDED
    ):
        return None
    if kind is Kind.PACKAGE and not _of_one_kind(group):
        return None  # a package of Python, and one of Dart that has the same name
    if kind is Kind.TABLE and _owners(group) > 1:
        return None  # each has a database of its own
    name = _name(kind, group)
    wire = len({one.child for one in group if one.mention.detail == WIRE})
    if kind is Kind.KEY and wire < 2 and plain_name(name) in stopwords.KEYS:
        return None
    roles = _roles(kind, group)
    if roles is None:
        return None
    evidence: Evidence = {str(kind): 1, "declared for the wire": min(2, wire), **_specific(kind, name, group)}
    evidence |= {name: 1 for name in (roles, _strength(kind, strong)) if name}
    evidence["many files"] = _spread(kind, group)
    if kind is Kind.KEY and not wire:
        evidence["never declared for the wire"] = 1
        evidence["made of common words"] = _is_common(name)
    note, conflict = "", False
    if kind is Kind.CONSTANT:
        note, conflict, how = _values(children, group)
        evidence |= {how: 1} if how else {}
    elif kind is Kind.PACKAGE and not _is_declared(group):
        evidence["package that nobody declares"] = 1  # a folder of that name may be another thing
    elif kind is Kind.ENV and len({one.child for one in group if one.mention.kind is kind}) < 2:
        evidence["variable of one side"] = 1  # of the other one it may be a macro, or a constant
    elif kind is Kind.ENV and not any(one.mention.role is Role.USES and not is_tool(one.file) for one in group):
        evidence["variable that nobody reads"] = 1  # it may be of an image that both start
    elif kind is Kind.ROUTE:
        deep = {one.mention.role for one in group if one.mention.detail == LINK}
        if deep and deep != {Role.PROVIDES, Role.USES}:
            return None  # an address that opens nobody's app here, or that nobody opens
        streams = {STREAMS[one.mention.detail] for one in group if one.mention.detail in STREAMS}
        note = "deep link" if deep else ", ".join(sorted(streams))
    elif kind in WORDS:
        spellings = {occurrence.mention.shown for occurrence in group if occurrence.mention.shown}
        note = "spelled " + ", ".join(sorted(spellings)[:4]) if len(spellings) > 1 else ""
    evidence["tests only"] = sum(all(one.test for one in group if one.child == child) for child in children)
    telling = [one.file for one in group if one.mention.kind is kind]  # another may be any word, as a macro of C is
    own = {one.child for one in group if not is_apart(one.file)}
    evidence["library only"] = len(children) - len(own)
    if _UUID.fullmatch(name) and len(own) == len(children):  # nobody has it by chance, but libraries have many
        evidence["assigned uuid" if name.endswith(BLUETOOTH) else "uuid"] = 1
    if kind not in (Kind.PACKAGE, Kind.SUBMODULE) and all(map(is_tool, telling)):
        if kind in WORDS:
            return None
        evidence["tools only"], conflict = 1, False
    sides = tuple(side_of(child, [one for one in group if one.child == child]) for child in children)
    places, score = _places(children, group), weigh(evidence, weights)
    return Link(kind, name, score, children, places, note, conflict, sides), evidence


def _values(children: Sequence[str], group: Sequence[Occurrence]) -> tuple[str, bool, str]:
    """Return a note on the values of a constant, whether they disagree, and what that is evidence of."""
    values = {
        child: {plain_value(occurrence.mention.detail) for occurrence in group if occurrence.child == child}
        for child in children
    }
    if set.intersection(*values.values()):
        return "", False, ""
    listed = ", ".join(f"{child} {' or '.join(sorted(values[child]))}" for child in children)
    numbers = {_is_number(value) for each in values.values() for value in each}
    how = "two numbers" if numbers == {True} else "two texts" if numbers == {False} else "a number and a text"
    return f"different values: {listed}", len(numbers) == 1, how


def _strength(kind: Kind, strong: set[str]) -> str:
    """Return how many sides are sure of what the name is, if too few are."""
    if len(strong) > 1 or kind in (Kind.ROUTE, Kind.PACKAGE):
        return ""
    if strong:
        return "sure on one side"
    return "message, sure on no side" if kind is Kind.ERROR else "sure on no side"


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


def _roles(kind: Kind, group: Sequence[Occurrence]) -> str | None:
    """Return what the roles of the sides are evidence of; None if there is no link without others."""
    provides = {occurrence.child for occurrence in group if occurrence.mention.role is Role.PROVIDES}
    uses = {occurrence.child for occurrence in group if occurrence.mention.role is Role.USES}
    if any(giver != taker for giver in provides for taker in uses):
        return "a provider and a user"
    if kind is Kind.ROUTE:
        one_side = "route that two call" if len(uses) > 1 else "route that nobody serves"
        return "route that nobody calls" if provides else one_side
    if kind is Kind.SCHEMA:
        return "one side shows its role" if provides else None
    if kind in (Kind.PACKAGE, Kind.SUBMODULE, Kind.STATUS):
        return None
    return "one side shows its role" if provides or uses else "no side shows its role"


def _is_declared(group: Sequence[Occurrence]) -> bool:
    """Return whether a child has a package that the manifest of another one names: more than a folder and an import."""
    owners = {one.child for one in group if one.mention.role is Role.PROVIDES}
    takers = {one.child for one in group if one.mention.role is Role.USES and not one.mention.weak}
    return bool(owners) and bool(takers - owners)


_ECOSYSTEMS = {
    "python": regex(r"\.pyi?$|(^|/)(pyproject\.toml|setup\.cfg|requirements[^/]*\.txt|Pipfile)$"),
    "node": regex(r"\.[mc]?[jt]sx?$|\.(vue|svelte)$|(^|/)package\.json$"),
    "dart": regex(r"\.dart$|(^|/)pubspec\.yaml$"),
    "rust": regex(r"\.rs$|(^|/)Cargo\.toml$"),
    "go": regex(r"\.go$|(^|/)go\.mod$"),
    "php": regex(r"\.php$|(^|/)composer\.json$"),
    "ruby": regex(r"\.(rb|gemspec)$|(^|/)Gemfile$"),
}


def _of_one_kind(group: Sequence[Occurrence]) -> bool:
    """Return whether another child than its owner may use a package: a file of its language names it, or a script."""
    of = {id(one): next((name for name, file in _ECOSYSTEMS.items() if file.search(one.file)), "") for one in group}
    owners = [one for one in group if one.mention.role is Role.PROVIDES]
    return not owners or any(
        one.child != owner.child and (of[id(one)] == of[id(owner)] or "" in (of[id(one)], of[id(owner)]))
        for owner in owners
        for one in group
    )


def _owners(group: Sequence[Occurrence]) -> int:
    """Return how many children create a table."""
    return len({one.child for one in group if one.mention.role is Role.PROVIDES and not one.test})


def _spread(kind: Kind, group: Sequence[Occurrence]) -> float:
    """Return the logarithm of how common a name is: it is in many files, tests aside."""
    if kind is Kind.PACKAGE and _is_declared(group):
        return 0.0
    files = len({(occurrence.child, occurrence.file) for occurrence in group if not occurrence.test})
    return log(1.0 + 0.06 * max(0, files - 2 * len({occurrence.child for occurrence in group})))


def _specific(kind: Kind, name: str, group: Sequence[Occurrence]) -> Evidence:
    """Return what the form of a name is evidence of."""
    parts = [part for part in re.split(r"[_\-./:\s]+|(?<=[a-z0-9])(?=[A-Z])", name) if part and part != "{}"]
    if kind is Kind.ERROR and " " in name:
        return {"words of a message": log(min(1.1, 0.5 + 0.1 * len(parts)))}
    form = ""
    if kind is Kind.ROUTE:
        served = [occurrence.mention.detail for occurrence in group if occurrence.mention.role is Role.PROVIDES]
        form = "route of one word" if len(parts) < 2 else "" if len(parts) < 4 else "route of four words"
        form = "route of a mount" if all(detail == MOUNT for detail in served) else form
        form = "common route" if name in stopwords.ROUTES or not parts else form
    elif kind is Kind.ENV:
        form = "variable of one word" if len(parts) < 2 else ""
    elif kind in WORDS or kind is Kind.CONSTANT:
        form = "one word" if len(parts) < 2 else "two words" if len(parts) < 3 else ""
        if kind is Kind.WORD and len(parts) > 5 and "." not in name and not _UUID.fullmatch(name):
            form = "long name"  # two that are equal by chance are not as long
        if name.lower() in stopwords.WORDS or plain_name(name) in stopwords.KEYS:
            form = "common name, declared" if kind is Kind.KEY else "common name"
    elif kind is Kind.TABLE:
        form = "short table" if len(name) < 5 else "long table"
    return {form: 1} if form else {}


def _is_common(name: str) -> bool:
    """Return whether a name of several words is made of common ones only: `errorMessage`, `old_url`."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    return len(parts) > 1 and all(part in stopwords.KEYS or part in stopwords.ADJECTIVES for part in parts)


def _company(candidates: Sequence[_Candidate]) -> list[float]:
    """Return how much each link gains by others: it proves more if the same two files share other things, too."""
    pairs: Counter[tuple[str, str]] = Counter()
    mine: list[set[tuple[str, str]]] = []
    for link, _, group in candidates:
        files = sorted({(occurrence.child, occurrence.file) for occurrence in group})[:40]
        own = {
            (f"{a[0]}/{a[1]}", f"{b[0]}/{b[1]}") for n, a in enumerate(files) for b in files[n + 1 :] if a[0] != b[0]
        }
        mine.append(own)
        if link.score > 0.25:
            pairs.update(own)
    return [log(1.0 + 0.05 * min(6, max((pairs[pair] for pair in own), default=1) - 1)) if own else 0.0 for own in mine]


def _without_duplicates(found: Sequence[tuple[Link, Evidence]]) -> list[tuple[Link, Evidence]]:
    """Drop constants that only hold a topic (or another name) with a row of its own, unless their values differ."""
    rows = [row for row, _ in found]
    values = {row.name for row in rows if row.kind is not Kind.CONSTANT}
    values |= {place.shown for row in rows if row.kind is not Kind.CONSTANT for place in row.places}
    kept = []
    for row, evidence in found:
        if row.kind is Kind.CONSTANT and not row.conflict and any(place.detail in values for place in row.places):
            continue
        kept.append((row, evidence))
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
