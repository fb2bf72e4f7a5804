"""Progress on standard error: on a terminal one line per thing, redrawn in place; else one line per change."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping

from supervisor.cli.display.blocks import clean, one_line
from supervisor.cli.display.output import STATE_STYLES, drawable, paint, say


class Progress:
    """Shows a line for each thing whenever it changes."""

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._drawn = 0

    def show(self, states: Mapping[str, str]) -> None:
        """Show these lines: `states` maps the name of a thing to its state and details."""
        if states == self._shown:
            return
        if drawable(sys.stderr):
            self._draw(states)
        else:
            for name, text in states.items():
                if self._shown.get(name) != text:
                    say(f"{clean(name)}: {one_line(text)}")
        self._shown = dict(states)

    def end(self) -> None:
        """Leave what is drawn on the screen; the next `show` starts below it."""
        self._drawn = 0

    def _draw(self, states: Mapping[str, str]) -> None:
        room = shutil.get_terminal_size().columns - 1
        names = max((len(name) for name in states), default=0)
        lines = []
        for name, text in states.items():
            text = one_line(text, max(8, room - names - 2))
            state = text.split()[0].rstrip(":") if text else ""
            lines.append(f"{clean(name):<{names}}  {paint(text, STATE_STYLES.get(state, ''), sys.stderr)}")
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        print(up + "".join(f"\x1b[2K{line}\n" for line in lines), end="", file=sys.stderr, flush=True)
        self._drawn = len(lines)
