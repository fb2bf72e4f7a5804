"""Decode a line of the ledger or of a log."""

from __future__ import annotations

from collections.abc import Mapping

from supervisor.domain.event.log_line import LogLine
from supervisor.wire.plain import typed

_NAMED = frozenset(LogLine.__struct_fields__) - {"rest"}


def read_log_line(line: Mapping[str, object]) -> LogLine | None:
    """Decode a log line; None if the JSON values are not one."""
    named = {name: value for name, value in line.items() if name in _NAMED}
    rest = {name: value for name, value in line.items() if name not in _NAMED}
    try:
        found: LogLine = typed(LogLine, {**named, "rest": rest})
    except ValueError:
        return None
    return found
