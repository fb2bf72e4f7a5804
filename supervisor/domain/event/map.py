"""What happens to the map."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from supervisor.domain.link import Drift, Link


class SharedChanged(Struct, frozen=True):
    """A child changed something that others rely on. It was noticed after a turn of `task`, or None outside of one."""

    at: datetime
    child: str
    task: str | None
    drift: Drift


class MapDrawn(Struct, frozen=True):
    """The map of the repos is up to date. The ledger keeps the names that its fields began with."""

    at: datetime
    digest: str  # of the whole map, which is in map.json
    links: tuple[Link, ...] = field(name="seams")  # the best ones
    summaries: tuple[tuple[str, str], ...] = field(
        default=(), name="known"
    )  # per child, its snapshot in short (Markdown)


class MapFailed(Struct, frozen=True):
    """The map could not be brought up to date. The next change triggers another try."""

    at: datetime
    reason: str
