"""runs.md: the world as Markdown for a human and the orchestrator. What others wrote stays data in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from supervisor.core.engine.lifecycle import outages
from supervisor.core.engine.lifecycle.budgets import PLAN, figures, limit_of, used_of
from supervisor.core.engine.readiness import is_done
from supervisor.core.engine.state import plan_state, summary, task_status
from supervisor.core.text.escape import block, code, inline, without_colour
from supervisor.domain.ask import Ask, AskKind
from supervisor.domain.link import Place
from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.domain.task import Phase, TaskState, TaskStatus
from supervisor.domain.world import World

MAX_SHARED = 20  # shared things that changed, the newest
MAX_FILES = 50  # changed files shown of one task


def render(world: World, at: datetime, template: str, workspace: str) -> str:
    """`template` with its placeholders filled in; unknown ones stay. Total; the same values give the same text."""
    parts = {
        "title": inline(world.plan.current.title, 120) if world.plan.current else "no plan yet",
        "updated": _utc(at),
        "asks": _asks(world),
        "tasks": _tasks(world, at),
        "runs": _runs(world, at),
        "rules": _ruled(world),
        "learnings": _learnings(world),
        "shared": _shared(world),
        "reconnect": _reconnect(world, workspace),
    }
    return _PLACEHOLDER.sub(lambda found: parts.get(found[1], found[0]), template)


_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_SENTENCE_ENDS = re.compile(r"[.!?:](?=\s|$)")
_INTENT = 240  # characters of a task's instructions that say what it is for
_UNDER_WAY = (Phase.IDLE, Phase.STARTING, Phase.WORKING, Phase.STOPPING)


def _utc(moment: datetime | None) -> str:
    if moment is None:
        return "?"
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except OverflowError:  # within a day of the first or the last year
        return moment.isoformat(" ", "seconds")
    return moment.replace(tzinfo=None).isoformat(" ", "seconds") + " UTC"


def _paragraphs(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _list(rows: Iterable[str]) -> str:
    return "\n".join(f"- {row}" for row in rows)


def _said(label: str, text: str) -> str:
    """What somebody said: in the line if it is short and plain, else word for word in a block."""
    plain = len(text) <= 200 and inline(text, 200) == text
    return (f"**{label}:** {text}" if plain else f"**{label}:**\n\n{block(text)}") if text.strip() else ""


def _ids(ids: Sequence[str]) -> str:
    return ", ".join(inline(one, 70) for one in ids)


# ── what waits on the human ──────────────────────────────────────────────────────────────────────


def _asks(world: World) -> str:
    return _paragraphs(_ask(world, ask) for ask in world.open_asks) or "Nothing waits on anybody."


def _ask(world: World, ask: Ask) -> str:
    whose = [] if ask.child in (None, HUMAN) else [inline(ask.child or "", 70)]
    whose += [inline(ask.task, 70)] if ask.task and ask.task != ORCHESTRATOR else []
    waiting = _blocked_by(world, ask)
    choices = ask.choices or ("accept", "decline")
    answers = [f"orch answer {shlex.quote(ask.id)} {shlex.quote(choice)}" for choice in choices]
    if ask.kind is AskKind.CHECKPOINT or ask.budget or not ask.choices:
        answers.append(f'orch answer {shlex.quote(ask.id)} "TEXT"')
    return _paragraphs(
        (
            f"### {inline(ask.id, 20)} — {ask.kind}" + (f": {', '.join(whose)}" if whose else ""),
            f"Since {_utc(ask.since)}. Blocked meanwhile: {_ids(waiting) or 'nothing else'}.",
            _said("What", ask.text),
            _said("Steps", ask.steps),
            _said("Expected result", ask.expect),
            "**Answer with one of:**\n\n" + block("\n".join(answers)),
        )
    )


def _blocked_by(world: World, ask: Ask) -> list[str]:
    """The task that asks (or all of a server's) and those after it, as far as they are not done."""
    tasks = world.plan.tasks
    every = ask.budget == PLAN
    blocked = {
        task.id for task in tasks if every or task.id == ask.task or (ask.task is None and task.child == ask.child)
    }
    fresh = blocked
    while fresh:
        fresh = {task.id for task in tasks if task.id not in blocked and not fresh.isdisjoint(task.after)}
        blocked = blocked | fresh
    return [task.id for task in tasks if task.id in blocked and not is_done(world, task.id)]


# ── the plan and its tasks ───────────────────────────────────────────────────────────────────────


def _tasks(world: World, at: datetime) -> str:
    states = _states(world)
    head = "| id | title | child | state | why or summary | runs | verify |\n|---|---|---|---|---|---|---|"
    table = "\n".join((head, *(_row(world, state, at) for state in states))) if states else "There are no tasks."
    return _paragraphs((_plan(world), *_pauses(world, at), _lead(world), table))


def _pauses(world: World, at: datetime) -> Iterable[str]:
    """The providers that take no work, and when it goes on."""
    for provider, outage in world.outages.items():
        if at < outage.until:
            whose = code(provider) if provider else "the provider"
            yield f"Everything that uses {whose} is **{inline(outages.said(outage), 400)}**. It goes on by itself."


def _lead(world: World) -> str:
    """What the orchestrator is at; nothing without one."""
    lead = world.orchestrator.state
    if lead is None or world.orchestrator.planning is None:
        return ""
    at_rest = {Phase.DONE: "rests", Phase.ASKING: "waits on you"}.get(
        lead.phase, f"{lead.phase}: {inline(lead.why, 300)}"
    )
    at_work = f"at work ({inline(lead.why, 200)})" if lead.phase.live else at_rest
    said = _said("Its last words", lead.result.report.summary) if lead.result.report else ""
    return _paragraphs((f"Orchestrator: {at_work}; turns: {lead.turns}.", said))


def _plan(world: World) -> str:
    stays = f"revision {world.plan.revision} stays in force" if world.plan.current else "no plan is in force"
    match plan_state(world):
        case "rejected":
            wrong = _list(f"line {problem.line}: {inline(problem.message, 400)}" for problem in world.plan.problems)
            return f"Plan: **rejected**; {stays} until plan.md is mended:\n\n{wrong}"
        case "missing":
            return f"Plan: **missing** ({inline(world.plan.missing or '', 200)}); {stays}, and nothing new starts."
        case "held":
            by = "`orch hold`; `orch go` lifts it" if world.plan.hold else "`hold: yes` in plan.md"
            return f"Plan: **held**, revision {world.plan.revision}. Nothing new starts ({by})."
    by = " (written by the orchestrator)" if world.plan.author == ORCHESTRATOR else ""
    return f"Plan: **in force**, revision {world.plan.revision}{by}."


def _states(world: World) -> list[TaskState]:
    """The works in the order of the plan, then those that started and are no longer in it."""
    planned = {task.id: TaskState(task.id, task.title, task.child) for task in world.plan.tasks}
    started = {task: state for task, state in world.tasks.items() if task not in planned and state.runs}
    return [world.tasks.get(task, state) for task, state in {**planned, **started}.items()]


def _row(world: World, state: TaskState, at: datetime) -> str:
    status, why = task_status(world, state, at)
    told = (summary(state) or why) if status is TaskStatus.DONE else (why or summary(state) or "")
    checks = ", ".join(f"{inline(check.command, 60)}: {check.exit_code}" for check in state.result.checks)
    cells = (
        inline(state.task, 70),
        inline(state.title, 100),
        inline(_child(world, state), 70),
        str(status),
        inline(told, 160),
        str(state.runs),
        checks or "—",
    )
    return f"| {' | '.join(cells)} |"


def _child(world: World, state: TaskState) -> str:
    task = world.plan.task(state.task)
    return task.child if task else state.child


# ── the run log ──────────────────────────────────────────────────────────────────────────────────


def _runs(world: World, at: datetime) -> str:
    return _paragraphs(_run(world, state, at) for state in _states(world) if state.runs) or "No task has started yet."


def _run(world: World, state: TaskState, at: datetime) -> str:
    status, why = task_status(world, state, at)
    thread = world.threads.get(state.thread) if state.thread else None
    facts = [
        f"child: {inline(state.child, 70)}",
        f"state: {status} since {_utc(state.since)}" + (f" ({inline(why, 300)})" if why else ""),
        f"runs: {state.runs}; turns: {state.turns}; {_spent(world, state, at)}",
        f"thread: {code(thread.id)}" if thread and thread.id else "",
        f"next: {_next(world, state, status)}",
    ]
    return _paragraphs(
        (
            f"### {inline(state.task, 70)} — {inline(state.title, 200)}",
            _list(fact for fact in facts if fact),
            f"**Intent:** {_intent(world, state)}",
            _result(state),
            _contracts(state),
            _checks(state),
            _changed(state),
        )
    )


def _spent(world: World, state: TaskState, at: datetime) -> str:
    name = f"task {state.task}"
    limit = limit_of(world, name)
    of = f" (budget: {figures(used_of(world, name, at), limit)})" if limit else ""
    return f"tokens: {state.tokens.input} in, {state.tokens.output} out{of}"


def _intent(world: World, state: TaskState) -> str:
    """The first sentences of the instructions, as many as fit into a line or two."""
    task = world.plan.task(state.task)
    paragraphs = re.split(r"\n[ \t]*\n", task.instructions.strip() if task else "")
    first = next((one for one in paragraphs if one.strip() and not one.lstrip().startswith("#")), state.title)
    line = " ".join(first.split())
    ends = [found.end() for found in _SENTENCE_ENDS.finditer(line[: _INTENT + 1]) if found.end() <= _INTENT]
    return inline(line[: ends[-1]] if ends and len(line) > _INTENT else line, _INTENT)


def _result(state: TaskState) -> str:
    """What the child (or the human) said at the end of the last turn that ended."""
    if state.result.words and state.child == HUMAN:
        return _said("Result, in the human's words", state.result.words)
    if state.result.words:
        return f"**Result:** no valid report; the child's last words:\n\n{block(state.result.words)}"
    if state.result.report is None:
        return ""
    label = "Result of the turn before" if state.phase in _UNDER_WAY else "Result"
    return _said(f"{label} ({state.result.report.outcome})", state.result.report.summary or "(no summary)")


def _contracts(state: TaskState) -> str:
    notes = state.result.report.contracts if state.result.report else ()
    rows = [
        f"{inline(one.id, 70)}: {inline(one.status, 20)}" + (f" ({inline(one.note, 600)})" if one.note else "")
        for one in notes
    ]
    return f"**Contracts:**\n\n{_list(rows)}" if rows else ""


def _checks(state: TaskState) -> str:
    rows = ["**Checks:**\n"]
    for check in state.result.checks:
        row = f"- {code(check.command)} exited with {check.exit_code}"
        tail = f". The end of its output:\n\n{block(without_colour(check.tail))}\n"
        rows.append(row + tail if check.exit_code else row)
    return "\n".join(rows).rstrip("\n") if state.result.checks else ""


def _changed(state: TaskState) -> str:
    files = state.result.changed_files
    what = {change.path: change.what for change in (state.result.report.changes if state.result.report else ())}
    rows = [code(path) + (f": {inline(what[path], 200)}" if what.get(path) else "") for path in files[:MAX_FILES]]
    if len(files) > MAX_FILES:
        rows.append(f"and {len(files) - MAX_FILES} more")
    return f"**Changed files ({len(files)}):**\n\n{_list(rows)}" if rows else ""


def _next(world: World, state: TaskState, status: TaskStatus) -> str:
    match status:
        case TaskStatus.DONE:
            tasks = world.plan.tasks
            after = [task.id for task in tasks if state.task in task.after and not is_done(world, task.id)]
            return f"{_ids(after)} can build on it" if after else "nothing"
        case TaskStatus.NEEDS_HUMAN:
            asks = [ask.id for ask in world.open_asks if ask.task == state.task]
            return f"your answer to {_ids(asks)} (above)" if asks else "your answer (`orch asks`)"
        case TaskStatus.BLOCKED | TaskStatus.FAILED:
            return f"change it in plan.md, or run {code('orch go ' + shlex.quote(state.task))}"
        case TaskStatus.HELD:
            return "take its `hold: yes` out of plan.md"
        case TaskStatus.RETIRED:
            return f"keep or undo its changes in {inline(state.child, 70)}" if state.result.changed_files else "nothing"
        case TaskStatus.VERIFYING:
            return "its verify commands decide"
        case TaskStatus.RUNNING:
            return f"its report; {code('orch logs --follow --task ' + shlex.quote(state.task))} shows the work"
    return "it goes on by itself when nothing stands in its way"


# ── what rules settled ───────────────────────────────────────────────────────────────────────────


def _ruled(world: World) -> str:
    """The requests that no human saw, the newest first."""
    rows = []
    for one in reversed(world.ruled):
        whose = ", ".join(inline(name, 70) for name in (one.child, one.task) if name)
        rows.append(f"{_utc(one.at)}, {whose}: {code(' '.join(one.subject.split())[:200])}; {inline(one.why, 200)}")
    return _list(rows) or "Nothing: no rule of the config has spoken."


# ── what ties the repos together ─────────────────────────────────────────────────────────────────


def _shared(world: World) -> str:
    """What a child changed that others rely on: to be looked at before the repos go out together."""
    rows = []
    for one in reversed(world.map.noticed[-MAX_SHARED:]):
        drift = one.drift
        by = f", by {inline(one.task, 70)}" if one.task else ""
        was = f"; it was at {_places(drift.was)}" if drift.was else ""
        rows.append(
            f"{_utc(one.at)}{by}: {drift.kind} {code(drift.name)}: {inline(drift.what, 300)}{was}; "
            f"relied on by {_places(drift.theirs)}"
        )
    told = f"The map knows {len(world.map.links)} things that the repos share: `orch map`." if world.map.links else ""
    return _paragraphs((told, _list(rows) or "Nothing that the repos share has changed."))


def _places(places: Sequence[Place]) -> str:
    where = (f"{place.file}:{place.line}" if place.line else place.file for place in places)
    return ", ".join(f"{inline(place.child, 70)} {code(one)}" for place, one in zip(places, where, strict=True))


# ── learnings, and the way back ──────────────────────────────────────────────────────────────────


def _learnings(world: World) -> str:
    rows = [f"{inline(one.source, 70)}, {_utc(one.at)}: {inline(one.text, 600)}" for one in world.learnings]
    return _list(rows) or "None yet."


def _reconnect(world: World, workspace: str) -> str:
    example = next((state.task for state in _states(world) if state.runs), "ID")
    commands = f"orch up\norch status\norch logs --task {shlex.quote(example)}"
    rows = []
    for name, server in world.servers.items():
        problem = f" ({inline(server.problem, 300)})" if server.problem else ""
        ways = [
            f"; {inline(thread.task, 70) if thread.task else 'its long thread'}: {_resume(thread.id, server.socket)}"
            for thread in world.threads.values()
            if thread.child == name and thread.id and server.socket
        ]
        rows.append(f"{inline(name, 70)}: {server.state}{problem}{''.join(ways)}")
    return _paragraphs((f"In {code(workspace)}, or from anywhere with `orch -C`:", block(commands), _list(rows)))


def _resume(thread: str, socket: str) -> str:
    return code(f"codex resume {shlex.quote(thread)} --remote {shlex.quote('unix://' + socket)}")
