"""Decode a server's JSON values into Structs."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from supervisor.wire.codex.items import KINDS, Item, OtherItem
from supervisor.wire.plain import typed

T = TypeVar("T")


class NotUnderstood(NamedTuple):
    """A server sent something that does not fit the type; `reason` is a sentence that says where."""

    reason: str


def decoded(kind: type[T], value: object, what: str) -> T | NotUnderstood:
    """Decode JSON values into a Struct. `what` names the message in the reason."""
    try:
        return typed(kind, value, _own)
    except ValueError as error:
        return NotUnderstood(f"{what} does not fit: {error}")


def _own(kind: type, value: object) -> object:
    """Decode what msgspec leaves to us: an `object` stays as it is, and an item has a type of its own for each kind.

    Raises ValueError.
    """
    if kind is not Item:
        return value
    fields = typed(dict, value)
    return typed(KINDS.get(str(fields.get("type")), OtherItem), fields)
