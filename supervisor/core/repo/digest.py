"""A snapshot as Markdown for whoever plans: within a budget, the most telling first, everything in it data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from supervisor.core.repo.facts import SECTIONS, RepoFact, facts
from supervisor.core.text import escape
from supervisor.core.text.redact import redact
from supervisor.domain.repo.snapshot import Snapshot

CHARACTERS = 4
"""Of one token, as near as it can be told without the model's own dictionary."""

LINE = 400  # characters of the text in one span


def digest(snapshot: Snapshot, tokens: int) -> str:
    """What there is to know of the repo in at most `tokens` tokens; what is left out is said. Never longer.

    Empty if not even the name has room.
    """
    room = CHARACTERS * max(0, tokens)
    title = f"# {_inline(snapshot.child)}\n\n{_code(snapshot.path)}\n"
    told = facts(snapshot)
    for reserve in (0, _RESERVE):  # If everything has room, nothing is left to say of what has none.
        chosen = chosen_points(told, room - len(title) - reserve)
        text = title + "".join(_section(name, [fact for fact in chosen if fact.section == name]) for name in SECTIONS)
        if len(chosen) == len(told) and len(text) <= room:
            return text
    missing = Counter(fact.section for fact in told)
    missing.subtract(Counter(fact.section for fact in chosen))
    said = ", ".join(f"{count} of “{name}”" for name in SECTIONS if (count := missing[name]) > 0)
    text += f"\nLeft out for want of room: {said}.\n"
    if len(text) <= room:
        return text
    return title if len(title) <= room else ""


def chosen_points(told: Sequence[RepoFact], room: int) -> list[RepoFact]:
    """The most telling points that have room in so many characters, in the order of reading."""
    kept: set[int] = set()
    sections: set[str] = set()
    for number, fact in sorted(enumerate(told), key=lambda one: one[1].rank):
        cost = len(_line(fact)) + (0 if fact.section in sections else len(_heading(fact.section)))
        if cost <= room:
            room -= cost
            kept.add(number)
            sections.add(fact.section)
    return [fact for number, fact in enumerate(told) if number in kept]


_RESERVE = 60 + sum(len(name) + 14 for name in SECTIONS)


def _section(name: str, chosen: Sequence[RepoFact]) -> str:
    return _heading(name) + "".join(map(_line, chosen)) if chosen else ""


def _heading(name: str) -> str:
    return f"\n## {name}\n\n"


def _line(fact: RepoFact) -> str:
    parts = [_code(part.text) if part.code else _words(part.text, first=not at) for at, part in enumerate(fact.spans)]
    return f"- {''.join(parts)}\n"


def _words(text: str, *, first: bool) -> str:
    """The text as it stands between its neighbours: with the spaces at its ends, which part it from them."""
    before = "" if first else "x"  # What does not begin the line is not to be escaped as if it did.
    return _inline(f"{before}{text}x").removeprefix(before).removesuffix("x")


def _inline(text: str) -> str:
    return escape.inline(redact(text), LINE)


def _code(text: str) -> str:
    return escape.code(redact(text)[:LINE])
