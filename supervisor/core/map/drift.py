"""drift: what a child changed of the things that it shares, as the difference of two maps."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from supervisor.domain.plan import Contract, Task
from supervisor.domain.seam import Drift, Kind, Place, Seam

SURE = 0.4  # the score from which the loss of a seam is worth a word
SEAMS_KEPT = 60  # of a map, for the briefs; the rest is in map.json
PLACES_KEPT = 2  # for each child of a seam that is kept
SEAMS_TOLD = 12  # in one brief


def drifts(before: Sequence[Seam], after: Sequence[Seam], touched: Collection[str]) -> tuple[Drift, ...]:
    """What the `touched` children changed: names that one of them no longer says, and sides that came to disagree."""
    now: dict[tuple[Kind, str], list[Seam]] = {}
    for seam in after:
        now.setdefault((seam.kind, seam.name), []).append(seam)
    then = {(seam.kind, seam.name): seam for seam in before}
    found = []
    for seam in before:
        if seam.score < SURE or seam.kind is Kind.COMMIT:
            continue
        left = now.get((seam.kind, seam.name), [])
        for child in sorted(set(seam.children) & set(touched)):
            if seam.kind is Kind.COPY and not seam.conflict:
                # The others still share theirs, and this one may still have a file of that name.
                if not any(set(seam.children) <= set(one.children) for one in left if child in one.children):
                    found.append(_drift(seam, child, f"{child} no longer has the same"))
            elif not any(child in one.children for one in left):
                found.append(_drift(seam, child, f"{child} no longer has it"))
    for seam in after:
        known = then.get((seam.kind, seam.name))
        if seam.conflict and not (known is not None and known.conflict):
            found += [_drift(seam, child, seam.note) for child in sorted(set(seam.children) & set(touched))[:1]]
    return tuple(found)


def kept(seams: Sequence[Seam]) -> tuple[Seam, ...]:
    """The seams that briefs are made from, with the best places of each child."""
    return tuple(_trimmed(seam) for seam in seams[:SEAMS_KEPT])


def touching(seams: Iterable[Seam], task: Task, contracts: Iterable[Contract]) -> tuple[Seam, ...]:
    """The seams of the task's child that its words, its contracts or the files it names have to do with, best first."""
    told = "\n".join((task.title, task.instructions, *(f"{one.title}\n{one.text}" for one in contracts)))
    bare = _bare(told)
    mine = [seam for seam in seams if task.child in seam.children]
    named = [
        seam for seam in mine if _named(seam, bare) or any(place.file in told for place in seam.places if place.line)
    ]
    return tuple(named[:SEAMS_TOLD])


def concerning(drifts: Iterable[Drift], child: str) -> tuple[Drift, ...]:
    """What others changed that this child relies on."""
    return tuple(drift for drift in drifts if child in drift.others)


def said_of(seam: Seam, child: str) -> str:
    """A seam in one line, as a child is told of it: what, where here, where elsewhere."""
    here = ", ".join(_where(place) for place in seam.places if place.child == child)
    there = "; ".join(f"{place.child} {_where(place)}" for place in seam.places if place.child != child)
    note = f" ({seam.note})" if seam.note else ""
    return f"{seam.kind} {seam.name}{note}: here {here}; {there}"


def said_of_drift(drift: Drift) -> str:
    """A drift in one line, with the places of those who rely on it."""
    was = ", ".join(_where(place) for place in drift.was)
    there = "; ".join(f"{place.child} {_where(place)}" for place in drift.theirs)
    return (
        f"{drift.kind} {drift.name}: {drift.what}" + (f" (it was at {was})" if was else "") + f"; relied on by {there}"
    )


def _drift(seam: Seam, child: str, what: str) -> Drift:
    trimmed = _trimmed(seam)
    others = tuple(other for other in seam.children if other != child)
    was = tuple(place for place in trimmed.places if place.child == child)
    theirs = tuple(place for place in trimmed.places if place.child != child)
    return Drift(child, seam.kind, seam.name, what, others, was, theirs)


def _trimmed(seam: Seam) -> Seam:
    places: list[Place] = []
    for child in seam.children:
        places += [place for place in seam.places if place.child == child][:PLACES_KEPT]
    return Seam(seam.kind, seam.name, seam.score, seam.children, tuple(places), seam.note, seam.conflict)


def _named(seam: Seam, bare: str) -> bool:
    name = _bare(seam.name)
    return len(name) > 2 and re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", bare) is not None


def _bare(text: str) -> str:
    """In lower case, with every placeholder the same and without what one spelling has and another has not."""
    text = re.sub(r"\{[^{}]*\}|<[^<>\s]*>|(?<=/):\w+", "{}", text)
    return re.sub(r"[_\-]", "", text).lower()


def _where(place: Place) -> str:
    return f"{place.file}:{place.line}" if place.line else place.file
