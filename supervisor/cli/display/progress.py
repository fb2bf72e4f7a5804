"""Progress on standard error: on a terminal one line per thing, redrawn in place; else one line per change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from supervisor.cli.display.blocks import Cell, clean, one_line
from supervisor.cli.display.output import STATE_STYLES, drawable, drawing, say

if TYPE_CHECKING:
    from supervisor.cli.display.drawing import LiveRows


class Progress:
    """Shows a line for each thing whenever it changes."""

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._shares: dict[str, float] = {}
        self._live: LiveRows | None = None

    def show(self, states: Mapping[str, str], shares: Mapping[str, float] | None = None) -> None:
        """Show these lines: `states` maps the name of a thing to its state and details.

        `shares` has how much of it is done, from 0 to 1, where that is known: a terminal shows it as a bar.
        """
        if drawable(sys.stderr):
            self._draw(states, shares or {})
        else:
            for name, text in states.items():
                if self._shown.get(name) != text:
                    say(f"{clean(name)}: {one_line(text)}")
        self._shown = dict(states)

    def end(self) -> None:
        """Leave what is drawn on the screen; the next `show` starts below it."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    @classmethod
    @contextmanager
    def in_steps(cls, name: str, of: int) -> Iterator[Callable[[str], None]]:
        """On a terminal, show what each of so many steps does, from the call of what this yields until the next one."""
        progress, told = cls(), list[str]()

        def step(text: str) -> None:
            if sys.stderr.isatty():
                progress.show({name: text}, {name: len(told) / max(1, of)})
            told.append(text)

        try:
            yield step
            if told and sys.stderr.isatty():
                progress.show({name: told[-1]}, {name: 1.0})
        finally:
            progress.end()

    def _draw(self, states: Mapping[str, str], shares: Mapping[str, float]) -> None:
        if (states, shares) == (self._shown, self._shares) and self._live is not None:
            return
        self._shares = dict(shares)
        if self._live is None:
            live: LiveRows = drawing().LiveRows()
            self._live = live
        rows = []
        for name, text in states.items():
            words = one_line(text)
            state = words.split()[0].rstrip(":") if words else ""
            rows.append((Cell(name), Cell(words, STATE_STYLES.get(state, "")), shares.get(name)))
        self._live.show(rows)
