"""Say that a supervisor is of another version than the command."""

import re
from typing import NamedTuple

from supervisor import __version__

RESTART = "`orch up --restart` restarts it in place (servers and turns go on)"
NEWER = "use the newer orch: this one may not read what that supervisor wrote"


class Skew(NamedTuple):
    """How the version of a supervisor differs from that of this command, and what to do about it."""

    what: str
    next_step: str
    older: bool


def skew_of(version: str | None) -> Skew | None:
    """Compare the version of a supervisor with ours; None if they are the same."""
    if version == __version__:
        return None
    if version is None:
        return Skew(f"of another version than this orch ({__version__})", RESTART, True)
    if _order(version) < _order(__version__):
        return Skew(f"older than this orch ({__version__})", RESTART, True)
    return Skew(f"newer than this orch ({__version__})", NEWER, False)


def _order(version: str) -> list[tuple[int, str]]:
    """Order versions as people number them: number by number, and `1.0rc1` before `1.0`."""
    parts = re.findall(r"\d{1,9}|[a-z]+", version.lower().partition("+")[0])
    return [*((int(one), "") if one.isdigit() else (-1, one) for one in parts), (0, "")]
