"""Fit text into the width of a terminal: cut it, or fold it into several lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from supervisor.cli.display.blocks import Cell, Line, one_line_or_space, width


def cut(text: str, columns: int | None) -> str:
    """Cut `text` to so many columns of a terminal, with `…` for what is left out. None: no bound."""
    if columns is None or width(text) <= columns:
        return text
    kept, room = [], columns - 1
    for mark in text:
        room -= width(mark)
        if room < 0:
            break
        kept.append(mark)
    return "".join(kept).rstrip() + "…" if columns > 0 else ""


def cut_line(line: Line, columns: int | None) -> Line:
    """Cut the cells of a line so that it takes one row of the terminal."""
    if columns is None:
        return line
    room, cells = columns - line.indent, []
    for cell in line.cells:
        whole = one_line_or_space(cell.text)
        text = cut(whole, max(0, room))
        room -= width(text)
        cells.append(Cell(text, cell.style))
        if text != whole:
            break
    return Line(tuple(cells), line.indent)


def fold(text: str, columns: int | None) -> list[str]:
    """Fold `text` at its spaces into one or more lines of so many columns; a longer word is cut in two."""
    if columns is None or width(text) <= columns:
        return [text]
    lines, current = [], ""
    for word in text.split(" "):
        longer = f"{current} {word}" if current else word
        if width(longer) <= columns:
            current = longer
            continue
        if current.strip():
            lines.append(current)
        *whole, current = _pieces(word, max(2, columns))
        lines += whole
    return [*lines, current] if current or not lines else lines


def fold_lines(lines: Iterable[Line], columns: int | None) -> Iterator[Line]:
    """Fold the lines that hold one cell, and cut the others."""
    for line in lines:
        if len(line.cells) == 1:
            cell = line.cells[0]
            room = columns - line.indent if columns is not None else None
            parts = fold(one_line_or_space(cell.text), room)
            yield from (Line((Cell(part, cell.style),), line.indent) for part in parts)
        else:
            yield cut_line(line, columns)


def _pieces(word: str, columns: int) -> list[str]:
    pieces, current = [], ""
    for mark in word:
        if width(current + mark) > columns:
            pieces.append(current)
            current = ""
        current += mark
    return [*pieces, current]
