"""What all pages share: the head, the sums, the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from supervisor.core.view.graph.layers import nodes_of
from supervisor.core.view.graph.svg import svg
from supervisor.core.view.page.pen import Html, Pen, amount, count_of, lasted
from supervisor.domain.status import Status
from supervisor.domain.world import World

_DOCTYPE = Html("<!doctype html>\n")
_ORDER = ("needs_human", "running", "verifying", "failed", "blocked", "waiting", "held")


def document(pen: Pen, title: str, head: Iterable[str], body: Iterable[str]) -> Html:
    """Return a whole page. `head` follows what every page has in its head."""
    metas = (
        pen("meta", charset="utf-8"),
        pen("meta", name="viewport", content="width=device-width,initial-scale=1"),
        pen("meta", name="referrer", content="no-referrer"),
        pen("title", title),
    )
    return pen.join(_DOCTYPE, pen("html", pen("head", metas, head), pen("body", body), lang="en"))


def section(pen: Pen, name: str, title: str, *inner: Html, note: str = "") -> Html:
    """Return a part of a page with a heading that can be jumped to; "" if there is nothing in it."""
    body = pen.join(*inner)
    heading = pen("h2", title, pen("small", note) if note else "", id=name)
    return pen("section", heading, body, aria_labelledby=name) if body else Html("")


def jumps(pen: Pen, places: Sequence[tuple[str, str]]) -> Html:
    """Return the links to parts of the page."""
    return pen("nav", (pen("a", title, href=f"#{name}") for name, title in places), cls="jump", aria_label="Parts")


def sums(pen: Pen, status: Status, begun: datetime | None, until: datetime | None) -> Html:
    """Say in one line how everything stands."""
    tasks = [one for one in status.tasks if one.state != "retired"]
    count = Counter(one.state for one in tasks)
    tokens = sum(one.tokens.input + one.tokens.output for one in status.tasks)
    if status.orchestrator is not None:
        tokens += status.orchestrator.tokens.input + status.orchestrator.tokens.output
    parts = [("done", f"{count['done']} of {len(tasks)} done")]
    parts += [(state, f"{count[state]} {state.replace('_', ' ')}") for state in _ORDER if count[state]]
    if status.asks:
        parts.append(("needs_human", f"{count_of(len(status.asks), 'ask')} for you"))
    parts.append(("", f"{amount(tokens)} tokens"))
    if begun is not None and until is not None:
        parts.append(("", lasted((until - begun).total_seconds())))
    looks = {"verifying": "running", "blocked": "failed", "held": "needs_human"}
    return pen("div", (pen("span", words, cls=looks.get(state, state)) for state, words in parts), cls="sum")


def graph(pen: Pen, status: Status, link: str) -> Html:
    """Draw which task waits for which. Each box leads to `link` with the task's id. "" without tasks."""
    nodes = [node._replace(title=pen.clean(node.title), child=pen.clean(node.child)) for node in nodes_of(status.tasks)]
    return Html(svg(nodes, "The tasks, and what each waits for", link=link)) if nodes else Html("")


def agreed_title(status: Status, world: World | None = None) -> str:
    """Return the title of the plan in force."""
    plan = world.plan.current if world is not None else None
    return (plan.title if plan is not None else status.plan.title) or "No plan yet"
