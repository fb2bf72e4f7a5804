"""Compute drift: compare two maps to find what a child changed in things that it shares."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from supervisor.domain.link import Drift, Kind, Link, Place, Role, Side
from supervisor.domain.plan import Contract, Task

SURE = 0.3  # the loss of a link with at least this score is reported
POWERS = 9  # of ten, by which two units of one quantity differ at most
FEW = 3  # files of a child that have a name: in more, one that has it no more does not matter
LINKS_KEPT = 60  # links of a map that the world holds, for the briefs; the rest is in map.json
PLACES_KEPT = 2  # for each child of such a link
LINKS_IN_BRIEF = 12

WORDS = frozenset({Kind.TOPIC, Kind.FLAG, Kind.COOKIE, Kind.ERROR, Kind.KEY, Kind.WORD})
"""Kinds that only the context of a word shows, which may be missing on one side: they are joined across kinds."""


def drifts(before: Sequence[Link], after: Sequence[Link], touched: Collection[str]) -> tuple[Drift, ...]:
    """Return what the `touched` children changed in things that they share.

    That is a name that one of them no longer has, or no longer provides, declares or uses in its own sources; another
    HTTP method of a route, another type of a field, another value of a constant; and new conflicts. Code that only
    moved is none.
    """
    now: dict[tuple[str, str], list[Link]] = {}
    for link in after:
        now.setdefault(identity(link), []).append(link)
    conflicts = {identity(link) for link in before if link.conflict}
    found = []
    for link in before:
        if link.kind is Kind.COMMIT or (link.score < SURE and link.kind is not Kind.STATUS):
            continue
        left = now.get(identity(link), [])
        for child in sorted(set(link.children) & set(touched)):
            mine = [row for row in left if child in row.children]
            if link.kind is Kind.COPY and not link.conflict:
                # The others may still share the file, and this child may still have one of that name.
                if not any(set(link.children) <= set(row.children) for row in mine):
                    found.append(_drift(link, child, f"{child} no longer has the same content"))
            elif not mine:
                found.append(_drift(link, child, f"{child} no longer {_had(link, child)} it"))
            else:
                found += list(_changes(link, mine[0], child))[:1]
    for link in after:
        if link.conflict and identity(link) not in conflicts:
            found += [_drift(link, child, link.note) for child in sorted(set(link.children) & set(touched))[:1]]
    return tuple(found)


def _changes(before: Link, after: Link, child: str) -> Iterator[Drift]:
    """Yield how a child that still has a name changed it, the gravest change first."""
    was, now = _side(before, child), _side(after, child)
    if was is None or now is None:
        return
    routed = before.kind is Kind.ROUTE and now.provided and was.methods and now.methods  # then the methods tell
    if not routed and (what := _lost(was, now)):
        yield _drift(before, child, what, _gone(was, now))
    if before.kind is Kind.ROUTE and (what := _other_methods(before, was, now)):
        yield _drift(before, child, what, [one for one in was.places if set(one.detail.split(", ")) - now.methods])
    old, new = (Counter(place.type for place in side.places if place.type) for side in (was, now))
    if (lost := old - new) and (gained := new - old):
        places = [place for place in was.places if place.type in lost]
        yield _drift(before, child, f"{child} declares it as {_listed(gained)} instead of {_listed(lost)}", places)
    if before.kind is Kind.CONSTANT and before.conflict and (what := _other_value(after, was, now)):
        yield _drift(before, child, what, was.places)


def _had(link: Link, child: str) -> str:
    """Return the verb for what a child did with a name that it has no more."""
    if link.kind is not Kind.STATUS:
        return "has"
    return "sends" if any(one.child == child and one.role is Role.PROVIDES for one in link.places) else "compares"


def _side(link: Link, child: str) -> Side | None:
    return next((side for side in link.sides if side.child == child), None)


def _lost(was: Side, now: Side) -> str:
    """Say what is gone if there are fewer places, and what they did there is not done elsewhere; else return ""."""
    if now.named >= was.named or (now.weak == was.weak and now.count >= was.count):
        return ""
    if now.weak > was.weak:
        return f"{was.child} no longer has it where it counts, and only {_WEAK[now.weak]}"
    if now.provided < was.provided:
        does = "provides" if any(place.role is Role.PROVIDES for place in was.places) else "declares"
        if not now.provided:
            return f"{was.child} no longer {does} it, and only names it"
        gone = was.provided - now.provided
        which = f"{gone} of the {was.provided} places" if gone > 1 else f"one of the {was.provided} places"
        return f"{was.child} no longer has {which} where it {does} it"
    if was.used and not now.used:
        return f"{was.child} no longer uses it, and only names it"
    if not now.count:
        return f"only tests of {was.child} still have it"
    files = {place.file for place in was.places}
    left = {place.file for place in now.places}
    if len(left) < len(files) <= FEW:
        return f"{was.child} no longer has it in {_listed(files - left)}"
    return ""


_WEAK = ("", "in places that may mean something else", "as a name of its own")


def _gone(was: Side, now: Side) -> list[Place]:
    """Return the places that are not there any more. Those of one file that say the same are told by their lines."""
    left = Counter(map(_looks, now.places))
    lines = {(place.file, place.line) for place in now.places}
    gone = []
    for place in sorted(was.places, key=lambda one: (one.file, one.line) not in lines):  # those that stayed, first
        if left[_looks(place)]:
            left[_looks(place)] -= 1
        else:
            gone.append(place)
    return gone or list(was.places)


def _looks(place: Place) -> tuple[str, str, Role, str, str]:
    return place.file, place.shown, place.role, place.detail, place.type


def _other_methods(link: Link, was: Side, now: Side) -> str:
    """Say with which HTTP methods a route is served or called otherwise than before, if that matters to the others."""
    lost, gained = was.methods - now.methods, now.methods - was.methods
    if not lost or not now.methods:
        return ""
    serves = any(place.role is Role.PROVIDES for place in was.places)
    others = frozenset(method for side in link.sides if side.child != was.child for method in side.methods)
    if others and not (lost & others if serves else gained - others):
        return ""
    if not others and not gained:
        return ""
    does = "serves" if serves else "calls"
    if gained:
        return f"{was.child} {does} it with {_listed(gained)} instead of {_listed(lost)}"
    return f"{was.child} no longer {does} it with {_listed(lost)}"


def _other_value(after: Link, was: Side, now: Side) -> str:
    """Say how the value of a constant changed that already differed from the others'."""
    old, new = ({plain_value(place.detail) for place in side.places} for side in (was, now))
    others = {plain_value(place.detail) for side in after.sides if side.child != was.child for place in side.places}
    if not (old - new and new - old) or new & others:
        return ""
    unit = ", a power of ten: perhaps another unit" if _are_powers_apart(old - new, new - old) else ""
    return f"{was.child} changed its value from {_listed(old - new)} to {_listed(new - old)}{unit}"


