"""The widget that covers the screen: keeps the rows that were drawn, and redraws those that differ."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from supervisor.cli.watch.draw import ScreenRow

_LOOKS = {"bar": "bold white on blue", "alarm": "bold white on red"}


class Board(Widget, can_focus=True):
    """Shows rows of text. What is in them is drawn as it stands: nothing in it is markup or a control sequence."""

    DEFAULT_CSS = "Board { width: 100%; height: 100%; }"

    def __init__(self, pressed: Callable[[str], None], pasted: Callable[[str], None]) -> None:
        super().__init__()
        self._pressed, self._pasted = pressed, pasted
        self._rows: list[ScreenRow] = []

    def show(self, rows: list[ScreenRow]) -> None:
        """Put these rows on the screen."""
        before, self._rows = self._rows, rows
        if len(before) != len(rows):
            self.refresh()
            return
        changed = [at for at, (old, new) in enumerate(zip(before, rows, strict=True)) if old != new]
        if changed:
            self.refresh(*(Region(0, at, self.size.width, 1) for at in changed))

    def render_line(self, y: int) -> Strip:
        columns = self.size.width
        if y >= len(self._rows):
            return Strip.blank(columns)
        row = self._rows[y]
        look = _style(_LOOKS.get(row.look, "reverse" if row.look else ""))
        cells = [(" " * row.line.indent, ""), *((cell.text, cell.style) for cell in row.line.cells)]
        segments = [
            Segment(text, look if row.look else _style(style))
            for text, style in cells
            if text  # made of printable characters only: see `blocks.clean`
        ]
        return Strip(segments).adjust_cell_length(columns, look)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self._pressed(event.character if event.is_printable and event.character else event.key)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._pasted(event.text)


@lru_cache(maxsize=64)
def _style(words: str) -> Style:
    return Style.parse(words) if words else Style.null()
