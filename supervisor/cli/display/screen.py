"""The screen of `orch status`: turns a status object into lines that fit the terminal, what needs attention first."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from supervisor.cli.display.ask_lines import ask_lines, clock, parsed
from supervisor.cli.display.blocks import Block, Cell, Grid, Line, one_line
from supervisor.cli.display.fit import cut_line, fold_lines
from supervisor.cli.display.output import state
from supervisor.cli.display.skew import skew_of
from supervisor.cli.display.tally import tally
from supervisor.cli.display.task_rows import SUMMARY_LENGTH, duration, task_rows
from supervisor.core.text.figures import span

if TYPE_CHECKING:
    from supervisor.domain.status import ChildInfo, Status

TROUBLES = 4  # lines about what is wrong on a terminal; `--all` shows all
LIVE = ("needs_human", "failed", "blocked", "running", "verifying")
LIVE_ROWS = 8  # lines of such tasks for which longer asks make room by being shown shorter


class View(NamedTuple):
    """How much to show. `columns` and `lines` of the terminal; None: no bound, nothing is cut."""

    columns: int | None = None
    lines: int | None = None
    every: bool = False  # all tasks, also retired ones and those for which there is no room
    wide: bool = False  # also what only a look behind the scenes needs: processes, versions, memory


def blocks(status: "Status", now: datetime, view: View | None = None) -> list[Block]:
    """Return the whole screen, as of `now`."""
    view = view or View()
    columns = view.columns
    lines = None if view.every else view.lines
    first = [*fold_tally(tally(status), columns), *_bounded(list(fold_lines(troubles(status), columns)), lines)]
    foot: list[Block] = [cut_line(line, columns) for line in _foot(status, now, view)]
    children = _processes(status.children, now) if view.wide else []
    rest = (
        None
        if lines is None
        else lines - 1 - len(first) - 1 - len(foot) - (len(status.children) + 2 if children else 0)
    )
    rows = min(LIVE_ROWS, 1 + sum(task.state in LIVE for task in status.tasks)) + 2
    asks = ask_lines(status.asks, columns, None if rest is None else max(2, rest - rows - 1))
    most = None if rest is None else max(3, rest - (len(asks) + 1 if asks else 0) - 1)
    repos = {child.name: child.path for child in status.children}
    tasks = task_rows(status.tasks, now, repos, columns=columns, most=most, every=view.every)
    parts: list[Sequence[Block]] = [first, asks, tasks, foot, children]
    filled = [part for part in parts if part]
    apart = [block for at, part in enumerate(filled) for block in (*([Line()] if at else []), *part)]
    return [cut_line(block, columns) if isinstance(block, Line) else block for block in apart]


def fold_tally(line: Line, columns: int | None) -> list[Line]:
    """Break the first line between two counts where the terminal is too narrow for it."""
    if columns is None or sum(len(cell.text) for cell in line.cells) <= columns:
        return [line]
    lines: list[Line] = []
    cells: list[Cell] = []
    for at in range(0, len(line.cells), 2):  # every second cell is the dot between two counts
        more = line.cells[max(0, at - 1) : at + 1]
        if cells and sum(len(cell.text) for cell in (*cells, *more)) > columns:
            lines.append(Line(tuple(cells)))
            cells = []
        cells += more if cells else [line.cells[at]]
    return [cut_line(one, columns) for one in (*lines, Line(tuple(cells)))]


def _bounded(lines: list[Line], most: int | None) -> list[Line]:
    if most is None or len(lines) <= TROUBLES:
        return lines
    more = Line((Cell(f"and {len(lines) - TROUBLES + 1} more lines (`orch status --all`)", "dim"),))
    return [*lines[: TROUBLES - 1], more]


def troubles(status: "Status") -> Iterator[Line]:
    """Return a line for each thing that is not as it should be."""
    daemon, plan = status.supervisor, status.plan
    if daemon.state == "up" and (skew := skew_of(daemon.version)) is not None:
        yield Line((Cell(f"{skew.what}: {skew.next_step}", "yellow"),))
    if daemon.problem:
        yield Line((Cell(one_line(daemon.problem), "red"),))
    if plan.state == "waiting":
        yield Line((Cell("`orch plan check` shows what it would do, `orch go` lets it in force", "yellow"),))
    for warning in status.warnings or ():
        yield Line((Cell(one_line(warning), "yellow"),))
    for problem in plan.problems:
        yield Line((Cell(f"plan.md:{problem.line}: {one_line(problem.message)}", "red"),))
    for child in status.children:
        if child.problem:
            tries = f" (since {clock(child.since)}, next try at {clock(child.next_try)})" if child.next_try else ""
            words = f"{one_line(child.name)} {one_line(child.state)}{tries}: {one_line(child.problem)}"
            yield Line((Cell(words, "yellow" if child.state == "ready" else "red"),))
    for one in status.pauses or ():
        who = one_line(one.provider or "the provider")
        why = one_line(one.why, SUMMARY_LENGTH)
        yield Line((Cell(f"paused: {who} until {clock(one.until)}: {why}", "yellow"),))


def _foot(status: "Status", now: datetime, view: View) -> Iterator[Line]:
    plan, daemon = status.plan, status.supervisor
    revision = f"  revision {plan.revision}" if plan.revision else ""
    title = f": {one_line(plan.title)}" if plan.title else ""
    why = f"  ({one_line(plan.why)})" if plan.why else ""
    yield Line((Cell("plan        ", "dim"), state(plan.state), Cell(f"{revision}{title}{why}")))
    words = [
        f"process {daemon.pid}" if daemon.pid and (view.wide or daemon.state == "busy") else "",
        f"for {_since(daemon.since, now)}" if daemon.since else "",
        f"version {one_line(daemon.version)}" if daemon.version and view.wide else "",
        f"last seen {clock(status.as_of)}" if daemon.state in ("down", "busy") and status.as_of else "",
    ]
    rest = ", ".join(word for word in words if word)
    yield Line((Cell("supervisor  ", "dim"), state(daemon.state), Cell(f"  {rest}" if rest else "")))
    if view.wide:
        yield Line((Cell("workspace   ", "dim"), Cell(one_line(status.workspace))))
        for one in status.limits or ():
            until = f" until {clock(one.resets_at)}" if one.resets_at else ""
            window = f" over {span(one.minutes)}" if one.minutes else ""
            used = f"{one_line(one.name or 'account')}: {one.used_percent:.0f}% used{window}{until}"
            yield Line((Cell("limit       ", "dim"), Cell(used)))
    elif status.children:
        yield Line((Cell("children    ", "dim"), *_children(status.children)))
    if info := status.orchestrator:
        text = info.doing or (info.summary if info.state == "idle" else None) or info.why or ""
        about = f"  {one_line(text, SUMMARY_LENGTH)}" if text else ""
        yield Line((Cell("orchestrator ", "dim"), state(info.state), Cell(about)))


def _children(children: Sequence["ChildInfo"]) -> Iterator[Cell]:
    """Name the children by their states, those that are not ready first."""
    states = dict.fromkeys(sorted((str(child.state) for child in children), key=lambda word: word == "ready"))
    for at, word in enumerate(states):
        names = ", ".join(one_line(child.name) for child in children if str(child.state) == word)
        yield Cell(f"{' · ' if at else ''}{names} ")
        yield state(one_line(word))


def _processes(children: Sequence["ChildInfo"], now: datetime) -> list[Block]:
    rows = tuple(
        (
            Cell(child.name, "bold"),
            state(child.state),
            Cell(_since(child.since, now)),
            Cell(_text(child.pid)),
            Cell(_text(child.codex)),
            Cell(_megabytes(child.rss_bytes)),
            Cell(_text(child.restarts or None)),
            Cell(_text(child.task)),
            Cell(_text(child.problem), "red"),
        )
        for child in children
    )
    heads = ("CHILD", "STATE", "FOR", "PID", "CODEX", "MEMORY", "RESTARTS", "TASK", "PROBLEM")
    return [Grid(heads, rows).filled()] if rows else []


def _since(time: str | None, now: datetime) -> str:
    moment = parsed(time)
    return duration((now - moment).total_seconds()) if moment else ""


def _text(value: object) -> str:
    return "" if value is None else one_line(value)


def _megabytes(size: int | None) -> str:
    return f"{size / 2**20:.0f} MB" if size else ""
