"""Progress on standard error: on a terminal one line per thing, redrawn in place; else one line per change."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping

from supervisor.cli.display.blocks import clean, one_line
from supervisor.cli.display.output import STATE_STYLES, paint, pretty, say


class Progress:
    """What is said of each thing, shown when it changes."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._drawn = 0

    def show(self, said: Mapping[str, str]) -> None:
        """`said`: for each thing its state, and what follows."""
        if said == self._said:
            return
        if pretty(sys.stderr):
            self._draw(said)
        else:
            for name, words in said.items():
                if self._said.get(name) != words:
                    say(f"{clean(name)}: {one_line(words)}")
        self._said = dict(said)

    def end(self) -> None:
        """What is drawn now stays."""
        self._drawn = 0

    def _draw(self, said: Mapping[str, str]) -> None:
        room = shutil.get_terminal_size().columns - 1
        names = max((len(name) for name in said), default=0)
        lines = []
        for name, words in said.items():
            text = one_line(words, max(8, room - names - 2))
            state = text.split()[0].rstrip(":") if text else ""
            lines.append(f"{clean(name):<{names}}  {paint(text, STATE_STYLES.get(state, ''), sys.stderr)}")
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        print(up + "".join(f"\x1b[2K{line}\n" for line in lines), end="", file=sys.stderr, flush=True)
        self._drawn = len(lines)
