"""Group the routes that are the same one: equal except for placeholders, or a caller's that ends in a server's."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from supervisor.core.map.mention import stopwords
from supervisor.core.map.mention.routes import MOUNT
from supervisor.core.map.occurrences import Occurrence
from supervisor.domain.link import Role
from supervisor.regex import regex

_SPECIFICATION = regex(r"\.(?:json|ya?ml)$")
_VERSION = regex(r"v\d+")
_Served = Mapping[str, Sequence[tuple[str, str, str]]]
"""What is served, by the last word of the route: its full name, the name in the source, and the child."""

SEVERAL = 3
"""Routes of a file that must be below one prefix of a server: then its others are, too."""


def route_groups(routes: Sequence[Occurrence]) -> tuple[list[list[Occurrence]], list[list[Occurrence]]]:
    """Group routes that are the same one: equal except for placeholders, or a caller's that ends in a server's.
    Also return those that a child serves and nobody else calls.

    A server may mount its routes below others, in another file (`MOUNT`). The caller's route decides below which.
    """
    mounts: dict[str, set[str]] = defaultdict(set)
    by_name: dict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in _as_in_code(routes):
        if occurrence.mention.detail == MOUNT:
            mounts[occurrence.child].add(occurrence.mention.name)
        by_name[occurrence.mention.name].append(occurrence)
    served: dict[str, list[tuple[str, str, str]]] = defaultdict(list)  # by last word: full name, own name, child
    for name, group in by_name.items():
        for child in {occurrence.child for occurrence in group if occurrence.mention.role is Role.PROVIDES}:
            forms = {name, *(f"{above}{name}" for above in mounts[child] if not name.startswith(above))}
            for full in forms:
                served[_anchor(full)].append((full, name, child))
    bases = _bases(by_name, served)
    groups: dict[tuple[str, str], list[Occurrence]] = defaultdict(list)
    taken: set[tuple[str, str, str]] = set()  # own name, child, full name: found by callers
    for name, group in by_name.items():
        for child in {occurrence.child for occurrence in group}:
            own = [occurrence for occurrence in group if occurrence.child == child]
            if any(occurrence.mention.role is Role.PROVIDES for occurrence in own):
                continue
            above = {base for one in own for base in bases.get((child, one.file), ())}
            best = max(
                (
                    (5 if (server, _above(name, full)) in above else _fit(name, full), full, known, server)
                    for anchor in _anchors(name)
                    for full, known, server in served[anchor]
                    if server != child
                ),
                key=lambda fit: (fit[0], len(fit[1]), fit[1]),
                default=(0, "", "", ""),
            )
            if best[0]:
                taken.add((best[2], best[3], best[1]))
                groups[best[1], best[3]] += own
            elif (mount := _mounted(name, child, mounts))[0]:
                groups[name, mount[1]] += own
                groups[name, mount[1]] += [
                    _renamed(one, name)
                    for one in by_name[mount[0]]
                    if one.child == mount[1] and one.mention.detail == MOUNT
                ]
            else:
                groups[name, ""] += own
    for known, server, full in _longest(taken, groups):
        groups[full, server] += [
            _renamed(occurrence, full) for occurrence in by_name[known] if occurrence.child == server
        ]
    claimed = {(known, server) for known, server, _ in taken}
    unclaimed = [
        [occurrence for occurrence in group if occurrence.child == child]
        for name, group in by_name.items()
        for child in sorted({one.child for one in group if one.mention.role is Role.PROVIDES})
        if (name, child) not in claimed
    ]
    return list(groups.values()), unclaimed


def _bases(by_name: Mapping[str, Sequence[Occurrence]], served: _Served) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Return by child and file the servers that it calls below a prefix which its own routes leave out, and that
    prefix. A client puts it before all of them: `/feeds` is `/v1/feeds` then, although there is a page `/feeds`, too.
    """
    counts: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for name, group in by_name.items():
        for child, file in {(one.child, one.file) for one in group if one.mention.role is Role.USES and not one.test}:
            below = {(server, above) for server, above in _prefixes(name, served) if server != child}
            counts[child, file].update(below)
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for place, count in counts.items():
        for server in {server for server, _ in count}:
            above, most = max(((it[1], n) for it, n in count.items() if it[0] == server), key=lambda it: (it[1], it[0]))
            if most >= SEVERAL and most > count[server, ""]:
                found.setdefault(place, set()).add((server, above))
    return found


def _prefixes(name: str, served: _Served) -> Iterator[tuple[str, str]]:
    """Yield the servers that serve a route which ends in this one, each with what is before it there."""
    for full, _, server in served.get(_anchor(name), ()):
        if (above := _above(name, full)) is not None:
            yield server, above


