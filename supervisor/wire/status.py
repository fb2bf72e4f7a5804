"""The answer to `status`, read into the Struct that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supervisor.domain.json_value import JsonObject
from supervisor.errors import OTHER_VERSION, SupervisorDown

if TYPE_CHECKING:
    from supervisor.domain.status import Status


def read_status(answer: JsonObject) -> Status:
    """The status that these JSON values are. Raises SupervisorDown if they are none."""
    from supervisor.domain.status import Status  # 13 ms, for msgspec: who only imports the API need not wait for it
    from supervisor.wire.plain import typed

    try:
        found: Status = typed(Status, answer)
    except ValueError as error:
        raise SupervisorDown(f"the supervisor's status makes no sense ({error})", OTHER_VERSION) from error
    return found
