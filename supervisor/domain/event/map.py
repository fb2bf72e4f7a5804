"""What ties the repos together, as it was found."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from supervisor.domain.link import Drift, Link


class SharedChanged(Struct, frozen=True):
    """A child changed something that others rely on; noticed after a turn of `task`, if one of ours made it."""

    at: datetime
    child: str
    task: str | None
    drift: Drift


class MapDrawn(Struct, frozen=True):
    """The map of the repos is up to date. `links` are its best; all of them are in map.json. `digest` names it.

    `known` has for each child what its snapshot tells in short, as Markdown.
    """

    at: datetime
    digest: str
    links: tuple[Link, ...] = field(name="seams")  # the ledger keeps the name it began with
    known: tuple[tuple[str, str], ...] = ()


class MapFailed(Struct, frozen=True):
    """The map could not be brought up to date; it is tried again after the next change."""

    at: datetime
    reason: str
