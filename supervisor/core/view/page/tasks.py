"""The tasks: a line for each, and behind it what the child was told, what it said, and what the checks found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from supervisor.core.text.escape import without_colour
from supervisor.core.text.figures import amount
from supervisor.core.view.graph.palette import palette_of
from supervisor.core.view.page.changes import TaskPatch, changes
from supervisor.core.view.page.pen import Html, Pen, count_of, lasted
from supervisor.domain.report import Check, Report
from supervisor.domain.status import TaskInfo
from supervisor.domain.task import TaskState
from supervisor.domain.world import World

FILES = 60  # of a task without patches


def pill(pen: Pen, state: str) -> Html:
    """Show a state by colour, mark and word."""
    known = state if state.replace("_", "").isalpha() else ""
    return pen("span", f"{palette_of(state).mark} {state.replace('_', ' ')}", cls=f"pill {known}")


def task_line(pen: Pen, task: TaskInfo) -> Html:
    """Return the line of a task: state, name, what it is about, what it used."""
    words = task.doing or (task.summary if task.state == "done" else task.why) or task.summary or ""
    side = " · ".join(one for one in (task.child, _used(task)) if one)
    return pen.join(
        pen("span", pill(pen, task.state)),
        pen(
            "span", pen("b", task.id), task.title, pen("span", pen.line(words), cls="why") if words else "", cls="name"
        ),
        pen("span", side, cls="side"),
    )


def _used(task: TaskInfo) -> str:
    tokens = task.tokens.input + task.tokens.output
    parts = (
        f"{amount(tokens)} tokens" if tokens else "",
        lasted(task.minutes * 60) if task.minutes else "",
        count_of(task.runs, "run") if task.runs > 1 else "",
    )
    return " · ".join(one for one in parts if one)


def task_details(pen: Pen, task: TaskInfo, world: World, patches: Sequence[TaskPatch]) -> Html:
    """Return all that is known of a task."""
    state = world.tasks.get(task.id)
    planned = world.plan.task(task.id)
    facts = (
        ("Why", pen.line(task.why or "")),
        ("After", ", ".join(task.after)),
        ("Contracts", ", ".join(planned.contracts) if planned else ""),
        ("Runs", f"{task.runs}, with {count_of(task.turns, 'turn')}" if task.runs else ""),
        ("Tokens", f"{task.tokens.input:,} in, {task.tokens.output:,} out" if task.tokens.input else ""),
        ("Since", pen.moment(task.since)),
        ("Left running, and ended", ", ".join(task.left)),
    )
    rows = [pen("tr", pen("th", name), pen("td", words)) for name, words in facts if words]
    return pen.join(
        pen("table", rows, cls="facts") if rows else "",
        _said(pen, state) if state is not None else "",
        _told(pen, planned.instructions) if planned is not None else "",
        _checks(pen, state.result.checks) if state is not None else "",
        changes(pen, patches) if patches else _files(pen, task),
    )


def _told(pen: Pen, instructions: str) -> Html:
    if not instructions.strip():
        return Html("")
    body = pen.words(instructions.strip())
    return pen.join(pen("h3", "What the plan says"), body)


def _said(pen: Pen, state: TaskState) -> Html:
    result = state.result
    if result.report is None:
        if not result.words.strip():
            return Html("")
        return pen.join(pen("h3", "The last words"), pen("pre", without_colour(result.words).strip()))
    return pen.join(pen("h3", "What it reports", pen("small", str(result.report.outcome))), _report(pen, result.report))


def _report(pen: Pen, report: Report) -> Html:
    notes = [f"{note.id} {note.status}" + (f": {note.note}" if note.note else "") for note in report.contracts]
    what = [pen("li", pen("code", change.path), f" {change.what}") for change in report.changes]
    return pen.join(
        pen.words(report.summary or "(no summary)"),
        pen("ul", what, cls="plain") if what else "",
        pen("p", "Contracts: " + "; ".join(notes), cls="soft") if notes else "",
        pen("p", "Learned: " + " ".join(report.learned), cls="soft") if report.learned else "",
    )


def _checks(pen: Pen, checks: Sequence[Check]) -> Html:
    return pen.join(pen("h3", "Checks, as orch ran them"), _check_rows(pen, checks)) if checks else Html("")


def _check_rows(pen: Pen, checks: Sequence[Check]) -> Iterator[Html]:
    for check in checks:
        word = pen("span", "✓ passed" if check.exit_code == 0 else f"✗ exit {check.exit_code}",
                   cls="pill done" if check.exit_code == 0 else "pill failed")  # fmt: skip
        yield pen("p", word, " ", pen("code", check.command))
        output = without_colour(check.tail).strip("\n")
        if not output.strip():
            continue
        failing = "\n".join(f"{line.number}: {line.text}" for line in check.failing)
        body = pen.join(pen("pre", failing) if check.exit_code and failing else "", pen("pre", output, tabindex=0))
        about = f"Output ({count_of(check.lines, 'line')})" if check.lines else "Output"
        yield pen("details", pen("summary", about), body, cls="more", open=check.exit_code != 0)


def _files(pen: Pen, task: TaskInfo) -> Html:
    if not task.changed_files:
        return Html("")
    more = len(task.changed_files) - FILES + task.changed_files_more
    rows = [pen("li", pen("code", path)) for path in task.changed_files[:FILES]]
    if more > 0:
        rows.append(pen("li", f"and {more:,} more"))
    return pen.join(pen("h3", "Changed files"), pen("ul", rows, cls="plain"))
