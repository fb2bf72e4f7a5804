"""The parts of a screen: cells, lines and grids of text that cannot control a terminal."""

import os
import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from supervisor.core.text.redact import Cutter, cut_known, redact, secrets_in
from supervisor.regex import regex

Style = str
"""A name of `_CODES`, or "" for none."""


class Cell(NamedTuple):
    """A piece of text on one line, and its style."""

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

    def filled(self) -> "Grid":
        """Return the table without the columns that are empty in every row."""
        kept = [at for at in range(len(self.columns)) if any(row[at].text for row in self.rows)]
        return Grid(tuple(self.columns[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in self.rows))


Block = Line | Grid


def clean(text: object) -> str:
    """Remove secrets, escape sequences, marks of direction, and control characters but line feed and tab.

    All text for a person passes here.
    """
    words = str(text)
    return _clean_short(words) if len(words) <= _SHORT else _clean(words)


_SHORT = 200  # characters of a text that is remembered: a table has the same words in many rows, and cleans each twice


def _clean(text: str) -> str:
    words = text.replace("\r\n", "\n")
    if not words.replace("\n", "").replace("\t", "").isprintable():
        words = _UNWANTED.sub("", _SEQUENCES.sub("", words))
    return redact(words, _known())


_clean_short = lru_cache(maxsize=16384)(_clean)


def clean_json(value: object, *, answered: bool = False) -> object:
    """Remove the secrets from JSON. All JSON for a person or a program passes here.

    What a supervisor `answered` has lost all that the rules find, but not what only our own environment names.
    """
    if answered:
        return cut_known(value, _known()) if _known() else value
    cleaned: object = Cutter(_known()).cut(value)
    return cleaned


@cache
def _known() -> tuple[str, ...]:
    return secrets_in(os.environ)


def one_line(text: object, limit: int | None = None) -> str:
    """Clean `text`, join its lines, and cut it to `limit` characters."""
    words = " ".join(clean(text).split())
    return words if limit is None or len(words) <= limit else words[: limit - 1] + "…"


def width(text: str) -> int:
    """Return the number of columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(mark) else 1 + (unicodedata.east_asian_width(mark) in "WF") for mark in text)


def one_line_or_space(text: str) -> str:
    """Join the lines of `text`, but keep the spaces at its ends: they separate it from its neighbours."""
    words = clean(text)
    return re.sub(r"[\n\t]+", " ", words) if "\n" in words or "\t" in words else words


# Escape sequences. Remove a control string (OSC, DCS, ...) only if it ends on its line: an open one must not hide what
# follows.
_SEQUENCES = regex(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]"
)
# What a text for a terminal must not have. None of it is printable.
_UNWANTED = regex(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
