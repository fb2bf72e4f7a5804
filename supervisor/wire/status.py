"""Decode the answer to `status`."""

from __future__ import annotations

from supervisor.domain.json_value import JsonObject
from supervisor.domain.status import Status
from supervisor.errors import OTHER_VERSION, SupervisorDown
from supervisor.wire.plain import typed


def rows_of(status: JsonObject, part: str) -> list[JsonObject]:
    """Return a list of the status, such as its tasks; an empty one if it has none."""
    rows = status.get(part)
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def without_memory(status: JsonObject) -> JsonObject:
    """Leave out the memory of each server: it differs at each look, and the screens that follow do not show it."""
    return {**status, "children": [{**one, "rss_bytes": None} for one in rows_of(status, "children")]}


def read_status(answer: JsonObject) -> Status:
    """Decode a status. Raises SupervisorDown if the JSON values are not one."""
    try:
        found: Status = typed(Status, answer)
    except ValueError as error:
        raise SupervisorDown(f"the supervisor's status makes no sense ({error})", OTHER_VERSION) from error
    return found
