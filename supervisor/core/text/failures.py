"""Find the lines of a command's output that say why it failed."""

from __future__ import annotations

import re

from supervisor.core.text.escape import without_colour
from supervisor.domain.report import OutputLine
from supervisor.regex import regex

LONGEST = 300  # characters kept of a line
_FAILS = regex(
    r"\berr!|\b(?:error|errors|fail|fails|failed|failure|failures|failing|fatal|panic|panicked|exception|traceback"
    r"|assert|assertion|undefined|unresolved|not ok|cannot|expected|mismatch|segfault|segmentation fault|denied"
    r"|killed|timed out|core dumped)\b|\w(?:Error|Exception)\b|^\s*(?:[✗✘✖×]|E\s{2,}|--- FAIL|FAIL\b|FAILED\b)",
    re.IGNORECASE | re.MULTILINE,
)
_FINE = regex(
    r"\b(?:no|0|zero|without)[ \t]+(?:errors?|fail(?:ed|ures?|s)?|exceptions?|warnings?)\b"
    r"|\b(?:errors?|fail(?:ed|ures?|s)?)[ \t]*[:=][ \t]*0\b|\bwarning\b",
    re.IGNORECASE,
)


def failing_lines(text: str, most: int) -> tuple[OutputLine, ...]:
    """Return the lines that look like a failure, in their order, with their numbers from 1.

    If there are more than `most`, the first ones are kept, and a third of them are the last: the first one is often the
    cause, and the last ones are often a summary.
    """
    found = [
        OutputLine(number, line.strip()[:LONGEST])
        for number, line in enumerate(without_colour(text).split("\n"), 1)
        if _FAILS.search(line) and not (_FINE.search(line) and not _FAILS.search(_FINE.sub("", line)))
    ]
    if len(found) <= most:
        return tuple(found)
    last = most // 3
    return (*found[: most - last], *found[len(found) - last :])


def end_of(text: str, size: int) -> str:
    """Return the last `size` characters, from the beginning of a line, with a mark that says what is left out."""
    text = text.rstrip()
    if len(text) <= size:
        return text
    cut = text[-size:]
    rest = cut.partition("\n")[2] or cut
    before = text[: len(text) - len(rest)]
    lines = before.count("\n")
    left = f"{lines:,} lines" if lines else f"{len(before):,} characters"
    return f"[{left} before this are left out]\n{rest}"
