"""Whether one place lies in another one, whatever they are called."""

from __future__ import annotations

from supervisor.domain.repo.location import UNKNOWN, Location, Spot


def holds(outer: Location, inner: Location) -> bool:
    """Whether `inner` is `outer` or lies in it.

    The path alone would miss a file system that ignores case, and a folder that is mounted at two places.
    """
    if _below(outer.path, inner.path):
        return True
    if outer.ids and outer.ids[0] != UNKNOWN and outer.ids[0] in inner.ids:
        return True
    return bool(inner.spots) and any(_spot_below(spot, inner.spots[0]) for spot in outer.spots)


def same(one: Location, other: Location) -> bool:
    """Whether both are one folder."""
    return holds(one, other) and holds(other, one)


def _spot_below(outer: Spot, inner: Spot) -> bool:
    return outer.device == inner.device and _below(outer.path, inner.path)


def _below(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith(outer if outer.endswith("/") else f"{outer}/")
