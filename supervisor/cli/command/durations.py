"""Durations in a command line: `90` (seconds), `90s`, `5m`, `2h` or `1d`."""

from __future__ import annotations

from supervisor.cli.display.blocks import one_line
from supervisor.errors import UsageError
from supervisor.regex import regex

FORMS = "90 (seconds), 90s, 5m, 2h or 1d"


def parse_duration(text: str) -> float | None:
    """Return the seconds that a text names; None if it is no duration."""
    match = _DURATION.fullmatch(text.strip())
    return float(match[1]) * _SECONDS[match[2]] if match else None


def seconds(text: str | None, option: str) -> float | None:
    """Return the seconds that the value of an option names; None without one. Raises UsageError."""
    if text is None:
        return None
    found = parse_duration(text)
    if found is None:
        raise UsageError(f"`{one_line(text, 40)}` is no duration for {option}", f"write {FORMS}")
    return found


_DURATION = regex(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
