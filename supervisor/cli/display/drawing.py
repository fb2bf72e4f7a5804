"""Draw blocks on a terminal with rich."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from supervisor.cli.display.blocks import Block, Line, one_line, one_line_or_space


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
