"""The table of tasks in `orch status`: one line each, what needs attention first, as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from supervisor.cli.display.ask_lines import parsed
from supervisor.cli.display.blocks import Cell, Line, one_line, width
from supervisor.cli.display.fit import cut, cut_line
from supervisor.cli.display.output import state
from supervisor.cli.display.tally import tokens
from supervisor.core.text.figures import amount

if TYPE_CHECKING:
    from datetime import datetime

    from supervisor.domain.status import TaskInfo

SUMMARY_LENGTH = 160  # characters of a summary on the screen; runs.md has all of it
_ORDER = ("needs_human", "failed", "blocked", "running", "verifying", "held", "waiting", "done", "retired")
_RANKS = {state: rank for rank, state in enumerate(_ORDER)}
_CAPS = {"TASK": 20, "STATE": 14, "CHILD": 14, "TITLE": 32}  # columns that a narrow screen gives to these
_ROOMY = 100  # columns from which a terminal has room for the titles
_LEAST = 20  # columns for what a task does now; other columns give way before it has fewer
_GIVING_WAY = ("TITLE", "TRIES", "TOKENS", "TIME", "CHILD")


def task_rows(
    tasks: Sequence[TaskInfo],
    now: datetime,
    repos: Mapping[str, str],
    *,
    columns: int | None,
    most: int | None,
    every: bool,
) -> list[Line]:
    """Return the table in at most so many lines, and a line that counts what is hidden. `every`: nothing is.

    `repos` has the path of each child: files in it are named without it.
    """
    chosen = [task for task in tasks if every or task.state != "retired"]
    ranked = sorted(chosen, key=rank_of)
    shown = ranked
    if most is not None and not every:
        hides = len(chosen) < len(tasks)
        if 1 + len(ranked) + hides > most:
            shown = ranked[: max(1, most - 2)]
    hidden = [*ranked[len(shown) :], *(task for task in tasks if not every and task.state == "retired")]
    lines = list(_table(shown, now, repos, columns)) if shown else []
    if hidden:
        words = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in _counted(hidden))
        lines.append(Line((Cell(cut(f"hidden: {words} (`--all` shows them)", columns), "dim"),)))
    return lines


def duration(seconds: float) -> str:
    """Format seconds as one short unit: 12s, 5m, 3h, 2d."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def rank_of(task: TaskInfo) -> int:
    """Return a number to sort by: what needs attention first."""
    return _RANKS.get(task.state, 3)  # a state that we do not know: with the running ones


def _counted(tasks: Sequence[TaskInfo]) -> list[tuple[str, int]]:
    states = [task.state for task in tasks]
    return [(one_line(word, 20), states.count(word)) for word in dict.fromkeys(states)]


def _table(tasks: Sequence[TaskInfo], now: datetime, repos: Mapping[str, str], columns: int | None) -> Iterator[Line]:
    rows = [task_cells(task, now, repos.get(task.child) or "") for task in tasks]
    narrow = columns is not None and columns < _ROOMY
    widths = {name: max(width(name), *(width(row[name].text) for row in rows)) for name in rows[0]}
    if columns is not None:
        widths |= {name: min(widths[name], most) for name, most in _CAPS.items()}
    if narrow:
        del widths["TITLE"]
    for name in _GIVING_WAY:
        if columns is not None and _left(widths, columns) < _LEAST:
            widths.pop(name, None)
    if columns is not None:
        widths["NOW"] = max(0, _left(widths, columns))
    yield _row({name: Cell(name, "dim") for name in widths}, widths, columns)
    for row, task in zip(rows, tasks, strict=True):
        if "TITLE" not in widths:
            row["NOW"] = with_title(task, row["NOW"])
        yield _row(row, widths, columns)


def _left(widths: dict[str, int], columns: int) -> int:
    """Return how many columns are left for what a task does now."""
    return columns - sum(size + 2 for name, size in widths.items() if name != "NOW")


def _row(row: dict[str, Cell], widths: dict[str, int], columns: int | None) -> Line:
    cells = []
    for name, size in widths.items():
        cell = row[name] if columns is None else Cell(cut(row[name].text, size), row[name].style)
        gap = "" if name == "NOW" else " " * (size - width(cell.text) + 2)
        if columns is None and not cell.style:  # half as many cells: in a pipe, there may be thousands of rows
            cells.append(Cell(cell.text + gap))
        else:
            cells += [cell, Cell(gap)] if gap else [cell]
    return cut_line(Line(tuple(cells)), columns)


def task_cells(task: TaskInfo, now: datetime, repo: str) -> dict[str, Cell]:
    """Return what each column says of a task; "-" where there is nothing to say. `repo` is the path of its child."""
    spent = tokens(task)
    return {
        "TASK": Cell(one_line(task.id), "bold"),
        "STATE": state(one_line(task.state)),
        "CHILD": Cell(one_line(task.child or "") or "-"),
        "TIME": Cell(_elapsed(task, now) or "-"),
        "TOKENS": Cell(amount(spent) if spent else "-"),
        "TRIES": Cell(str(task.runs) if task.runs else "-"),
        "TITLE": Cell(one_line(task.title or "") or "-"),
        "NOW": Cell(_now(task, repo) or "-"),
    }


def with_title(task: TaskInfo, now: Cell) -> Cell:
    """Return the last cell of a row without a title: a task that waits says its title, too."""
    title = one_line(task.title or "", SUMMARY_LENGTH)
    if now.text == "-":
        return Cell(title, "dim")
    return Cell(f"{now.text} · {title}", now.style) if task.state == "waiting" and title else now


def _elapsed(task: TaskInfo, now: datetime) -> str:
    """Format how long the turns of a task ran, or how long it has been running or waiting on somebody."""
    if task.minutes:
        return duration(task.minutes * 60)
    since = parsed(task.since) if task.state in ("running", "verifying", "needs_human") else None
    return duration((now - since).total_seconds()) if since else ""


def _now(task: TaskInfo, repo: str) -> str:
    """Say what a task does or says now, or why it does not."""
    if task.state in ("running", "verifying") and task.doing:
        return one_line(task.doing.replace(f"{repo}/", "") if repo else task.doing, SUMMARY_LENGTH)
    if task.state in ("done", "retired") and task.summary:
        return one_line(task.summary, SUMMARY_LENGTH)
    return one_line(task.why or task.summary or "", SUMMARY_LENGTH)
