"""How many lines each part of the screen has."""

from __future__ import annotations

from typing import NamedTuple

from supervisor.cli.watch.state import END, Items, Screen

LEAST_COLUMNS, LEAST_LINES = 20, 6  # a smaller screen shows one line that says so
TALL = 32  # lines from which a screen has room for more about what is chosen


class Size(NamedTuple):
    """The terminal."""

    columns: int
    lines: int


class Parts(NamedTuple):
    """Lines of each part of the list, from the top. The bar and the last line have one each."""

    head: int  # the counts, and what is wrong
    asks: int  # with their heading; 0 without asks
    tasks: int  # without their heading
    about: int  # what is chosen, with the rule above it


def layout(size: Size, items: Items, head: int) -> Parts:
    """Divide the screen. `head`: lines that the counts and the troubles take."""
    rest = size.lines - 2 - head
    about = 0 if rest < 9 else 9 if size.lines >= TALL else 5
    rest -= about
    asks = min(1 + len(items.asks), max(2, rest // 2)) if items.asks else 0
    return Parts(head, asks, max(0, rest - asks - 1), about)


def first_seen(chosen: int | None, top: int, room: int, count: int) -> int:
    """Return the first row to show, so that the chosen one is seen and the last page is full."""
    if chosen is not None:
        top = min(top, chosen)
        top = max(top, chosen - room + 1)
    return max(0, min(top, count - room))


def scrolled(screen: Screen, room: int, count: int) -> int:
    """Return the first line of a page to show."""
    last = max(0, count - room)
    return last if screen.scroll == END else min(screen.scroll, last)
