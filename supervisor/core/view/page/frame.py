"""What all pages share: the head, the sums, the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from supervisor.core.text.figures import amount, dollars
from supervisor.core.view.graph.layers import nodes_of
from supervisor.core.view.graph.svg import svg
from supervisor.core.view.page.pen import Html, Pen, count_of, lasted
from supervisor.domain.status import Status
from supervisor.domain.world import World

_DOCTYPE = Html("<!doctype html>\n")
_ORDER = ("needs_human", "running", "verifying", "failed", "blocked", "waiting", "held")


def document(pen: Pen, title: str, head: Iterable[str], body: Iterable[str], **marks: str | int | None) -> Html:
    """Return a whole page. `head` follows what every page has in its head. `marks`: attributes of its root."""
    metas = (
        pen("meta", charset="utf-8"),
        pen("meta", name="viewport", content="width=device-width,initial-scale=1"),
        pen("title", title),
    )
    return pen.join(_DOCTYPE, pen("html", pen("head", metas, head), pen("body", body), lang="en", **marks))


def section(pen: Pen, name: str, title: str, *inner: Html, note: str = "") -> Html:
    """Return a part of a page with a heading that can be jumped to; "" if there is nothing in it."""
    body = pen.join(*inner)
    heading = pen("h2", title, pen("small", note) if note else "", id=name)
    return pen("section", heading, body, aria_labelledby=name) if body else Html("")


def jumps(pen: Pen, places: Sequence[tuple[str, str]], of: str = "Parts") -> Html:
    """Return the links to parts of the page."""
    return pen("nav", (pen("a", title, href=f"#{name}") for name, title in places), cls="jump", aria_label=of)


def sums(pen: Pen, status: Status, begun: datetime | None, until: datetime | None) -> Html:
    """Say in one line how everything stands."""
    tasks = [one for one in status.tasks if one.state != "retired"]
    count = Counter(one.state for one in tasks)
    tokens = sum(one.tokens.input + one.tokens.output for one in status.tasks)
    if status.orchestrator is not None:
        tokens += status.orchestrator.tokens.input + status.orchestrator.tokens.output
    parts = [("done", f"{count['done']} of {len(tasks)} done") if tasks else ("", "no task yet")]
    words = {"needs_human": "need you" if count["needs_human"] != 1 else "needs you"}
    parts += [(state, f"{count[state]} {words.get(state, state)}") for state in _ORDER if count[state]]
    if status.asks:
        parts.append(("needs_human", count_of(len(status.asks), "ask")))
    if tokens:
        parts.append(("", f"{amount(tokens)} tokens"))
    if status.cost:
        parts.append(("", dollars(status.cost, at_least=status.cost_at_least)))
    if used := max((one.used_percent for one in status.limits), default=0.0):
        look = "failed" if used >= 95 else "needs_human" if used >= 80 else ""
        parts.append((look, f"{used:.0f}% of the limit used"))
    if begun is not None and until is not None:
        parts.append(("", lasted((until - begun).total_seconds())))
    looks = {"verifying": "running", "blocked": "failed", "held": "needs_human"}
    return pen("div", (pen("span", words, cls=looks.get(state, state) or None) for state, words in parts), cls="sum")


def notices(pen: Pen, status: Status) -> Html:
    """Say what keeps the plan from going on, other than asks. "" if nothing does."""
    plan, own = status.plan, status.orchestrator
    words = {
        "rejected": "plan.md is rejected: the version in force stays.",
        "waiting": "plan.md waits for `orch go`: the version in force stays.",
        "held": "The plan is held: nothing new starts.",
        "missing": "There is no plan.md that is followed: nothing new starts.",
        "not_followed": "plan.md is not followed yet.",
    }.get(plan.state, "")
    rows = [pen("li", pen.words(f"line {one.line}: {one.message}")) for one in plan.problems]
    whole = plan.state in ("missing", "not_followed") and plan.why
    parts = [
        pen.words(whole or " ".join(one for one in (words, plan.why or "") if one)) if words else Html(""),
        pen("ul", rows, cls="plain") if rows else Html(""),
        pen("p", pen.line(f"The supervisor cannot record: {status.supervisor.problem}"))
        if status.supervisor.problem
        else Html(""),
        *(pen("p", pen.line(one)) for one in status.warnings),
        *(pen("p", pen.line(f"{one.provider or 'The provider'} accepts no work: {one.why}")) for one in status.pauses),
    ]
    if own is not None and own.state not in ("idle", "needs_human"):
        about = own.doing or own.why or ""
        parts.append(pen("p", pen.line(f"The orchestrator is {own.state}" + (f": {about}" if about else "."))))
    shown = [one for one in parts if one]
    return pen("div", shown, cls="card you") if shown else Html("")


def graph(pen: Pen, status: Status, link: str) -> Html:
    """Draw which task waits for which. Each box leads to `link` with the task's id. "" without tasks."""
    nodes = [node._replace(title=pen.clean(node.title), child=pen.clean(node.child)) for node in nodes_of(status.tasks)]
    return Html(svg(nodes, "The tasks, and what each waits for", link=link)) if nodes else Html("")


def agreed_title(status: Status, world: World | None = None) -> str:
    """Return the title of the plan in force."""
    plan = world.plan.current if world is not None else None
    return (plan.title if plan is not None else status.plan.title) or "No plan yet"
