"""Search a text with a slow pattern, only in the lines where it can match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LATER = 160  # characters behind a line, into which a match may reach


def found_in_lines(pattern: re.Pattern[str], text: str, marks: Iterable[str]) -> Iterator[re.Match[str]]:
    """Yield the matches that begin in a line with one of the marks. Most lines have none, and a pattern with many
    alternatives takes as long as a grammar."""
    past = 0
    for begin, end in sorted(_lines(text, marks)):
        for match in pattern.finditer(text, max(begin, past), end + LATER):
            if match.start() >= end:
                break
            past = match.end()
            yield match


def _lines(text: str, marks: Iterable[str]) -> set[tuple[int, int]]:
    """Return where each line with a mark begins and ends."""
    lines = set()
    for mark in marks:
        at = text.find(mark)
        while at >= 0:
            end = text.find("\n", at)
            end = end if end >= 0 else len(text)
            lines.add((text.rfind("\n", 0, at) + 1, end))
            at = text.find(mark, end)
    return lines