def _above(name: str, full: str) -> str | None:
    """Return what a served route has before the one that is called; None if it does not end in it."""
    mine, theirs = name.strip("/").split("/"), full.strip("/").split("/")
    more = len(theirs) - len(mine)
    if more < 0 or not any("{}" not in part for part in mine):
        return None
    fits = all(a == b or ("{}" in (a, b) and _may_fill(a, b)) for a, b in zip(mine, theirs[more:], strict=True))
    return "".join(f"/{part}" for part in theirs[:more]) if fits else None


def _as_in_code(routes: Sequence[Occurrence]) -> list[Occurrence]:
    """Give routes of a specification the name that the code of the child has for them, which a prefix begins."""
    served = [one for one in routes if one.mention.role is Role.PROVIDES and one.mention.detail != MOUNT]
    in_code = {(one.child, one.mention.name) for one in served if not _SPECIFICATION.search(one.file)}
    by_anchor: dict[tuple[str, str], set[str]] = defaultdict(set)
    for child, name in in_code:
        by_anchor[child, _anchor(name)].add(name)
    names: dict[tuple[str, str], str] = {}
    for one in served:
        child, name = one.child, one.mention.name
        if _SPECIFICATION.search(one.file) and (child, name) not in in_code:
            longer = {other for other in by_anchor[child, _anchor(name)] if other.endswith(name)}
            names[child, name] = longer.pop() if len(longer) == 1 and len(name) > 1 else name
    return [
        _renamed(one, names[one.child, one.mention.name])
        if one.mention.role is Role.PROVIDES and names.get((one.child, one.mention.name), "")
        else one
        for one in routes
    ]


def _longest(
    taken: set[tuple[str, str, str]], groups: dict[tuple[str, str], list[Occurrence]]
) -> list[tuple[str, str, str]]:
    """Join the groups of one route of a server, of which some callers give only the end."""
    kept: list[tuple[str, str, str]] = []
    for known, server, full in sorted(taken, key=lambda one: (-len(one[2]), one)):
        whole = next((it[2] for it in kept if it[:2] == (known, server) and it[2].endswith(full)), None)
        if whole is None:
            kept.append((known, server, full))
        else:
            groups[whole, server] += groups.pop((full, server), [])
    return kept


def _mounted(name: str, child: str, mounts: dict[str, set[str]]) -> tuple[str, str]:
    """Return the longest prefix of a caller's route below which another child mounts routes, and that child.

    The routes themselves may be declared where no path shows them, such as the methods of a view set. ("", "") if no
    prefix has two words: `/api` alone may be anybody's.
    """
    found = [
        (above, server)
        for server, prefixes in mounts.items()
        if server != child
        for above in prefixes
        if name.startswith(f"{above}/") and sum(bool(part) and "{}" not in part for part in above.split("/")) > 1
    ]
    return max(found, key=lambda one: (len(one[0]), one), default=("", ""))


def _renamed(occurrence: Occurrence, full: str) -> Occurrence:
    return occurrence._replace(mention=occurrence.mention._replace(name=full))


def _anchor(name: str) -> str:
    """Return the last segment that is a word: two forms of a route have it in common."""
    words = [part for part in name.split("/") if part and "{}" not in part]
    return words[-1] if words else ""


def _anchors(name: str) -> set[str]:
    """Return the anchors of a caller's route. Its last word may be an id that fills a placeholder of the server's."""
    above, _, last = name.rpartition("/")
    return {_anchor(name), _anchor(above)} if _may_fill("{}", last) else {_anchor(name)}


def _fit(name: str, served: str) -> int:
    """Return how well a route fits a served one: 4 equal; 3 equal except for placeholders; 2 one ends in the other; 0
    not at all."""
    if name == served:
        return 4
    mine, theirs = name.strip("/").split("/"), served.strip("/").split("/")
    shorter = min(len(mine), len(theirs))
    tail = list(zip(mine[-shorter:], theirs[-shorter:], strict=True))
    if not all(a == b or (("{}" in (a, b)) and _may_fill(a, b)) for a, b in tail):
        return 0
    if len(mine) == len(theirs):
        return 3
    words = [a for a, b in tail if a == b and "{}" not in a and (len(a) > 2 or _VERSION.fullmatch(a))]
    distinctive = len(words) == 1 and len(words[0]) > 5 and not {name, served} & stopwords.ROUTES
    return 2 if len(words) > 1 or distinctive else 0


def _may_fill(a: str, b: str) -> bool:
    """Return whether one of the two is a placeholder that the other may fill: an id, not a word like `status`."""
    concrete = b if a == "{}" else a
    return concrete == "{}" or re.search(r"\d|^[a-z]+-\w+$", concrete) is not None
