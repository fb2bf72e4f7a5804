"""Print to the terminal: plain, coloured or drawn as a table, and never a control sequence from foreign text."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, TextIO

from supervisor.cli.display.blocks import (
    Block,
    Cell,
    Line,
    Style,
    clean,
    clean_json,
    one_line,
    one_line_or_space,
    width,
)
from supervisor.cli.display.color import chosen

if TYPE_CHECKING:
    from supervisor.errors import OrchError


def show(blocks: Iterable[Block]) -> None:
    """Print blocks to standard output: drawn on a terminal, else aligned."""
    if drawable(sys.stdout):
        drawing().draw(blocks)
    else:
        print(plain(blocks, sys.stdout))


def drawing() -> ModuleType:
    """Return the module that draws on terminals."""
    from supervisor.cli.display import drawing  # import late (rich: 45 ms): only a terminal needs it

    return drawing


def plain(blocks: Iterable[Block], stream: TextIO | None = None) -> str:
    """Format the blocks as aligned text, without cutting anything; in colour for a `stream` that shows it."""

    colour = stream is not None and pretty(stream)

    def painted(text: str, style: Style) -> str:
        return _coloured(text, style) if colour and style and text.strip() else text

    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Line):
            cells = (painted(one_line_or_space(cell.text), cell.style) for cell in block.cells)
            lines.append(" " * block.indent + "".join(cells))
            continue
        heads = tuple(Cell(name, "dim") for name in block.columns)
        rows = [heads, *(tuple(Cell(one_line(cell.text) or "-", cell.style) for cell in row) for row in block.rows)]
        widths = [max(width(row[at].text) for row in rows) for at in range(len(block.columns))]
        lines += [
            "  ".join(
                painted(cell.text, cell.style) + " " * (w - width(cell.text))
                for cell, w in zip(row, widths, strict=True)
            )
            for row in rows
        ]
    return "\n".join(line.rstrip() for line in lines)


def paint(text: str, style: Style, stream: TextIO) -> str:
    """Return `text` in that style if the stream can show it."""
    return _coloured(text, style) if style and pretty(stream) else text


def _coloured(text: str, style: Style) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def pretty(stream: TextIO) -> bool:
    """Whether to colour: `--color` says so, or else the stream is a terminal and `NO_COLOR` is unset."""
    if chosen() != "auto":
        return chosen() == "always"
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def drawable(stream: TextIO) -> bool:
    """Whether to draw: the stream is a terminal, and in colour."""
    return stream.isatty() and pretty(stream)


def room(stream: TextIO) -> tuple[int | None, int | None]:
    """Return the columns and lines of the terminal that the stream is; None where there is no bound, as in a pipe.

    COLUMNS and LINES count before what the terminal says.
    """
    if not stream.isatty():
        return None, None
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return None, None
    columns = _whole(os.environ.get("COLUMNS")) or size.columns
    lines = _whole(os.environ.get("LINES")) or size.lines
    return columns or None, lines or None


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0


def say(text: str) -> None:
    """Print a line of progress or a warning to standard error."""
    print(clean(text), file=sys.stderr, flush=True)


def complain(error: OrchError) -> None:
    """Print an error on one line of standard error: what is wrong, and what to do."""
    print(f"{paint('orch:', 'red', sys.stderr)} {one_line(error)}", file=sys.stderr, flush=True)


def interactive() -> bool:
    """Whether a person can be asked: on standard error, and can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def says_yes(question: str) -> bool:
    """Ask a question on standard error; anything but a yes is a no."""
    print(f"{clean(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def emit(text: str = "") -> None:
    """Print a line of the result to standard output."""
    print(clean(text), flush=True)


def emit_json(value: object, *, one_line: bool = False, answered: bool = False) -> None:
    """Print the result to standard output as JSON, in ASCII, so that it cannot control a terminal.

    `answered`: it is as a supervisor sent it.
    """
    cleaned = clean_json(value, answered=answered)
    print(json.dumps(cleaned) if one_line else _laid_out(cleaned), flush=True)


def _laid_out(value: object) -> str:
    """Return JSON with a line for each field, and for each element of its lists.

    That is quicker to find by eye than one line, and quicker to make than a line for each value.
    """
    match value:
        case dict():
            rows = [f"  {json.dumps(key)}: {_elements(one, '  ')}" for key, one in value.items()]
            return "{\n" + ",\n".join(rows) + "\n}" if rows else "{}"
        case _:
            return _elements(value, "")


def _elements(value: object, indent: str) -> str:
    if not isinstance(value, list | tuple) or not any(isinstance(one, dict | list | tuple) for one in value):
        return json.dumps(value)
    rows = [f"{indent}  {json.dumps(one)}" for one in value]
    return "[\n" + ",\n".join(rows) + f"\n{indent}]"


_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


def states(names: Sequence[str], style: Style) -> dict[str, Style]:
    """Map several states to one style."""
    return dict.fromkeys(names, style)


STATE_STYLES: dict[str, Style] = {
    **states(("ready", "done", "up", "in_force"), "green"),
    **states(("running", "working", "verifying", "starting"), "cyan"),
    **states(("needs_human", "held", "backoff", "unhealthy", "stopping", "missing", "busy", "unreachable"), "yellow"),
    **states(("blocked", "failed", "rejected", "refused", "down"), "red"),
    **states(("waiting", "stopped", "retired"), "dim"),
}


def state(word: object) -> Cell:
    """Return a state as words, in its colour."""
    return Cell(str(word).replace("_", " "), STATE_STYLES.get(str(word), ""))
