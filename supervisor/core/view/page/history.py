"""How the plan changed, what was decided and why, what rules settled, what was learned, what was agreed."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.core.view.page.pen import Html, Pen, tight
from supervisor.core.view.story.record import Decision, PlanEdit
from supervisor.domain.plan import Plan
from supervisor.domain.world import World


def plan_edits(pen: Pen, edits: Sequence[PlanEdit]) -> Html:
    """Show the versions of plan.md, the oldest first, with what each did to the tasks."""
    rows = []
    for one in edits:
        effects = [
            pen("li", f"{each.task}: {each.effect}", f" ({each.why})" if each.why else "") for each in one.effects
        ]
        more = pen("details", pen("summary", "What it did"), pen("ul", effects, cls="plain"), cls="more")
        number = f"revision {one.revision}" if one.revision else "not in force"
        what = pen("td", one.summary or "as it was first written", more if effects else "")
        rows.append(
            pen(
                "tr",
                pen("td", pen.time(one.at, day=True)),
                pen("td", number, cls="tight"),
                pen("td", one.author, cls="tight"),
                what,
            )
        )
    return _table(pen, ("When", "plan.md", "By", "What changed"), rows)


def decisions(pen: Pen, made: Sequence[Decision]) -> Html:
    """Show what the supervisor did, and why."""
    rows = [
        pen(
            "tr",
            pen("td", pen.time(one.at, day=True)),
            pen("td", one.child, cls=tight(one.child)),
            pen("td", one.task, cls=tight(one.task)),
            pen("td", one.what),
            pen("td", one.why),
        )
        for one in made
    ]
    return _table(pen, ("When", "Child", "Task", "What", "Why"), rows)


def ruled(pen: Pen, world: World) -> Html:
    """Show the requests that rules of the config settled. "" if there were none."""
    rows = [
        pen(
            "tr",
            pen("td", pen.time(one.at, day=True)),
            pen("td", ", ".join(name for name in (one.child, one.task) if name)),
            pen("td", pen("code", one.subject)),
            pen("td", one.why),
        )
        for one in world.ruled
    ]
    return _table(pen, ("When", "Who", "What", "Rule"), rows) if rows else Html("")


def learned(pen: Pen, world: World) -> Html:
    """Show what the other repos should know, and what changed of what they share. "" if there is nothing."""
    facts = [pen("li", pen("b", one.source), f" {one.text}") for one in world.learnings]
    drifts = [
        pen("li", pen("b", f"{one.task} " if one.task else ""), f"{one.drift.kind} ", pen("code", one.drift.name),
            f" {one.drift.what}; relied on by {', '.join(dict.fromkeys(each.child for each in one.drift.theirs))}")
        for one in world.map.drifts
    ]  # fmt: skip
    return pen.join(
        pen("ul", facts, cls="plain") if facts else "",
        pen.join(pen("h3", "Changed although others rely on it"), pen("ul", drifts, cls="plain")) if drifts else "",
    )


def agreed(pen: Pen, plan: Plan | None) -> Html:
    """Show the objective, the success criteria and the contracts of the plan in force. "" without one."""
    if plan is None:
        return Html("")
    parts = [("Objective", "", plan.objective), ("Success criteria", "", plan.success)]
    parts += [(f"{one.id} — {one.title}", ", ".join(one.between), one.text) for one in plan.contracts]
    return pen.join(
        pen.join(pen("h3", name, pen("small", who)), pen.words(words.strip()))
        for name, who, words in parts
        if words.strip()
    )


def _table(pen: Pen, columns: Sequence[str], rows: Sequence[Html]) -> Html:
    head = pen("thead", pen("tr", (pen("th", name) for name in columns)))
    return pen("table", head, pen("tbody", rows), cls="fold")
