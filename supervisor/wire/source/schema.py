"""What the readers of schemas share: the names that they return, and how a file is cut into definitions.

Unlike Tree-sitter, their parsers stop at the first error. So definitions are parsed one by one, and an error in one
does not affect the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MANY = 4_000  # definitions read of one file


class Name(NamedTuple):
    """A name in a schema."""

    kind: str  # `package`, `type`, `field`, `member` (a field that is queried) or `constant` (of an enumeration)
    text: str
    line: int  # from 1
    type: str = ""  # of a field, as written


def definitions(source: str, outline: re.Pattern[str], worth: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """Cut a file into definitions. Yields at most `MANY` that contain `worth`, each with the number of lines above it.

    `outline` finds the places that matter, by the names of its groups: brackets that `open` or `shut`; the bracket
    (`end`) or sign (`stop`) that ends a definition when no bracket is open; and the `begin` of a line that can only be
    the next definition, whatever is open. It also matches literals, so that nothing is found inside them.
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
