"""What the readers of schemas share: the names that they tell, and a file cut into its definitions.

Their parsers have none of Tree-sitter's patience with what is broken. So definitions are parsed one by one: what is
wrong in one of them stays there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MANY = 4_000  # definitions read of one file


class Name(NamedTuple):
    """A name in a schema, what it is the name of, and its line (from 1)."""

    kind: str
    """`package`, `type`, `field`, `member` (a field that is asked for) or `constant` (of an enumeration)."""
    text: str
    line: int


def definitions(source: str, outline: re.Pattern[str], worth: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """The definitions that may say something (`worth` is in them), at most `MANY`, each with the number of lines above.

    `outline` finds what the cuts depend on, by the names of its groups: brackets that `open` or `shut`; the bracket
    that is the `end` of a definition when no other is open, and what is a `stop` then; and the `begin` of a line that
    can only be the next definition, whatever is open. It finds literals too, so that nothing is found inside of them.
    """
    above = found = 0
    for text in _cut(source, outline):
        if worth.search(text):
            yield text, above
            found += 1
            if found == MANY:
                return
        above += text.count("\n")


def _cut(source: str, outline: re.Pattern[str]) -> Iterator[str]:
    start = depth = 0
    for found in outline.finditer(source):
        end = found.end()
        match found.lastgroup:
            case "open":
                depth += 1
            case "shut":
                depth = max(0, depth - 1)
            case "end":
                depth = max(0, depth - 1)
            case "begin":
                depth, end = 0, found.start()
        if depth == 0 and found.lastgroup in ("end", "stop", "begin"):
            yield source[start:end]
            start = end
    yield source[start:]
