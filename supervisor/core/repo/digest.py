"""Write a snapshot as Markdown for planning: within a budget, the most valuable facts first, all of it data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from supervisor.core.repo.facts import SECTIONS, RepoFact, facts
from supervisor.core.text import escape
from supervisor.core.text.redact import redact
from supervisor.domain.repo.snapshot import Snapshot

CHARACTERS = 4
"""Per token: an estimate, because the model's own tokenizer is not available."""

LINE = 400  # characters of one part of a line


def digest(snapshot: Snapshot, tokens: int) -> str:
    """Describe the repo in at most `tokens` tokens, and say what was omitted. "" if not even the name fits."""
    room = CHARACTERS * max(0, tokens)
    title = f"# {_inline(snapshot.child)}\n\n{_code(snapshot.path)}\n"
    found = facts(snapshot)
    for reserve in (0, _RESERVE):  # If everything fits, no room is needed to say what was omitted.
        chosen = chosen_facts(found, room - len(title) - reserve)
        text = title + "".join(_section(name, [fact for fact in chosen if fact.section == name]) for name in SECTIONS)
        if len(chosen) == len(found) and len(text) <= room:
            return text
    missing = Counter(fact.section for fact in found)
    missing.subtract(Counter(fact.section for fact in chosen))
    counts = ", ".join(f"{count} of “{name}”" for name in SECTIONS if (count := missing[name]) > 0)
    text += f"\nOmitted for lack of room: {counts}.\n"
    if len(text) <= room:
        return text
    return title if len(title) <= room else ""


def chosen_facts(found: Sequence[RepoFact], room: int) -> list[RepoFact]:
    """Choose the most valuable facts that fit into `room` characters, in reading order."""
    kept: set[int] = set()
    sections: set[str] = set()
    for number, fact in sorted(enumerate(found), key=lambda item: item[1].rank):
        cost = len(_line(fact)) + (0 if fact.section in sections else len(_heading(fact.section)))
        if cost <= room:
            room -= cost
            kept.add(number)
            sections.add(fact.section)
    return [fact for number, fact in enumerate(found) if number in kept]


_RESERVE = 60 + sum(len(name) + 14 for name in SECTIONS)


def _section(name: str, chosen: Sequence[RepoFact]) -> str:
    return _heading(name) + "".join(map(_line, chosen)) if chosen else ""


def _heading(name: str) -> str:
    return f"\n## {name}\n\n"


def _line(fact: RepoFact) -> str:
    parts = [_code(part.text) if part.code else _words(part.text, first=not at) for at, part in enumerate(fact.parts)]
    return f"- {''.join(parts)}\n"


def _words(text: str, *, first: bool) -> str:
    """Escape a text between other parts of the line: keep the spaces at its ends."""
    before = "" if first else "x"  # Only the first part begins the line, and is escaped accordingly.
    return _inline(f"{before}{text}x").removeprefix(before).removesuffix("x")


def _inline(text: str) -> str:
    return escape.inline(redact(text), LINE)


def _code(text: str) -> str:
    return escape.code(redact(text)[:LINE])
