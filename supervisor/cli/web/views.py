"""The pages, from a view of the workspace."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from supervisor.cli.display.blocks import one_line
from supervisor.cli.draw.gather import patches_of
from supervisor.cli.look.log_lines import LogWords, message_of, seconds_of
from supervisor.cli.web.live import PageView
from supervisor.core.view.graph.layers import Node, nodes_of
from supervisor.core.view.page.asks import ask_links, open_ask, settled_asks, ways_in_terminal
from supervisor.core.view.page.changes import TaskPatch
from supervisor.core.view.page.forms import answer_form, code_form, enter_form, plan_buttons, retry_button
from supervisor.core.view.page.frame import agreed_title, document, graph, notices, sums
from supervisor.core.view.page.history import agreed, decisions, learned, plan_edits, ruled
from supervisor.core.view.page.parts import Marks, PageParts
from supervisor.core.view.page.pen import Html, Pen, count_of, tight
from supervisor.core.view.page.style import STYLE
from supervisor.core.view.page.tasks import task_details, task_line
from supervisor.core.view.page.timeline import legend, timeline
from supervisor.domain.status import AskInfo, KeptRunInfo, Status, TaskInfo
from supervisor.runtime.records import Records, moment
from supervisor.runtime.workspace import WorkspacePaths

AGAIN = 5.0  # seconds for which the changes of a task that works are shown as they were
LINES = 400  # of the log
MESSAGES = 3  # of a turn that runs
STEPS = 400  # of the time line: what moves by less than one is not drawn anew
LONGEST_STEP = timedelta(seconds=30)
DECISIONS = 200  # on the page of the plan; `orch report` has all
_ORDER = ("needs_human", "failed", "blocked", "running", "verifying", "waiting", "held", "done", "retired")
_AT_WORK = ("running", "needs_human")
_LOUD = {"warning": "warned", "error": "problem"}
_PLACES = (("/", "Overview"), ("/plan", "Plan"), ("/log", "Log"), ("/map", "Map"))


class Drawn(NamedTuple):
    """A page, and the marks of its parts."""

    html: str
    marks: Marks


class Views:
    """Draws pages. `read_only`: without forms. `known`: the marks of the parts that the reader has; None for a whole
    page. What is dear to draw is kept for as long as what it shows stays the same."""

    def __init__(self, workspace: WorkspacePaths, pen: Pen, *, read_only: bool) -> None:
        self._workspace = workspace
        self._pen = pen
        self._read_only = read_only
        self._changed: dict[str, tuple[float, tuple[KeptRunInfo, ...], list[TaskPatch]]] = {}
        self._lines: dict[str, tuple[TaskInfo, Html]] = {}
        self._graph: tuple[Sequence[Node], Html] = ((), Html(""))
        self._times: tuple[object, datetime | None, Html] = (None, None, Html(""))

    def overview(self, view: PageView, said: tuple[bool, str] | None, known: Marks | None = None) -> Drawn:
        """Draw `/`: what waits on the person, tasks, graph, time line. `said`: whether an answer counts, in words."""
        pen, status, story, parts = self._pen, view.status, view.story, PageParts(self._pen, known)
        ordered = sorted(status.tasks, key=lambda one: _ORDER.index(one.state) if one.state in _ORDER else 0)
        settled = [one for one in story.asks if one.settled is not None][-20:][::-1]
        inner = (
            parts.part("part notices", notices(pen, status)),
            self._asks(parts, status.asks, "Waits on you"),
            self._tasks(parts, ordered),
            parts.section("graph", "Graph", self._graph_of(status)),
            parts.section("time", "Time line", self._time_line(view)),
            parts.section("answers", "Answered", settled_asks(pen, settled) if settled else Html("")),
            parts.section("children", "Children", self._children(status)),
        )
        return self._page(view, parts, agreed_title(status, story.world), inner, "/", said)

    def task(self, view: PageView, name: str, known: Marks | None = None) -> Drawn | None:
        """Return the page of a task; None if there is none."""
        pen, status, parts = self._pen, view.status, PageParts(self._pen, known)
        task = next((one for one in status.tasks if one.id == name), None)
        if task is None:
            return None
        retry = Html("") if self._read_only else retry_button(pen, task)
        log, said = self._log([name], 100)
        details = task_details(pen, task, view.story.world, self._patches(status, task))
        inner = (
            parts.part("part line", pen("div", pen("div", task_line(pen, task), cls="row"), retry, cls="card")),
            self._asks(parts, [one for one in status.asks if one.task == name]),
            parts.section("says", "What it says", said if task.state in _AT_WORK else Html("")),
            parts.part("part details", details),
            parts.section("log", "Log", log),
        )
        return self._page(view, parts, f"{task.id} — {task.title}", inner, "")

    def plan(self, view: PageView, known: Marks | None = None) -> Drawn:
        """Draw `/plan`: the plan in force, its edits, what was learned, and the latest DECISIONS decisions."""
        pen, story, status, parts = self._pen, view.story, view.status, PageParts(self._pen, known)
        shown = story.decisions[-DECISIONS:][::-1]
        inner = (
            parts.part("part notices", notices(pen, status)),
            parts.section("agreed", "Plan and contracts", agreed(pen, story.world.plan.current)),
            parts.section("edits", "Edits", plan_edits(pen, story.edits[::-1]) if story.edits else Html("")),
            parts.section("learned", "Learned", learned(pen, story.world)),
            parts.section("rules", "Settled by rules", ruled(pen, story.world)),
            parts.section("decisions", "Decisions", decisions(pen, shown) if shown else Html("")),
        )
        return self._page(view, parts, "Plan", inner, "/plan")

    def log(self, view: PageView, known: Marks | None = None) -> Drawn:
        """Draw `/log` with the latest LINES lines."""
        parts = PageParts(self._pen, known)
        return self._page(view, parts, "Log", (parts.section("log", "Log", self._log([], LINES)[0]),), "/log")

    def map(self, view: PageView, known: Marks | None = None) -> Drawn:
        """Draw `/map` from map.md, as the latest survey left it."""
        try:
            text = self._workspace.map_markdown.read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = "No map was drawn yet."
        parts = PageParts(self._pen, known)
        return self._page(view, parts, "Map", (parts.section("map", "Map", self._pen("pre", text)),), "/map")

    def enter(self, problem: str = "") -> str:
        """Draw what a browser gets that did not come in by a link: where to find one, and a field for its token."""
        pen = self._pen
        late = (
            "This link was used already. Press Enter in the terminal of `orch web` for another one, or paste its token."
        )
        parts = (
            pen("h1", "orch"),
            pen(
                "p",
                "Open the link that ",
                pen("code", "orch web"),
                " printed, or paste what stands behind its #.",
                cls="soft",
            ),
            pen("p", late, cls="problem", id="late", hidden=True),
            enter_form(pen, problem),
        )
        return self._whole("orch", pen("main", pen("div", parts, cls="card narrow")), page="enter")

    def code(self, waits: str, words: str, problem: str = "") -> str:
        """Draw the form for the code that the terminal of `orch web` shows. `waits` names the answer that needs it."""
        inner = self._pen("div", code_form(self._pen, waits, words, problem), cls="card narrow")
        return self._whole("Confirm — orch", self._pen("main", inner), page="code")

    def problem(self, words: str) -> str:
        """Draw a page that says only what is wrong."""
        pen = self._pen
        back = pen("p", pen("a", "Back", href="/"))
        return self._whole("orch", pen("main", pen("div", pen("p", words), back, cls="card narrow")), page="problem")

    def _patches(self, status: Status, task: TaskInfo) -> list[TaskPatch]:
        """What a task changed. While it works, the work tree is not read again at each of its steps."""
        at, kept, known = self._changed.get(task.id, (0.0, (), []))
        if kept != task.kept or time.monotonic() > at + AGAIN:
            known = patches_of(self._workspace, status, [task])
            self._changed[task.id] = (time.monotonic(), task.kept, known)
        return known

    def _asks(self, parts: PageParts, asks: Sequence[AskInfo], heading: str = "") -> Html:
        pen = self._pen
        ways = ways_in_terminal if self._read_only else answer_form
        shown = [parts.part(f"part ask {one.id}", open_ask(pen, one, ways(pen, one))) for one in asks]
        above = (
            [parts.part("asks heading", pen.join(pen("h2", heading), ask_links(pen, asks)))] if heading and asks else []
        )
        return pen("div", above, shown, id="asks", data_list=True)

    def _tasks(self, parts: PageParts, tasks: Sequence[TaskInfo]) -> Html:
        pen = self._pen
        rows = [parts.part(f"row {one.id}", self._line(one), "a", cls="row", href=f"/task/{one.id}") for one in tasks]
        heading = pen("h2", "Tasks", id="tasks") if rows else Html("")
        return pen("section", heading, rows, id="part-tasks", data_list=True, aria_labelledby="tasks")

    def _line(self, task: TaskInfo) -> Html:
        known = self._lines.get(task.id)
        if known is None or known[0] != task:
            known = self._lines[task.id] = (task, task_line(self._pen, task))
        return known[1]

    def _graph_of(self, status: Status) -> Html:
        nodes = nodes_of(status.tasks)
        if nodes != self._graph[0]:
            self._graph = (nodes, graph(self._pen, status, "/task/"))
        drawn = self._graph[1]
        return self._pen("div", drawn, cls="scroll", tabindex=0) if nodes else Html("")

    def _time_line(self, view: PageView) -> Html:
        """Draw the time line, unless the last one shows the same, and ends less than a step of the screen ago."""
        pen, story = self._pen, view.story
        shows, drawn_at, drawn = self._times
        begun = story.begun or view.at
        step = min((view.at - begun) / STEPS, LONGEST_STEP)
        if drawn_at is None or shows != (story.stretches, story.edits, story.asks) or view.at - drawn_at > step:
            line = timeline(pen, story, view.at)
            drawn = pen.join(pen("div", line, cls="scroll", tabindex=0), legend(pen)) if line else Html("")
            self._times = ((story.stretches, story.edits, story.asks), view.at, drawn)
        return drawn

    def _children(self, status: Status) -> Html:
        pen = self._pen
        rows = [
            pen(
                "tr",
                pen("td", pen("b", one.name), cls=tight(one.name)),
                pen("td", one.state, cls="tight"),
                pen("td", pen("a", one.task, href=f"/task/{one.task}") if one.task else ""),
                pen("td", one.problem or ""),
            )
            for one in status.children
        ]
        return pen("table", rows) if rows else Html("")

    def _log(self, holding: Sequence[str], limit: int) -> tuple[Html, Html]:
        """Return the last lines of the log, and in full what was said last in the turn that runs; the newest first."""
        pen, records, telling = self._pen, Records(self._workspace), LogWords()
        kept: deque[Html] = deque(maxlen=limit)
        said: deque[Html] = deque(maxlen=MESSAGES)
        try:
            for line in records.read(holding=holding):
                if holding and line.get("task") not in holding:
                    continue
                if not (words := telling.words(line)):
                    continue
                if line["event"] == "turn_began":
                    said.clear()
                elif message := message_of(line):
                    said.append(pen("div", pen.words(message), cls="card"))
                took = seconds_of(line)
                cells = (
                    pen("td", pen.time(moment(line["ts"])), cls="soft"),
                    pen("td", f"{took:.1f} s" if took is not None else "", cls="num soft"),
                    pen("td", one_line(line.get("child") or "orch", 24), cls="tight"),
                    pen("td", words, cls=_LOUD.get(line["level"])),
                )
                kept.append(pen("tr", cells))
        finally:
            records.close()
        return pen("table", reversed(kept), cls="log") if kept else Html(""), pen.join(reversed(said))

    def _page(
        self,
        view: PageView,
        parts: PageParts,
        title: str,
        inner: Iterable[Html],
        here: str,
        said: tuple[bool, str] | None = None,
    ) -> Drawn:
        pen, status = self._pen, view.status
        links = [pen("a", words, href=to, aria_current="page" if to == here else None) for to, words in _PLACES]
        up = status.supervisor.state == "up"
        buttons = (
            Html("")
            if self._read_only or not up or status.plan.state == "missing"
            else plan_buttons(pen, held=status.plan.state in ("held", "waiting"))
        )
        down = "" if up else f"The supervisor is {status.supervisor.state}: this is the last known state."
        head = (
            pen("div", pen("h1", title), buttons, cls="bar"),
            sums(pen, status, view.story.begun, view.story.until),
            pen("p", down, cls="problem") if down else "",
            pen("nav", links, pen("span", "not up to date: looking for orch web again", id="stale"), cls="jump"),
        )
        told = pen("p", said[1] if said else "", id="said", role="status",
                   cls=("said" if said[0] else "said problem") if said else None)  # fmt: skip
        without = pen("noscript", pen("p", "Without scripts, reload this page to see what is new.", cls="soft"))
        top = pen("header", parts.part("head", pen("div", head)), cls="top", id="top")
        main = pen("main", told, without, pen("div", inner, id="parts"))
        waiting = f"({count_of(len(status.asks), 'ask')}) " if status.asks else ""
        named, body = f"{waiting}{title} — orch", pen.join(top, main)
        if not parts.whole:
            return Drawn(document(pen, named, (), (body,), data_version=view.version), parts.marks)
        return Drawn(self._whole(named, body, page="live", version=view.version), parts.marks)

    def _whole(self, title: str, body: Html, *, page: str, version: int | None = None) -> str:
        pen = self._pen
        head = (
            pen("style", Html(STYLE)),
            pen("link", rel="icon", href="/icon.svg"),
            pen("script", "", src="/page.js", defer=True),
        )
        return document(pen, title, head, (body,), data_page=page, data_version=version)
