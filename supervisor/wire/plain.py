"""Domain values as plain JSON values, and back.

By msgspec: it is loaded in 5 ms where pydantic takes 60 and as much again to build its forms, and every start of a
supervisor reads its ledger. Text that is no UTF-8 stays as it is.
"""

from __future__ import annotations

import json
import threading
from typing import Any

import msgspec

_understood: set[Any] = set()
_understanding = threading.Lock()


def plain(value: Any) -> Any:
    """A domain value as dicts, tuples, texts and numbers; a moment as RFC 3339."""
    return msgspec.to_builtins(value, str_keys=True)


def typed(kind: Any, value: Any) -> Any:
    """The value of this type that plain ones stand for; what else they hold is left out. Raises ValueError."""
    _understand(kind)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def dumped(value: Any) -> str:
    """A domain value as JSON text, in ASCII."""
    return json.dumps(plain(value))


def loaded(kind: Any, text: str | bytes) -> Any:
    """The value of this type in such a text. Raises ValueError."""
    try:
        return typed(kind, json.loads(text))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _understand(kind: Any) -> None:
    """Have msgspec read the annotations of this type, once. It does so when a type is first converted to, and while one
    thread does, another one finds a Struct half read and crashes (msgspec 0.22)."""
    if kind not in _understood:
        with _understanding:
            msgspec.json.Decoder(kind)
        _understood.add(kind)
