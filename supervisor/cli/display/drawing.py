"""Draw blocks on a terminal with rich."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from supervisor.cli.display.blocks import Block, Cell, Line, one_line, one_line_or_space


def draw(blocks: Iterable[Block]) -> None:
    """Print the blocks to standard output."""
    Console(highlight=False, markup=False, emoji=False, no_color=False).print(drawn(blocks))


def drawn(blocks: Iterable[Block]) -> RenderableType:
    """Convert the blocks to what rich renders."""
    parts: list[RenderableType] = []
    for block in blocks:
        if isinstance(block, Line):
            text = Text.assemble(*((one_line_or_space(cell.text), cell.style) for cell in block.cells))
            parts.append(Padding(text, (0, 0, 0, block.indent)))
            continue
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for column in block.columns[:-1]:
            table.add_column(column, no_wrap=True, overflow="ellipsis")
        table.add_column(block.columns[-1], overflow="fold", ratio=1)
        for row in block.rows:
            table.add_row(*(Text(one_line(cell.text), style=cell.style) for cell in row))
        parts.append(table)
    return Group(*parts)


class LiveRows:
    """Rows on standard error that are redrawn in place: a name, a bar where the share is known, and a state."""

    def __init__(self) -> None:
        console = Console(stderr=True, highlight=False, markup=False, emoji=False, no_color=False)
        self._live = Live(console=console, auto_refresh=False, redirect_stdout=False)
        self._live.start()

    def show(self, rows: Sequence[tuple[Cell, Cell, float | None]]) -> None:
        """Draw these rows in place of the last ones. A share is from 0 to 1."""
        bars = any(share is not None for _, _, share in rows)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        table.add_column(no_wrap=True, overflow="ellipsis")
        if bars:
            table.add_column(width=BAR)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for name, state, share in rows:
            bar = [ProgressBar(total=1.0, completed=share, width=BAR) if share is not None else ""] if bars else []
            table.add_row(_text(name), *bar, _text(state))
        self._live.update(table, refresh=True)

    def stop(self) -> None:
        """Leave the last rows on the screen."""
        self._live.stop()


def _text(cell: Cell) -> Text:
    return Text(one_line(cell.text), style=cell.style)


BAR = 24  # columns of a bar
