"""Decode the answer to `status`."""

from __future__ import annotations

from supervisor.domain.json_value import JsonObject
from supervisor.domain.status import Status
from supervisor.errors import OTHER_VERSION, SupervisorDown
from supervisor.wire.plain import typed


def read_status(answer: JsonObject) -> Status:
    """Decode a status. Raises SupervisorDown if the JSON values are not one."""
    try:
        found: Status = typed(Status, answer)
    except ValueError as error:
        raise SupervisorDown(f"the supervisor's status makes no sense ({error})", OTHER_VERSION) from error
    return found
