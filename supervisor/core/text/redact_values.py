"""Redact secrets in whole values: domain values, and what they are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.text.redact import Cutter

Value = TypeVar("Value")


def redacted(value: Value, known: tuple[str, ...] = ()) -> Value:
    """Redact every text in a value: domain values, tuples, lists, dicts. Without a secret, return the same object."""
    return redacted_on(value, known, inside=False)[0]


def redacted_on(value: Value, known: tuple[str, ...], *, inside: bool) -> tuple[Value, bool]:
    """Redact a value that follows another. `inside`: that one ended within a private key. Return it for the next."""
    cutter = _ValueCutter(known, inside)
    return cutter.cut(value), cutter.inside


class _ValueCutter(Cutter):
    def cut(self, value: Any) -> Any:
        if not isinstance(value, Struct):
            return super().cut(value)
        changed = {}
        for name in value.__struct_fields__:
            old = getattr(value, name)
            if old and type(old) not in _WITHOUT_TEXT and (new := self.cut(old)) is not old and new != old:
                changed[name] = new
        return replace(value, **changed) if changed else value


_WITHOUT_TEXT = frozenset((bool, int, float, datetime))
