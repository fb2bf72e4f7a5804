"""Compute drift: compare two maps to find what a child changed in things that it shares."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from supervisor.domain.link import Drift, Kind, Link, Place
from supervisor.domain.plan import Contract, Task

SURE = 0.4  # the loss of a link with at least this score is reported
LINKS_KEPT = 60  # links of a map that the world holds, for the briefs; the rest is in map.json
PLACES_KEPT = 2  # for each child of such a link
LINKS_IN_BRIEF = 12


def drifts(before: Sequence[Link], after: Sequence[Link], touched: Collection[str]) -> tuple[Drift, ...]:
    """Return what the `touched` children changed: names that one of them no longer has, and new conflicts."""
    now: dict[tuple[Kind, str], list[Link]] = {}
    for link in after:
        now.setdefault((link.kind, link.name), []).append(link)
    then = {(link.kind, link.name): link for link in before}
    found = []
    for link in before:
        if link.score < SURE or link.kind is Kind.COMMIT:
            continue
        left = now.get((link.kind, link.name), [])
        for child in sorted(set(link.children) & set(touched)):
            if link.kind is Kind.COPY and not link.conflict:
                # The others may still share the file, and this child may still have one of that name.
                if not any(set(link.children) <= set(row.children) for row in left if child in row.children):
                    found.append(_drift(link, child, f"{child} no longer has the same content"))
            elif not any(child in row.children for row in left):
                found.append(_drift(link, child, f"{child} no longer has it"))
    for link in after:
        known = then.get((link.kind, link.name))
        if link.conflict and not (known is not None and known.conflict):
            found += [_drift(link, child, link.note) for child in sorted(set(link.children) & set(touched))[:1]]
    return tuple(found)


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


def _drift(link: Link, child: str, what: str) -> Drift:
    trimmed = _trimmed(link)
    others = tuple(other for other in link.children if other != child)
    was = tuple(place for place in trimmed.places if place.child == child)
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
