"""A line of `orch logs --json`: an event of the ledger, or a line of a structured log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from supervisor.domain.status import Moment


class LogLine(Struct, frozen=True):
    """A line of the logs. `seq` is the number of an event of the ledger; a log's own lines have none."""

    ts: Moment
    level: Annotated[str, Meta(examples=["debug", "info", "warning", "error"])]
    event: str
    seq: int | None = None
    child: str | None = None
    task: str | None = None
    run: int | None = None
    turn: str | None = None
    why: str | None = None
    rest: Mapping[str, object] = {}  # the other fields of the line
