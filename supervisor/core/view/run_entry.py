"""Format a task in the run log of runs.md: state, intent, result, checks, changed files, and what comes next."""

from __future__ import annotations

import re
import shlex
from datetime import datetime

from supervisor.core.change.spans import counted, joined
from supervisor.core.engine.lifecycle.budgets import figures, limit_of, used_of
from supervisor.core.engine.lifecycle.tasks import SHORT
from supervisor.core.engine.readiness import is_done
from supervisor.core.engine.state import task_status
from supervisor.core.text.escape import block, code, inline, without_colour
from supervisor.core.view.layout import bullets, id_list, labelled, paragraphs, utc
from supervisor.domain.plan import HUMAN
from supervisor.domain.report import Check
from supervisor.domain.task import Phase, TaskState, TaskStatus
from supervisor.domain.world import World
from supervisor.regex import regex

MAX_FILES = 50  # changed files listed per task
_SENTENCE_ENDS = regex(r"[.!?:](?=\s|$)")
_INTENT = 240  # characters of a task's instructions
_UNDER_WAY = (Phase.IDLE, Phase.STARTING, Phase.WORKING, Phase.STOPPING)


def run_entry(world: World, state: TaskState, at: datetime) -> str:
    """Write the section of runs.md about one task: facts, result, checks, changes and what is next."""
    status, why = task_status(world, state, at)
    thread = world.threads.get(state.thread) if state.thread else None
    facts = [
        f"child: {inline(state.child, 70)}",
        f"state: {status} since {utc(state.since)}" + (f" ({inline(why, 300)})" if why else ""),
        f"runs: {state.runs}; turns: {state.turns}; {_spent(world, state, at)}",
        f"thread: {code(thread.id)}" if thread and thread.id else "",
        f"next: {_next(world, state, status)}",
    ]
    return paragraphs(
        (
            f"### {inline(state.task, 70)} — {inline(state.title, 200)}",
            bullets(fact for fact in facts if fact),
            f"**Intent:** {_intent(world, state)}",
            _result(state),
            _contracts(state),
            _checks(state),
            _left(state),
            _changed(state),
        )
    )


def _spent(world: World, state: TaskState, at: datetime) -> str:
    name = f"task {state.task}"
    limit = limit_of(world, name)
    of = f" (budget: {figures(used_of(world, name, at), limit)})" if limit else ""
    return f"tokens: {state.tokens.input} in, {state.tokens.output} out{of}"


def _intent(world: World, state: TaskState) -> str:
    """Return the first sentences of the instructions, as many as fit into two lines."""
    task = world.plan.task(state.task)
    every = re.split(r"\n[ \t]*\n", task.instructions.strip() if task else "")
    first = next(
        (paragraph for paragraph in every if paragraph.strip() and not paragraph.lstrip().startswith("#")), state.title
    )
    line = " ".join(first.split())
    ends = [found.end() for found in _SENTENCE_ENDS.finditer(line[: _INTENT + 1]) if found.end() <= _INTENT]
    return inline(line[: ends[-1]] if ends and len(line) > _INTENT else line, _INTENT)


def _result(state: TaskState) -> str:
    """Format what the child (or the human) said at the end of the latest turn that ended."""
    if state.result.words and state.child == HUMAN:
        return labelled("Result, in the human's words", state.result.words)
    if state.result.words:
        return f"**Result:** no valid report; the child's last message:\n\n{block(state.result.words)}"
    if state.result.report is None:
        return ""
    label = "Result of the previous turn" if state.phase in _UNDER_WAY else "Result"
    return labelled(f"{label} ({state.result.report.outcome})", state.result.report.summary or "(no summary)")


def _contracts(state: TaskState) -> str:
    notes = state.result.report.contracts if state.result.report else ()
    rows = [
        f"{inline(note.id, 70)}: {inline(note.status, 20)}" + (f" ({inline(note.note, 600)})" if note.note else "")
        for note in notes
    ]
    return f"**Contracts:**\n\n{bullets(rows)}" if rows else ""


def _checks(state: TaskState) -> str:
    rows = ["**Checks:**\n"]
    for check in state.result.checks:
        row = f"- {code(check.command)} exited with {check.exit_code}"
        log = f" ({_extent(check)}: {code(check.log)})" if check.log and check.exit_code else ""
        failing = "\n".join(f"{line.number}: {line.text}" for line in check.failing) if check.lines > SHORT else ""
        first = f" Lines that look like failures:\n\n{block(failing)}\n\nThe" if failing else " The"
        tail = f"{log}.{first} end of its output:\n\n{block(without_colour(check.tail))}\n"
        rows.append(row + tail if check.exit_code else row)
    return "\n".join(rows).rstrip("\n") if state.result.checks else ""


def _extent(check: Check) -> str:
    """Say how much of a command's output its file has."""
    lines = f"{check.lines:,} line{'s' * (check.lines != 1)}"
    return f"{lines}, without the middle" if check.cut else lines if check.lines == 1 else f"all {lines}"


def _left(state: TaskState) -> str:
    """Format the commands and sub-agents that were ended because they outlived their turn."""
    rows = bullets(code(" ".join(name.split())) for name in state.result.left)
    return f"**Left running, and ended before it was verified:**\n\n{rows}" if rows else ""


def _changed(state: TaskState) -> str:
    result = state.result
    files, least = result.changed_files, "at least " if result.open_ended else ""
    what = {change.path: change.what for change in (state.result.report.changes if state.result.report else ())}
    lines = {one.path: one for one in joined([run.diff.files for run in state.kept if run.diff is not None])}
    rows = [
        code(path)
        + (f" ({counts})" if path in lines and (counts := counted(lines[path])) else "")
        + (f": {inline(what[path], 200)}" if what.get(path) else "")
        for path in files[:MAX_FILES]
    ]
    total = len(files) + result.more_files
    if total > MAX_FILES:
        rows.append(f"and {least}{total - MAX_FILES:,} more")
    added = sum(one.additions or 0 for one in lines.values())
    deleted = sum(one.deletions or 0 for one in lines.values())
    stat = f", +{added} -{deleted}" if lines else ""
    return f"**Changed files ({least}{total:,}{stat}):**\n\n{bullets(rows)}" if rows else ""


def _next(world: World, state: TaskState, status: TaskStatus) -> str:
    match status:
        case TaskStatus.DONE:
            tasks = world.plan.tasks
            after = [task.id for task in tasks if state.task in task.after and not is_done(world, task.id)]
            return f"{id_list(after)} can build on it" if after else "nothing"
        case TaskStatus.NEEDS_HUMAN:
            asks = [ask.id for ask in world.open_asks if ask.task == state.task]
            return f"your answer to {id_list(asks)} (above)" if asks else "your answer (`orch asks`)"
        case TaskStatus.BLOCKED | TaskStatus.FAILED:
            return f"change it in plan.md, or run {code('orch go ' + shlex.quote(state.task))}"
        case TaskStatus.HELD:
            return "remove its `hold: yes` from plan.md"
        case TaskStatus.RETIRED:
            return f"keep or undo its changes in {inline(state.child, 70)}" if state.result.changed_files else "nothing"
        case TaskStatus.VERIFYING:
            return "its verify commands decide"
        case TaskStatus.RUNNING:
            return f"its report; {code('orch logs --follow --task ' + shlex.quote(state.task))} shows what it does"
    return "it continues by itself as soon as it is ready"
