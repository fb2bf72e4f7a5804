"""The rows of the tasks: one line each, in columns that stay where they are while the rows scroll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from supervisor.cli.display.blocks import Cell, Line, width
from supervisor.cli.display.fit import cut
from supervisor.cli.display.output import STATE_STYLES
from supervisor.cli.display.task_rows import task_cells, with_title
from supervisor.core.view.graph.palette import palette_of
from supervisor.domain.status import TaskInfo

ROOMY = 100  # columns from which there is room for the titles beside what a task does now
_STATE, _TIME, _TOKENS, _TRIES = 11, 4, 6, 5
_LEAST = 28  # columns for what a task does now; other columns give way before it has fewer
_GIVING_WAY = ("TITLE", "TRIES", "TOKENS", "TIME", "CHILD")
_RIGHT = ("TIME", "TOKENS", "TRIES")

Widths = Mapping[str, int]


def widths_of(tasks: Sequence[TaskInfo], columns: int) -> Widths:
    """Return the width of each column that there is room for."""
    names = max((len(task.id) for task in tasks), default=4)
    children = max((len(task.child or "") for task in tasks), default=5)
    widths = {
        "TASK": min(max(4, names), 20),
        "STATE": _STATE,
        "CHILD": min(max(5, children), 14),
        "TIME": _TIME,
        "TOKENS": _TOKENS,
        "TRIES": _TRIES,
        "TITLE": min(40, columns // 4) if columns >= ROOMY else 0,
    }
    widths = {name: size for name, size in widths.items() if size}
    for name in _GIVING_WAY:
        if _left(widths, columns) < _LEAST:
            widths.pop(name, None)
    return {**widths, "NOW": max(0, _left(widths, columns))}


def heading(widths: Widths, more: str) -> Line:
    """Return the names of the columns; `more` stands at the right."""
    cells = [Cell("   ")]
    for name, size in widths.items():
        text = more if name == "NOW" and more else name
        shown = cut(text, size)
        if name in _RIGHT or (name == "NOW" and more):
            shown = " " * (size - width(shown)) + shown
        cells.append(Cell(shown + " " * (size - width(shown)) + ("  " if name != "NOW" else ""), "dim"))
    return Line(tuple(cells))


def task_row(task: TaskInfo, widths: Widths, now: datetime, repo: str) -> tuple[Cell, ...]:
    """Return the cells of a task. `repo` is the path of its child: files in it are named without it."""
    row = task_cells(task, now, repo)
    style = STATE_STYLES.get(task.state, "")
    if "TITLE" not in widths:
        row["NOW"] = with_title(task, row["NOW"])
    cells = [Cell(f"{palette_of(task.state).mark} ", style)]
    for name, size in widths.items():
        found = row[name]
        text = "" if found.text == "-" else cut(found.text, size)
        pad = " " * (size - width(text))
        shown = f"{pad}{text}" if name in _RIGHT else text if name == "NOW" else f"{text}{pad}"
        cells.append(Cell(shown, found.style if name != "NOW" or style not in ("red", "yellow") else style))
        if name != "NOW":
            cells.append(Cell("  "))
    return tuple(cells)


def _left(widths: Widths, columns: int) -> int:
    return columns - 4 - sum(size + 2 for name, size in widths.items() if name != "NOW")
