"""JSON values of a server into the Structs that they are."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from supervisor.wire.codex.items import KINDS, Item, OtherItem
from supervisor.wire.plain import typed

T = TypeVar("T")


class NotUnderstood(NamedTuple):
    """What a server sent does not fit; `reason` is a sentence that names where."""

    reason: str


def decoded(kind: type[T], value: object, what: str) -> T | NotUnderstood:
    """The Struct that these JSON values are; `what` names the message."""
    try:
        return typed(kind, value, _own)
    except ValueError as error:
        return NotUnderstood(f"{what} does not fit: {error}")


def _own(kind: type, value: object) -> object:
    """What msgspec leaves to us: an `object`, which may be anything, and an item, which is of a kind of its own.

    Raises ValueError.
    """
    if kind is not Item:
        return value
    fields = typed(dict, value)
    return typed(KINDS.get(str(fields.get("type")), OtherItem), fields)
