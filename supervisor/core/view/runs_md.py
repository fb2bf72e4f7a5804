"""Render runs.md: the world as Markdown, for the human and the orchestrator. Others' words stay data in it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from supervisor.core.engine.asks.replies import forms
from supervisor.core.engine.lifecycle import outages
from supervisor.core.engine.lifecycle.budgets import PLAN
from supervisor.core.engine.lifecycle.servers import word
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import is_done, lost_events
from supervisor.core.engine.state import plan_state, task_status
from supervisor.core.text.answer_forms import in_command
from supervisor.core.text.escape import block, code, inline
from supervisor.core.view.graph.layers import Node, tied
from supervisor.core.view.graph.mermaid import mermaid
from supervisor.core.view.layout import bullets, id_list, labelled, paragraphs, utc
from supervisor.core.view.sheet import Sheet, listed, sheet_of, shown_state
from supervisor.domain.ask import Ask
from supervisor.domain.link import Place
from supervisor.domain.plan import HUMAN, ORCHESTRATOR, Foreseen
from supervisor.domain.task import Phase
from supervisor.domain.world import World
from supervisor.regex import regex

MAX_SHARED = 20  # drifts, the newest ones
MAX_DRAWN = 60  # tasks of the graph
MAX_FORESEEN = 30  # tasks that a revision did something to


TIME = "updated"  # the piece with the time of rendering; a new time alone makes no new page


class PagePart(NamedTuple):
    """A piece of runs.md, and where it is from: a placeholder of the template, or "" for the template itself."""

    name: str
    text: str


def render(world: World, at: datetime, template: str, workspace: str) -> str:
    """Fill in the placeholders of `template`; unknown ones stay. Never raises. Same values, same text."""
    return "".join(piece.text for piece in pieces(world, at, template, workspace, sheet_of(world, at)))


def pieces(world: World, at: datetime, template: str, workspace: str, sheet: Sheet) -> list[PagePart]:
    """Return the page that `render` returns in pieces. What is shown of the tasks comes from `sheet`, in `ROWS` and
    `ENTRIES`."""
    parts: dict[str, list[PagePart]] = {
        "title": [PagePart("title", inline(world.plan.current.title, 120) if world.plan.current else "no plan yet")],
        TIME: [PagePart(TIME, utc(at))],
        "asks": [PagePart("asks", _asks(world))],
        "tasks": _tasks(world, at, sheet),
        "runs": [PagePart(ENTRIES, sheet.entries) if sheet.entries else PagePart("runs", "No task has started yet.")],
        "rules": [PagePart("rules", _ruled(world))],
        "learnings": [PagePart("learnings", _learnings(world))],
        "shared": [PagePart("shared", _shared(world))],
        "reconnect": [PagePart("reconnect", _reconnect(world, workspace))],
    }
    split = _PLACEHOLDER.split(template)  # text, placeholder, text, placeholder, ..., text
    found = []
    for text, name in zip(split[::2], (*split[1::2], ""), strict=True):
        found += [PagePart("", text), *parts.get(name, [PagePart("", f"{{{{{name}}}}}" if name else "")])]
    return found


ROWS, ENTRIES = "rows", "entries"
_PLACEHOLDER = regex(r"\{\{(\w+)\}\}")


# ── what waits on the human ──────────────────────────────────────────────────────────────────────


def _asks(world: World) -> str:
    waiting = (*_postponed(world), *(_ask(world, ask) for ask in world.open_asks))
    return paragraphs(waiting) or "Nothing waits on a human."


def _postponed(world: World) -> Iterable[str]:
    """Yield the plan.md that waits for `orch go`, with what it would do."""
    if (postponed := world.plan.postponed) is not None:
        yield paragraphs(
            (
                "### plan.md — an edit that would stop much",
                f"Since {utc(postponed.at)}: {inline(postponed.summary, 300)}; {inline(postponed.why, 400)}.",
                "**Steps:** Look at what it would do; `orch plan check` shows it as of now. Or edit plan.md again.",
                "**Expected result:** `orch go` lets it in force.",
                f"What it would do, as of {utc(postponed.at)}:\n\n{bullets(_foreseen(postponed.picture))}",
            )
        )


def _ask(world: World, ask: Ask) -> str:
    whose = [] if ask.child in (None, HUMAN) else [inline(ask.child or "", 70)]
    whose += [inline(ask.task, 70)] if ask.task and ask.task != ORCHESTRATOR else []
    waiting = _blocked_by(world, ask)
    answers = [f"orch answer {shlex.quote(ask.id)} {in_command(form)}" for form in forms(ask)]
    return paragraphs(
        (
            f"### {inline(ask.id, 20)} — {ask.kind}" + (f": {', '.join(whose)}" if whose else ""),
            f"Since {utc(ask.since)}. Blocked meanwhile: {id_list(waiting) or 'nothing else'}.",
            labelled("What", ask.text),
            labelled("Steps", ask.steps),
            labelled("Expected result", ask.expect),
            "**Answer with one of:**\n\n" + block("\n".join(answers)),
        )
    )


def _blocked_by(world: World, ask: Ask) -> list[str]:
    """Return the unfinished tasks that wait for this ask: its task (or all tasks of its child), and those after it."""
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


def _tasks(world: World, at: datetime, sheet: Sheet) -> list[PagePart]:
    head = "| id | title | child | state | why or summary | runs | verify |\n|---|---|---|---|---|---|---|"
    above = (_plan(world), *_revision(world), *_pauses(world, at), _orchestrator(world))
    if not sheet.rows:
        return [PagePart("tasks", paragraphs((*above, "There are no tasks.")))]
    drawn = _graph(world, at)
    found = [PagePart("tasks", paragraphs((*above, head)) + "\n"), PagePart(ROWS, sheet.rows)]
    return [*found, PagePart("graph", f"\n\n{drawn}")] if drawn else found


def _graph(world: World, at: datetime) -> str:
    """Draw which task of the plan waits for which; "" if none does."""
    tasks = world.plan.tasks
    if len(tasks) > MAX_DRAWN:
        return f"The graph of {len(tasks)} tasks is too large for this page: {code('orch graph --svg')} draws it."
    nodes = tied(
        Node(task.id, task.title, task.child, str(task_status(world, shown_state(world, task.id), at)[0]), task.after)
        for task in tasks
    )
    return f"```mermaid\n{mermaid(nodes)}\n```" if any(node.after for node in nodes) else ""


def _pauses(world: World, at: datetime) -> Iterable[str]:
    """Yield a line for each provider that accepts no work."""
    for provider, outage in world.outages.items():
        if at < outage.until:
            whose = code(provider) if provider else "the provider"
            state = inline(outages.describe(outage), 400)
            yield f"Everything that uses {whose} is **{state}**. It continues by itself."


def _orchestrator(world: World) -> str:
    """Format what the orchestrator is doing; "" without one."""
    own = world.orchestrator.state
    if own is None or world.orchestrator.planning is None:
        return ""
    resting = {Phase.DONE: "idle", Phase.ASKING: "waits on you"}
    state = f"working ({inline(own.why, 200)})" if own.phase.live else resting.get(own.phase)
    if session.rests(world) and own.phase is Phase.DONE:
        state = f"rests ({inline(own.why, 200)})"
    if session.stopped(world):
        state = "being stopped" if own.phase.live else 'stopped (`orch plan stop`; `orch plan "PROBLEM"` begins anew)'
    state = state or f"{own.phase}: {inline(own.why, 300)}"
    last = labelled("Its last message", own.result.report.summary) if own.result.report else ""
    return paragraphs((f"Orchestrator: {state}; turns: {own.turns}.", last))


def _plan(world: World) -> str:
    stays = f"revision {world.plan.revision} stays in force" if world.plan.current else "no plan is in force"
    match plan_state(world):
        case "rejected":
            wrong = bullets(f"line {problem.line}: {inline(problem.message, 400)}" for problem in world.plan.problems)
            return f"Plan: **rejected**; {stays} until plan.md is fixed:\n\n{wrong}"
        case "waiting":
            return f"Plan: **waiting**; {stays} until you let plan.md in force (`orch go`), or edit it again."
        case "missing":
            return f"Plan: **missing** ({inline(world.plan.missing or '', 200)}); {stays}, and nothing new starts."
        case "held":
            if world.plan.lost:
                why = lost_events(world.plan.lost)
                return f"Plan: **held**, revision {world.plan.revision}. Nothing new starts: {why}."
            by = "`orch hold`; `orch go` lifts it" if world.plan.hold else "`hold: yes` in plan.md"
            return f"Plan: **held**, revision {world.plan.revision}. Nothing new starts ({by})."
    by = " (written by the orchestrator)" if world.plan.author == ORCHESTRATOR else ""
    return f"Plan: **in force**, revision {world.plan.revision}{by}."


def _revision(world: World) -> Iterable[str]:
    """Yield what the revision in force did to the tasks when it came into force, and what may be wrong with it."""
    picture, plan = world.plan.picture, world.plan.current
    if picture:
        yield f"When revision {world.plan.revision} came into force:\n\n{bullets(_foreseen(picture))}"
    if plan is not None and plan.warnings:
        rows = [f"line {warning.line}: {inline(warning.message, 400)}" for warning in plan.warnings]
        yield f"What it says may not be what is meant:\n\n{bullets(rows)}"


def _foreseen(picture: Sequence[Foreseen]) -> Iterable[str]:
    for one in picture[:MAX_FORESEEN]:
        yield f"{inline(one.task, 70)}: {one.effect}" + (f" ({inline(one.why, 200)})" if one.why else "")
    if len(picture) > MAX_FORESEEN:
        yield f"{len(picture) - MAX_FORESEEN} more tasks"


# ── what rules settled ───────────────────────────────────────────────────────────────────────────


def _ruled(world: World) -> str:
    """List the requests that rules settled, the newest first."""
    rows = []
    for ruled in reversed(world.ruled):
        whose = ", ".join(inline(name, 70) for name in (ruled.child, ruled.task) if name)
        rows.append(
            f"{utc(ruled.at)}, {whose}: {code(' '.join(ruled.subject.split())[:200])}; {inline(ruled.why, 200)}"
        )
    return bullets(rows) or "Nothing: no rule of the config has matched."


# ── what ties the repos together ─────────────────────────────────────────────────────────────────


def _shared(world: World) -> str:
    """List what children changed that others rely on: somebody should look at it before the repos are released."""
    rows = []
    for record in reversed(world.map.drifts[-MAX_SHARED:]):
        drift = record.drift
        by = f", by {inline(record.task, 70)}" if record.task else ""
        was = f"; it was at {_places(drift.was)}" if drift.was else ""
        rows.append(
            f"{utc(record.at)}{by}: {drift.kind} {code(drift.name)}: {inline(drift.what, 300)}{was}; "
            f"relied on by {_places(drift.theirs)}"
        )
    count = len(world.map.links)
    known = f"The map has {count} {'link' if count == 1 else 'links'}: `orch map`." if count else ""
    return paragraphs((known, bullets(rows) or "Nothing that the repos share has changed."))


def _places(places: Sequence[Place]) -> str:
    return ", ".join(
        f"{inline(place.child, 70)} {code(f'{place.file}:{place.line}' if place.line else place.file)}"
        for place in places
    )


# ── learnings, and how to reconnect ──────────────────────────────────────────────────────────────


def _learnings(world: World) -> str:
    rows = [
        f"{inline(learning.source, 70)}, {utc(learning.at)}: {inline(learning.text, 600)}"
        for learning in world.learnings
    ]
    return bullets(rows) or "None yet."


def _reconnect(world: World, workspace: str) -> str:
    example = next((name for name in listed(world) if shown_state(world, name).runs), "ID")
    commands = f"orch up\norch status\norch logs --task {shlex.quote(example)}"
    rows = []
    for name, server in world.servers.items():
        problem = f" ({inline(server.problem, 300)})" if server.problem else ""
        runner = server.child.runner
        there = f", at {inline(runner.name, 70)}" if runner is not None else ""
        ways = [
            f"; {inline(thread.task, 70) if thread.task else 'its shared thread'}{there}: "
            f"{_resume(thread.id, server.socket)}"
            for thread in world.threads.values()
            if thread.child == name and thread.id and server.socket
        ]
        rows.append(f"{inline(name, 70)}: {word(server)}{problem}{''.join(ways)}")
    return paragraphs((f"In {code(workspace)}, or from anywhere with `orch -C`:", block(commands), bullets(rows)))


def _resume(thread: str, socket: str) -> str:
    return code(f"codex resume {shlex.quote(thread)} --remote {shlex.quote('unix://' + socket)}")
