"""What a closer look at a task shows: its log, its brief, its changed lines; and the graph of all tasks.

Loaded with the first such look, because none of it is on the first screen.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

from supervisor.cli.change.diff import LINE_STYLES
from supervisor.cli.display.blocks import Cell, Line, clean, one_line
from supervisor.cli.draw.graph import graph_lines
from supervisor.cli.look.log_lines import LogWords, seconds_of
from supervisor.cli.look.logs import local_time, shade_of
from supervisor.cli.watch.state import ScreenPage
from supervisor.core.engine.prompts import brief_of
from supervisor.core.view.graph.layers import nodes_of
from supervisor.core.view.graph.text import drawing
from supervisor.domain.plan import HUMAN, Plan
from supervisor.domain.status import Status, TaskInfo
from supervisor.runtime.change.diffs import diffs_of
from supervisor.runtime.plan.read import check
from supervisor.runtime.records import RecordLine, Records
from supervisor.runtime.workspace import WorkspacePaths

LOG_LINES = 2000  # the latest of a task's log
DIFF_LINES = 20_000


class Reader:
    """Reads the pages of the tasks, one at a time. It may be called from any thread."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._workspace = workspace
        self._log: TaskLog | None = None
        self._one = threading.Lock()

    def read(self, status: Status, place: str, name: str) -> ScreenPage:
        """Return the page of a place; `name` is its task."""
        with self._one:
            if place == "graph":
                return graph_page(status)
            if place == "log":
                if self._log is None or self._log.task != name:
                    if self._log is not None:
                        self._log.close()
                    self._log = TaskLog(self._workspace, name)
                return self._log.read()
            task = next((one for one in status.tasks if one.id == name), None)
            if task is None:
                return _sentence(f"{one_line(name)} is gone")
            return (brief_page if place == "brief" else diff_page)(self._workspace, status, task)


class TaskLog:
    """The log of one task, in words and local time. Each `read` takes in what is new."""

    def __init__(self, workspace: WorkspacePaths, task: str) -> None:
        self.task = task
        self._records = Records(workspace)
        self._lines: deque[Line] = deque(maxlen=LOG_LINES)
        self._day = ""
        self._telling = LogWords()

    def read(self) -> ScreenPage:
        """Read what the log got since the last time; return its latest LOG_LINES lines."""
        for line in self._records.read(more_to_come=True, holding=[self.task]):
            if line.get("task") == self.task:
                self._lines.extend(self._worded(line))
        return ScreenPage(tuple(self._lines) or (Line((Cell("nothing happened to it yet", "dim"),), 1),))

    def close(self) -> None:
        """Close the files of the ledger and the logs."""
        self._records.close()

    def _worded(self, line: RecordLine) -> Iterator[Line]:
        words = self._telling.words(line).removeprefix(f"{self.task} ")
        if not words:
            return
        written = local_time(line["ts"])
        if (day := f"{written:%Y-%m-%d}") != self._day:
            self._day = day
            yield Line((Cell(f"── {day}", "dim"),), 1)
        spent = seconds_of(line)
        took = f"{spent:.1f} s" if spent is not None else ""
        yield Line((Cell(f"{written:%H:%M:%S} {took:>8}  ", "dim"), Cell(words, shade_of(line))), 1)


def brief_page(workspace: WorkspacePaths, status: Status, task: TaskInfo) -> ScreenPage:
    """Return what the child is told, or the steps of a person, as the revision in force says it."""
    try:
        content = (workspace.plans / f"{status.plan.revision or 0:04d}.md").read_bytes()
    except OSError:
        return _sentence("no revision of plan.md was accepted yet")
    plan = check(content, [one.name for one in status.children])
    if not isinstance(plan, Plan):
        return _sentence("the revision in force cannot be read here: see plan.md")
    planned = next((one for one in plan.tasks if one.id == task.id), None)
    if planned is None:
        return _sentence(f"{one_line(task.id)} is no longer in the plan")
    text = planned.instructions if planned.child == HUMAN else brief_of(planned, plan).text
    return ScreenPage(tuple(_text_line(line) for line in clean(text).strip().split("\n")))


def diff_page(workspace: WorkspacePaths, status: Status, task: TaskInfo) -> ScreenPage:
    """Return the lines that a task changed in its repos."""
    lines: list[Line] = []
    for one in diffs_of(workspace, status, [task] if task.kept else [], patches=True):
        lines += [Line((Cell(f"{one_line(one.child)}: {one_line(note)}", "yellow"),), 1) for note in one.notes]
        for file in one.files:
            counts = "".join(
                f" {sign}{count}" for sign, count in (("+", file.additions), ("-", file.deletions)) if count
            )
            lines.append(Line((Cell(one_line(file.path), "bold"), Cell(f" {file.status}{counts}", "dim")), 1))
        lines += [Line()] if one.files else []
        for patch in one.patches:
            for line in clean(patch[: 200 * DIFF_LINES].decode("utf-8", "replace")).rstrip("\n").split("\n"):
                lines.append(Line((Cell(line.replace("\t", "    "), LINE_STYLES.get(line[:1], "")),), 1))
    if len(lines) > DIFF_LINES:
        lines = [*lines[:DIFF_LINES], Line((Cell(f"... and more: `orch diff {one_line(task.id)}`", "dim"),), 1)]
    return ScreenPage(tuple(lines), folded=False) if lines else _sentence("it changed nothing")


def graph_page(status: Status) -> ScreenPage:
    """Return the graph of the tasks."""
    nodes = nodes_of(status.tasks)
    if not nodes:
        return _sentence("there are no tasks: write them into plan.md")
    return ScreenPage(tuple(line._replace(indent=1) for line in graph_lines(drawing(nodes), None)), folded=False)


def _sentence(text: str) -> ScreenPage:
    return ScreenPage((Line((Cell(text, "dim"),), 1),))


def _text_line(line: str) -> Line:
    return Line((Cell(line, "bold" if line.startswith("#") else ""),), 1)