def _are_powers_apart(old: Collection[str], new: Collection[str]) -> bool:
    """Return whether two numbers are the same but for a power of ten, such as seconds and milliseconds."""
    try:
        small, large = sorted((abs(float(next(iter(old)))), abs(float(next(iter(new))))))
    except ValueError:
        return False
    powers = (small * 10.0**power for power in range(1, POWERS + 1))
    return len(old) == len(new) == 1 and small > 0 and any(abs(large - one) <= large * 1e-9 for one in powers)


def _listed(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))


def identity(link: Link) -> tuple[str, str]:
    """Return what stays the same of a link when it is spelled otherwise, or its places show another kind of word."""
    if link.kind in (*WORDS, Kind.ENV):
        return "word", re.sub(r"[_\-\s.:]", "", link.name).lower()
    return str(link.kind), link.name


def plain_value(text: str) -> str:
    """Normalize the value of a constant: `0x10`, `16u` and `16.0` become equal."""
    bare = re.sub(r"(?<=\d)[uUlLfF]+$", "", text.replace("_", ""))
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", bare):
        return str(int(bare, 16))
    return str(float(bare)).removesuffix(".0") if re.fullmatch(r"\d+(\.\d+)?", bare) else text


def kept(links: Sequence[Link]) -> tuple[Link, ...]:
    """Return the links that the world holds, with the best places of each child."""
    return tuple(_trimmed(link) for link in links[:LINKS_KEPT])


def touching(links: Iterable[Link], task: Task, contracts: Iterable[Contract]) -> tuple[Link, ...]:
    """Return the links of the task's child that the task concerns: its text or its contracts name them, or one of
    their files. The best come first."""
    text = "\n".join((task.title, task.instructions, *(f"{contract.title}\n{contract.text}" for contract in contracts)))
    normalized = _normalized(text)
    mine = [link for link in links if task.child in link.children]
    named = [
        link
        for link in mine
        if _is_named(link, normalized) or any(place.file in text for place in link.places if place.line)
    ]
    return tuple(named[:LINKS_IN_BRIEF])


def concerning(drifts: Iterable[Drift], child: str) -> tuple[Drift, ...]:
    """Return the drifts that concern this child: it relies on what others changed."""
    return tuple(drift for drift in drifts if child in drift.others)


def describe_link(link: Link, child: str) -> str:
    """Describe a link in one line, for a child: what it is, where in its own repo, where in others."""
    here = ", ".join(_where(place) for place in link.places if place.child == child)
    there = "; ".join(f"{place.child} {_where(place)}" for place in link.places if place.child != child)
    note = f" ({link.note})" if link.note else ""
    return f"{link.kind} {link.name}{note}: here {here}; {there}"


def describe_drift(drift: Drift) -> str:
    """Describe a drift in one line, with the places that rely on the old form."""
    was = ", ".join(_where(place) for place in drift.was)
    there = "; ".join(f"{place.child} {_where(place)}" for place in drift.theirs)
    return (
        f"{drift.kind} {drift.name}: {drift.what}" + (f" (it was at {was})" if was else "") + f"; relied on by {there}"
    )


def _drift(link: Link, child: str, what: str, changed: Iterable[Place] = ()) -> Drift:
    trimmed = _trimmed(link)
    others = tuple(other for other in link.children if other != child)
    was = tuple(changed)[:PLACES_KEPT] or tuple(place for place in trimmed.places if place.child == child)
    theirs = tuple(place for place in trimmed.places if place.child != child)
    return Drift(child, link.kind, link.name, what, others, was, theirs)


def _trimmed(link: Link) -> Link:
    places: list[Place] = []
    for child in link.children:
        places += [place for place in link.places if place.child == child][:PLACES_KEPT]
    return Link(link.kind, link.name, link.score, link.children, tuple(places), link.note, link.conflict)


def _is_named(link: Link, normalized: str) -> bool:
    name = _normalized(link.name)
    return len(name) > 2 and re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", normalized) is not None


def _normalized(text: str) -> str:
    """Normalize a text so that spellings of one name are equal: lower case, one placeholder, no `_` and `-`."""
    text = re.sub(r"\{[^{}]*\}|<[^<>\s]*>|(?<=/):\w+", "{}", text)
    return re.sub(r"[_\-]", "", text).lower()


def _where(place: Place) -> str:
    return f"{place.file}:{place.line}" if place.line else place.file
