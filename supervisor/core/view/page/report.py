"""The report of a workspace: one page that needs nothing else, no network and no script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from supervisor.core.view.page.asks import ask_links, open_ask, settled_asks, ways_in_terminal
from supervisor.core.view.page.changes import TaskPatch
from supervisor.core.view.page.frame import agreed_title, document, graph, jumps, notices, section, sums
from supervisor.core.view.page.history import agreed, decisions, learned, plan_edits, ruled
from supervisor.core.view.page.pen import Html, Pen, count_of
from supervisor.core.view.page.style import CSS
from supervisor.core.view.page.tasks import task_details, task_line
from supervisor.core.view.page.timeline import legend, timeline
from supervisor.core.view.story.record import RunStory
from supervisor.domain.status import Status

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser may do with the page: nothing but use its own style sheet."""


def report(pen: Pen, status: Status, story: RunStory, patches: Sequence[TaskPatch], at: datetime) -> Html:
    """Return the page, as of `at`."""
    world = story.world
    title = agreed_title(status, world)
    running = status.supervisor.state != "down"
    line = pen("div", timeline(pen, story, at if running else None), cls="scroll", tabindex=0)
    drawn = pen("div", graph(pen, status, "#task-"), cls="scroll", tabindex=0)
    asks = [open_ask(pen, ask, ways_in_terminal(pen, ask)) for ask in status.asks]
    waiting = pen.join(ask_links(pen, status.asks), *asks) if asks else Html("")
    tasks = pen.join(
        pen(
            "details",
            pen("summary", task_line(pen, task)),
            pen("div", task_details(pen, task, world, [one for one in patches if one.task == task.id]), cls="in"),
            cls="task",
            id=f"task-{task.id}",
        )
        for task in status.tasks
    )
    left = f"the last {len(story.decisions)}; {story.left_out} older ones are left out" if story.left_out else ""
    parts = [
        ("asks", "Waits on you", waiting, ""),
        ("graph", "Graph", drawn if status.tasks else Html(""), ""),
        ("time", "Time line", pen.join(line, legend(pen)) if story.stretches or story.edits else Html(""), ""),
        ("tasks", "Tasks", tasks, ""),
        ("answers", "Asks and answers", settled_asks(pen, story.asks) if story.asks else Html(""), ""),
        ("rules", "Settled by rules", ruled(pen, world), ""),
        ("plan", "Plan", agreed(pen, world.plan.current), f"revision {world.plan.revision}"),
        ("edits", "Edits of the plan", plan_edits(pen, story.edits) if story.edits else Html(""), ""),
        ("learned", "Learned", learned(pen, world), ""),
        ("decisions", "Decisions", decisions(pen, story.decisions) if story.decisions else Html(""), left),
    ]
    shown = [one for one in parts if one[2]]
    head = pen(
        "header",
        pen(
            "div",
            pen("h1", title),
            pen("p", status.workspace, " · ", pen.time(at, day=True), _unread(story), cls="meta"),
            sums(pen, status, story.begun, story.until),
            jumps(pen, [(name, words) for name, words, *_ in shown]),
        ),
        cls="top",
    )
    body = pen(
        "main",
        notices(pen, status),
        (section(pen, name, words, inner, note=note) for name, words, inner, note in shown),
    )
    policy = pen("meta", http_equiv="Content-Security-Policy", content=POLICY)
    return document(
        pen,
        f"{title} — orch",
        (policy, pen("meta", name="referrer", content="no-referrer"), pen("style", Html(CSS))),
        (head, body),
    )


def _unread(story: RunStory) -> str:
    return f" · {count_of(story.unread, 'line')} of the ledger could not be read" if story.unread else ""
