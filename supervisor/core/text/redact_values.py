"""Redact secrets in whole values: domain values, and what they are made of."""

from __future__ import annotations

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
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {name: new for name, old in fields.items() if (new := self.cut(old)) is not old and new != old}
        return replace(value, **changed) if changed else value
