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
        self._object = value

    def __getattr__(self, name: str) -> object:
        found = self._object.get(name)
        if isinstance(found, dict | list):
            found = _seen(found)
        self.__dict__[name] = found  # the next look at it does not come here
        return found


def _seen(value: object) -> object:
    if isinstance(value, dict):
        return _Glance(value)
    if isinstance(value, list):
        return [_seen(one) if isinstance(one, dict | list) else one for one in value]
    return value
