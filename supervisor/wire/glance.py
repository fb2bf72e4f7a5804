"""The answer to `status` at a glance, for the commands that are over in a moment (`orch status`, `up`, `down`).

It has the attributes of a `Status`, and costs nothing. To read the Struct itself takes msgspec, whose import (13 ms)
is as long as all that these commands import besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from supervisor.domain.json_value import JsonObject

if TYPE_CHECKING:
    from supervisor.domain.status import Status


def glance(answer: JsonObject) -> Status:
    """The answer, with its keys as attributes. Nothing is checked: what is not there is None."""
    return cast("Status", _Glance(answer))


class _Glance:
    __slots__ = ("_object",)

    def __init__(self, value: Mapping[str, object]) -> None:
        self._object = value

    def __getattr__(self, name: str) -> object:
        return _seen(self._object.get(name))


def _seen(value: object) -> object:
    if isinstance(value, Mapping):
        return _Glance(value)
    return [_seen(one) for one in value] if isinstance(value, list) else value
