"""What people see: plain, coloured or drawn as a table, and never what a stranger's text could do to a terminal."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

if TYPE_CHECKING:
    from supervisor.errors import OrchError

Style = str
"""A name of `_CODES`, or "" for none."""


class Cell(NamedTuple):
    """A piece of text on one line, and how it looks."""

    text: str
    style: Style = ""


class Line(NamedTuple):
    """Cells side by side, `indent` spaces in."""

    cells: tuple[Cell, ...] = ()
    indent: int = 0


class Grid(NamedTuple):
    """A table with a heading for each column. On a terminal the last column folds, the others do not."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def filled(self) -> Grid:
        """Without the columns that are empty in every row."""
        kept = [at for at in range(len(self.columns)) if any(row[at].text for row in self.rows)]
        return Grid(tuple(self.columns[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in self.rows))


Block = Line | Grid


def clean(text: object) -> str:
    """`text` without escape sequences, control characters (but line feed and tab) and marks that turn its direction."""
    return _UNWANTED.sub("", _SEQUENCES.sub("", str(text).replace("\r\n", "\n")))


def one_line(text: object, limit: int | None = None) -> str:
    """`text`, cleaned, on one line and cut to `limit` characters."""
    words = " ".join(clean(text).split())
    return words if limit is None or len(words) <= limit else words[: limit - 1] + "…"


def show(blocks: Iterable[Block]) -> None:
    """Print to standard output: drawn on a terminal, else plain."""
    if pretty(sys.stdout):
        from supervisor.cli.display.drawing import draw  # rich: 45 ms, on a terminal only

        draw(blocks)
    else:
        print(plain(blocks))


def plain(blocks: Iterable[Block]) -> str:
    """The blocks as aligned text, nothing cut."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Line):
            lines.append(" " * block.indent + "".join(one_line_or_space(cell.text) for cell in block.cells))
            continue
        rows = [block.columns, *(tuple(one_line(cell.text) or "-" for cell in row) for row in block.rows)]
        widths = [max(width(row[at]) for row in rows) for at in range(len(block.columns))]
        lines += [
            "  ".join(text + " " * (w - width(text)) for text, w in zip(row, widths, strict=True)) for row in rows
        ]
    return "\n".join(line.rstrip() for line in lines)


def paint(text: str, style: Style, stream: TextIO) -> str:
    """`text` in that style if the stream shows it."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and pretty(stream) else text


def pretty(stream: TextIO) -> bool:
    """Whether to draw and colour: a terminal, and `NO_COLOR` is unset."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def say(text: str) -> None:
    """A line of progress, or a warning: to standard error."""
    print(clean(text), file=sys.stderr, flush=True)


def complain(error: OrchError) -> None:
    """One line on standard error: what is wrong, and what to do."""
    print(f"{paint('orch:', 'red', sys.stderr)} {one_line(error)}", file=sys.stderr, flush=True)


def emit(text: str = "") -> None:
    """A line of the answer: to standard output."""
    print(clean(text), flush=True)


def emit_json(value: Any, *, indent: int | None = 2) -> None:
    """The answer as JSON (in ASCII, so no terminal obeys it): to standard output."""
    print(json.dumps(value, indent=indent), flush=True)


def width(text: str) -> int:
    """The columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(mark) else 1 + (unicodedata.east_asian_width(mark) in "WF") for mark in text)


def one_line_or_space(text: str) -> str:
    """`text` on one line, with the spaces at its ends: they part it from its neighbours."""
    return re.sub(r"[\n\t]+", " ", clean(text))


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
# A control string (OSC, DCS, ...) goes only if it is closed on its own line: an open one must not hide what follows.
_SEQUENCES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]"
)
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def states(names: Sequence[str], style: Style) -> dict[str, Style]:
    """The same style for several states."""
    return dict.fromkeys(names, style)


STATE_STYLES: dict[str, Style] = {
    **states(("ready", "done", "up", "in_force"), "green"),
    **states(("running", "working", "verifying", "starting"), "cyan"),
    **states(("needs_human", "held", "backoff", "unhealthy", "stopping", "missing"), "yellow"),
    **states(("blocked", "failed", "rejected", "down"), "red"),
    **states(("waiting", "stopped", "retired"), "dim"),
}


def state(word: object) -> Cell:
    """A state in its colour, in words."""
    return Cell(str(word).replace("_", " "), STATE_STYLES.get(str(word), ""))
