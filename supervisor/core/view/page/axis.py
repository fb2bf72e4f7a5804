"""Lay moments out on a line. Long pauses in which nothing happened are folded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

FOLD = timedelta(minutes=10)  # a pause that is longer is folded, if it is also
SHARE = 0.2  # more than this share of the time in which something happened
FOLDED = 26.0  # what a folded pause takes of the line
TICKS = 8  # about so many marks

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800)


class Lap(NamedTuple):
    """A time in which something happened, and where it lies on the line."""

    begin: datetime
    end: datetime
    left: float
    right: float


class Axis:
    """A line from 0 to `wide` for these times, each with its begin and its end."""

    def __init__(self, times: Iterable[tuple[datetime, datetime]], wide: float) -> None:
        spans = _joined(times)
        busy = sum(((end - begin) for begin, end in spans), timedelta())
        fold = max(FOLD, busy * SHARE)
        laps: list[tuple[datetime, datetime]] = []
        for begin, end in spans:
            if laps and begin - laps[-1][1] <= fold:
                laps[-1] = (laps[-1][0], end)
            else:
                laps.append((begin, end))
        room = max(wide / 4, wide - FOLDED * (len(laps) - 1))
        total = sum((end - begin).total_seconds() for begin, end in laps) or 1.0
        self.laps: list[Lap] = []
        at = 0.0
        for begin, end in laps:
            size = room * (end - begin).total_seconds() / total
            self.laps.append(Lap(begin, end, at, at + size))
            at += size + FOLDED
        self._begins = [lap.begin for lap in self.laps]
        self._scale = room / total

    def place(self, at: datetime) -> float:
        """Return where a moment lies."""
        if not self.laps:
            return 0.0
        lap = self.laps[max(0, bisect_right(self._begins, at) - 1)]
        share = (min(max(at, lap.begin), lap.end) - lap.begin).total_seconds()
        return lap.left + share * self._scale

    def ticks(self) -> list[tuple[float, datetime]]:
        """Return round moments, a few of them, with their places."""
        seconds = sum((lap.end - lap.begin).total_seconds() for lap in self.laps)
        step = next((one for one in _STEPS if seconds / one <= TICKS), _STEPS[-1])
        found: list[tuple[float, datetime]] = []
        for lap in self.laps:
            at = datetime.fromtimestamp((lap.begin.timestamp() // step + 1) * step, lap.begin.tzinfo)
            while at <= lap.end and len(found) < 4 * TICKS:
                found.append((self.place(at), at))
                at += timedelta(seconds=step)
        return found

    @property
    def pauses(self) -> Sequence[tuple[float, float]]:
        """Where each folded pause begins, and how many seconds it took."""
        return [
            (before.right, (after.begin - before.end).total_seconds())
            for before, after in zip(self.laps, self.laps[1:], strict=False)
        ]


def _joined(times: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Join times that overlap or touch."""
    found: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(times):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, max(begin, end)))
    return found
