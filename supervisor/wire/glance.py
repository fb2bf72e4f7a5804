"""A cheap view of the answer to `status`, for the short commands (`orch status`, `up`, `down`).

It has the attributes of a `Status` without decoding one: that would import msgspec (13 ms), which takes as long as all
other imports of these commands together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from supervisor.domain.json_value import JsonObject
    from supervisor.domain.status import Status


def glance(answer: JsonObject) -> Status:
    """Wrap the answer so that its keys are attributes. Checks nothing: a missing key is None."""
    return cast("Status", _Glance(answer))


class _Glance:
    def __init__(self, value: Mapping[str, object]) -> None:
        mine = self.__dict__  # filled at once: a method for each look would take most of the time with 2,000 tasks
        mine.update(value)
        for name, one in value.items():
            if one and type(one) in _HOLDING:
                mine[name] = _seen(one)

    def __getattr__(self, name: str) -> None:
        """The key is missing."""


_HOLDING = (dict, list)


def _seen(value: object) -> object:
    if isinstance(value, dict):
        return _Glance(value)
    if isinstance(value, list):
        return [_seen(one) if type(one) in _HOLDING else one for one in value]
    return value
