"""Say that a supervisor is of another version than the command."""

from __future__ import annotations

import re

from supervisor import __version__

HOW = "`orch up --restart` restarts it in place (servers and turns go on)"


def difference(version: str | None) -> str:
    """Say how the version of a supervisor differs from that of this command; "" if it does not."""
    if version == __version__:
        return ""
    if version is None:
        return f"of another version than this orch ({__version__})"
    return f"{'older' if _order(version) < _order(__version__) else 'newer'} than this orch ({__version__})"


def _order(version: str) -> list[tuple[int, str]]:
    """Order versions as people number them: number by number, and `1.0rc1` before `1.0`."""
    parts = re.findall(r"\d{1,9}|[a-z]+", version.lower().partition("+")[0])
    return [*((int(one), "") if one.isdigit() else (-1, one) for one in parts), (0, "")]
