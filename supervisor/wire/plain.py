"""Convert domain values to plain JSON values, and back.

With msgspec, because every start of a supervisor reads its ledger: msgspec is imported in 5 ms, while pydantic takes 60
and as long again to build its models. Text that is not UTF-8 stays as it is.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from supervisor.regex import regex

T = TypeVar("T")

_prepared: set[type] = set()
_preparing = threading.Lock()


def plain(value: object) -> Any:
    """Convert a domain value to dicts, tuples, texts and numbers. A datetime becomes RFC 3339 text."""
    return msgspec.to_builtins(value, str_keys=True)


def typed(kind: type[T], value: object, own: Callable[[type, object], object] | None = None) -> T:
    """Convert plain values to a value of this type. Unknown fields are dropped. Raises ValueError.

    `own` converts to the types in it that msgspec does not know.
    """
    _prepare(kind)
    try:
        return msgspec.convert(value, kind, dec_hook=own)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def dumped(value: object) -> str:
    """Encode a domain value as JSON text, in ASCII."""
    return json.dumps(plain(value))


def dumped_fast(value: object) -> str:
    """Encode a domain value as JSON text, ten times as fast; not in ASCII."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # it has half a character, which JSON in ASCII can hold
        return dumped(value)


def loaded(kind: type[T], text: str | bytes) -> T:
    """Decode JSON text to a value of this type. Raises ValueError."""
    try:
        return typed(kind, json.loads(text))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def in_words(message: str) -> str:
    """Return msgspec's message about a value with its types in words: "expected a list, got text"."""
    return _WHOLE.sub(r"\1", _TYPES.sub(_named, message[:1].lower() + message[1:]))


def _named(found: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(kind, f"`{kind}`") for kind in found[1].split(" | "))


def _prepare(kind: type) -> None:
    """Have msgspec read the annotations of this type, in one thread at a time.

    It reads them when it first converts to the type. If two threads do so together, one finds the Struct half read and
    crashes (msgspec 0.22).
    """
    if kind not in _prepared:
        with _preparing:
            msgspec.json.Decoder(kind)
        _prepared.add(kind)


_TYPES = regex("`([^`]*)`")
_WHOLE = regex(r"(\d+)\.0\b")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
