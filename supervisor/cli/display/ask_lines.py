"""Show what waits on the human: as a whole, or as short as the room on the screen asks for. No ask is ever left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from supervisor.cli.display.blocks import Cell, Line, clean, one_line
from supervisor.cli.display.fit import cut_line, fold, fold_lines
from supervisor.core.text.answer_forms import in_command

if TYPE_CHECKING:
    from supervisor.domain.status import AskInfo


def ask_blocks(ask: AskInfo, columns: int | None = None) -> Iterator[Line]:
    """Return one ask: what it is, what to do, what result to expect, and how to answer."""
    return fold_lines(_whole(ask, columns), columns)


def ask_lines(asks: Sequence[AskInfo], columns: int | None, most: int | None) -> list[Line]:
    """Return all asks in at most so many lines, if that can be: whole, or shorter, or at least their names."""
    if not asks:
        return []
    head = Line((Cell("waits on you", "yellow"),))
    apart = ([*([Line()] if at else []), *ask_blocks(ask, columns)] for at, ask in enumerate(asks))
    whole = [head, *(line for lines in apart for line in lines)]
    if most is None or len(whole) <= most:
        return whole
    pointer = Line((Cell("waits on you", "yellow"), Cell("  `orch asks` has the steps and the whole text", "dim")))
    two = [pointer, *(line for ask in asks for line in (_first(ask), _answers(ask)))]
    if len(two) <= most:
        return [cut_line(line, columns) for line in two]
    one = [pointer, *(_first(ask) for ask in asks)]
    if len(one) <= most:
        return [cut_line(line, columns) for line in one]
    names = " ".join(one_line(ask.id) for ask in asks)
    return [cut_line(pointer, columns), *(Line((Cell(part, "bold"),)) for part in fold(names, columns))]


def clock(time: str | None) -> str:
    """Format a moment of a status as it is where the person is, as the logs do, with the name of that time."""
    moment = parsed(time)
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %Z}" if moment else "an unknown time"


def parsed(time: str | None) -> datetime | None:
    """Parse a moment of a status; None if it is absent or cannot be read."""
    try:
        moment = datetime.fromisoformat(time) if time else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def _whole(ask: AskInfo, columns: int | None) -> Iterator[Line]:
    yield Line((Cell(one_line(ask.id), "bold"), Cell(f"  {_about(ask)}"), Cell(f"  since {clock(ask.since)}", "dim")))
    for name, text in (("", ask.text), ("steps", ask.steps), ("expect", ask.expect)):
        lines = clean(text or "").strip().splitlines()
        if name and lines:
            yield Line((Cell(f"{name}:", "dim"),), 2)
        yield from (Line((Cell(line),), 4 if name else 2) for line in lines)
    ways = [f"`{way}`" for way in _ways(ask)]
    joined = ", or ".join(ways)
    if columns is None or len(joined) + 10 <= columns:
        yield Line((Cell("answer:", "dim"), Cell(f" {joined}", "cyan")), 2)
        return
    for at, way in enumerate(ways):
        yield Line((Cell("     or" if at else "answer:", "dim"), Cell(f" {way}", "cyan")), 2)


def _about(ask: AskInfo) -> str:
    return " · ".join(one_line(word) for word in (ask.kind, ask.child, ask.task) if word)


def _first(ask: AskInfo) -> Line:
    """Return one line: which ask it is, and the beginning of what it says."""
    return Line((Cell(one_line(ask.id), "bold"), Cell(f"  {_about(ask)}: {one_line(ask.text or '', 300)}")))


def _answers(ask: AskInfo) -> Line:
    return Line((Cell("answer:", "dim"), Cell(f" {', or '.join(_ways(ask))}", "cyan")), 4)


def _ways(ask: AskInfo) -> list[str]:
    return [f"orch answer {one_line(ask.id)} {one_line(in_command(form))}" for form in ask.answers or ()]
