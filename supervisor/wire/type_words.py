"""Say in words what msgspec says in types: "expected a list, got text"."""

from __future__ import annotations

import re


def in_words(message: str) -> str:
    """Return msgspec's message about a value, with the names of JSON types in words."""
    return _WHOLE.sub(r"\1", _TYPES.sub(_named, message[:1].lower() + message[1:]))


def _named(found: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(kind, f"`{kind}`") for kind in found[1].split(" | "))


_TYPES = re.compile("`([^`]*)`")
_WHOLE = re.compile(r"(\d+)\.0\b")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
