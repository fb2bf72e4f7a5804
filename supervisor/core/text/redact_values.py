"""Redact secrets in whole values: domain values, tuples, lists and dicts."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.text.redact import GONE, may_hold_secret, redact, rules

Value = TypeVar("Value")


def redacted(value: Value, known: tuple[str, ...] = ()) -> Value:
    """Redact every text in a value: domain values, tuples, lists, dicts. Without a secret, return the same object."""
    return redacted_on(value, known, inside=False)[0]


def redacted_on(value: Value, known: tuple[str, ...], *, inside: bool) -> tuple[Value, bool]:
    """Redact a value that follows another. `inside`: that one ended within a private key. Return it for the next."""
    cutter = _Cutter(known, inside)
    return cutter.cut(value), cutter.inside


class _Cutter:
    """Cuts one text after the other. A private key may begin in one and end in another."""

    def __init__(self, known: tuple[str, ...], inside: bool) -> None:
        self._known = known
        self.inside = inside

    def cut(self, value: Value) -> Value:
        result: Any = value
        if isinstance(value, str):
            result = self._text(value)
        elif isinstance(value, tuple | list):
            parts = [self.cut(part) for part in value]
            unchanged = all(new is old for new, old in zip(parts, value, strict=True))
            result = value if unchanged else type(value)(parts) if type(value) in (tuple, list) else type(value)(*parts)
        elif isinstance(value, dict):
            result = {name: self._field(name, part) for name, part in value.items()}
        elif isinstance(value, Struct):
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            changed = {name: new for name, old in fields.items() if (new := self.cut(old)) is not old and new != old}
            result = replace(value, **changed) if changed else value
        return result  # type: ignore[no-any-return]

    def _text(self, text: str) -> str:
        if self.inside and text:
            size, self.inside = rules().continued(text)
            if size:
                text = GONE + text[size:]
        if "PRIVATE KEY" in text and rules().is_open(text):
            self.inside = True
        return redact(text, self._known)

    def _field(self, name: object, value: object) -> object:
        if (
            isinstance(name, str)
            and isinstance(value, str)
            and may_hold_secret(name)
            and rules().is_secret_field(name, value)
        ):
            return GONE
        return self.cut(value)
