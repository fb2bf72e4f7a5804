"""Say where secrets are in a text, and of which kind, without repeating any of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from supervisor.core.text.secrets.find import WINDOW, Span, spans
from supervisor.core.text.secrets.ours import OURS
from supervisor.core.text.secrets.tokens import TOKENS
from supervisor.regex import regex


class SecretSpot(NamedTuple):
    """A secret: the line where it begins, from 1, and what it is."""

    line: int
    kind: str


def secret_spots(text: str, known: Callable[[str], bool] | None = None) -> Iterator[SecretSpot]:
    """Yield the secrets in `text`, in their order, but for those whose value is known."""
    found = spans(text)
    line, counted = 1, 0
    for start, end in found:
        if known is not None and known(text[start:end]):
            continue
        line, counted = line + text.count("\n", counted, start), start
        yield SecretSpot(line, _kind(text, start, end, found))


def _kind(text: str, start: int, end: int, found: Sequence[Span]) -> str:
    if "PRIVATE KEY" in text[start : start + 80]:
        return "a private key"
    begin = max(text.rfind("\n", 0, start) + 1, start - _NEAR)
    around = text[begin : start + WINDOW]
    low, at = around[: end - begin].lower(), start - begin
    if text[:start].endswith("://"):
        return "a password in an address"
    for rule, words, _, pattern in (*OURS, *TOKENS):
        if any(word in low for word in words.split()) and any(
            match.start() <= at < match.end() for match in re.finditer(pattern, around)
        ):
            return rule
    named = _NAME.search(text, begin, start)
    if named is not None and not any(a < named.end(1) and named.start(1) < b for a, b in found):
        return f"the value of `{named[1]}`"
    return "a value that looks like one"


_NEAR = 200  # characters before a secret in which its name is looked for
_NAME = regex(r"([A-Za-z_][\w.-]{1,60})[\"'`]{0,2}\s*(?:[:=]{1,2}|=>|\s)\s*[\"'`]{0,2}\Z")
