"""drift: what a child changed of the things that it shares, as the difference of two maps."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from supervisor.domain.link import Drift, Kind, Link, Place
from supervisor.domain.plan import Contract, Task

SURE = 0.4  # the score from which the loss of a seam is worth a word
LINKS_KEPT = 60  # of a map, for the briefs; the rest is in map.json
PLACES_KEPT = 2  # for each child of a seam that is kept
SEAMS_TOLD = 12  # in one brief


def drifts(before: Sequence[Link], after: Sequence[Link], touched: Collection[str]) -> tuple[Drift, ...]:
    """What the `touched` children changed: names that one of them no longer says, and sides that came to disagree."""
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
                # The others still share theirs, and this one may still have a file of that name.
                if not any(set(link.children) <= set(one.children) for one in left if child in one.children):
                    found.append(_drift(link, child, f"{child} no longer has the same"))
            elif not any(child in one.children for one in left):
                found.append(_drift(link, child, f"{child} no longer has it"))
    for link in after:
        known = then.get((link.kind, link.name))
        if link.conflict and not (known is not None and known.conflict):
            found += [_drift(link, child, link.note) for child in sorted(set(link.children) & set(touched))[:1]]
    return tuple(found)


def kept(links: Sequence[Link]) -> tuple[Link, ...]:
    """The seams that briefs are made from, with the best places of each child."""
    return tuple(_trimmed(link) for link in links[:LINKS_KEPT])


def touching(links: Iterable[Link], task: Task, contracts: Iterable[Contract]) -> tuple[Link, ...]:
    """The seams of the task's child that its words, its contracts or the files it names have to do with, best first."""
    told = "\n".join((task.title, task.instructions, *(f"{one.title}\n{one.text}" for one in contracts)))
    bare = _bare(told)
    mine = [link for link in links if task.child in link.children]
    named = [
        link for link in mine if _named(link, bare) or any(place.file in told for place in link.places if place.line)
    ]
    return tuple(named[:SEAMS_TOLD])


def concerning(drifts: Iterable[Drift], child: str) -> tuple[Drift, ...]:
    """What others changed that this child relies on."""
    return tuple(drift for drift in drifts if child in drift.others)


def said_of(link: Link, child: str) -> str:
    """A seam in one line, as a child is told of it: what, where here, where elsewhere."""
    here = ", ".join(_where(place) for place in link.places if place.child == child)
    there = "; ".join(f"{place.child} {_where(place)}" for place in link.places if place.child != child)
    note = f" ({link.note})" if link.note else ""
    return f"{link.kind} {link.name}{note}: here {here}; {there}"


def said_of_drift(drift: Drift) -> str:
    """A drift in one line, with the places of those who rely on it."""
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


def _named(link: Link, bare: str) -> bool:
    name = _bare(link.name)
    return len(name) > 2 and re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", bare) is not None


def _bare(text: str) -> str:
    """In lower case, with every placeholder the same and without what one spelling has and another has not."""
    text = re.sub(r"\{[^{}]*\}|<[^<>\s]*>|(?<=/):\w+", "{}", text)
    return re.sub(r"[_\-]", "", text).lower()


def _where(place: Place) -> str:
    return f"{place.file}:{place.line}" if place.line else place.file
