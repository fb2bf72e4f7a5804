"""The pages, from a view of the workspace. Each part has a mark that changes with what it shows."""

from __future__ import annotations

import time
import zlib
from collections import deque
from collections.abc import Iterable, Sequence

from supervisor.cli.display.blocks import one_line
from supervisor.cli.draw.gather import patches_of
from supervisor.cli.look.log_lines import QUIET, seconds_of, words_of
from supervisor.cli.web.live import PageView
from supervisor.core.view.page.asks import open_ask, settled_asks, ways_in_terminal
from supervisor.core.view.page.changes import TaskPatch
from supervisor.core.view.page.forms import answer_form, code_form, enter_form, plan_buttons, retry_button
from supervisor.core.view.page.frame import agreed_title, document, graph, notices, section, sums
from supervisor.core.view.page.history import agreed, decisions, learned, plan_edits, ruled
from supervisor.core.view.page.pen import Html, Pen, count_of
from supervisor.core.view.page.tasks import task_details, task_line
from supervisor.core.view.page.timeline import legend, timeline
from supervisor.domain.status import KeptRunInfo, Status, TaskInfo
from supervisor.runtime.records import Records, moment
from supervisor.runtime.workspace import WorkspacePaths

AGAIN = 5.0  # seconds for which the changes of a task that works are shown as they were
LINES = 400  # of the log
DECISIONS = 200  # on the page of the plan; `orch report` has all
_ORDER = ("needs_human", "failed", "blocked", "running", "verifying", "waiting", "held", "done", "retired")
_LOUD = {"warning": "warned", "error": "problem"}
_PLACES = (("/", "Overview"), ("/plan", "Plan"), ("/log", "Log"), ("/map", "Map"))


class Views:
    """Draws pages. `read_only`: without forms."""

    def __init__(self, workspace: WorkspacePaths, pen: Pen, *, read_only: bool) -> None:
        self._workspace = workspace
        self._pen = pen
        self._read_only = read_only
        self._changed: dict[str, tuple[float, tuple[KeptRunInfo, ...], list[TaskPatch]]] = {}

    def overview(self, view: PageView, said: tuple[bool, str] | None) -> str:
        pen, status, story = self._pen, view.status, view.story
        asks = [self._part(f"part ask {one.id}", open_ask(pen, one, self._ways(one.id, status))) for one in status.asks]
        heading = pen("h2", "Waits on you") if asks else Html("")
        ordered = sorted(status.tasks, key=lambda one: _ORDER.index(one.state) if one.state in _ORDER else 0)
        rows = [pen("a", task_line(pen, one), cls="row", href=f"/task/{one.id}") for one in ordered]
        line = pen.join(pen("div", timeline(pen, story, view.at), cls="scroll", tabindex=0), legend(pen))
        drawn = pen("div", graph(pen, status, "/task/"), cls="scroll", tabindex=0)
        settled = [one for one in story.asks if one.settled is not None][-20:][::-1]
        parts = (
            self._part("part notices", notices(pen, status)),
            pen("div", self._part("asks heading", heading), asks, id="asks", data_list=True),
            self._section("tasks", "Tasks", pen.join(rows)),
            self._section("graph", "Graph", drawn if status.tasks else Html("")),
            self._section("time", "Time line", line if story.stretches or story.edits else Html("")),
            self._section("answers", "Answered", settled_asks(pen, settled) if settled else Html("")),
            self._section("children", "Children", self._children(status)),
        )
        return self._page(view, agreed_title(status, story.world), parts, "/", said)

    def task(self, view: PageView, name: str) -> str | None:
        """Return the page of a task; None if there is none."""
        pen, status = self._pen, view.status
        task = next((one for one in status.tasks if one.id == name), None)
        if task is None:
            return None
        retry = Html("") if self._read_only else retry_button(pen, task)
        asks = [self._part(f"part ask {one.id}", open_ask(pen, one, self._ways(one.id, status)))
                for one in status.asks if one.task == name]  # fmt: skip
        details = task_details(pen, task, view.story.world, self._patches(status, task))
        parts = (
            self._part("line", pen("div", pen("div", task_line(pen, task), cls="row"), retry, cls="card")),
            pen("div", asks, id="asks", data_list=True),
            self._part("details", details),
            self._section("log", "Log", self._log([name], 100)),
        )
        return self._page(view, f"{task.id} — {task.title}", parts, "")

    def plan(self, view: PageView) -> str:
        pen, story, status = self._pen, view.story, view.status
        shown = story.decisions[-DECISIONS:][::-1]
        parts = (
            self._part("part notices", notices(pen, status)),
            self._section("agreed", "Plan and contracts", agreed(pen, story.world.plan.current)),
            self._section("edits", "Edits", plan_edits(pen, story.edits[::-1]) if story.edits else Html("")),
            self._section("learned", "Learned", learned(pen, story.world)),
            self._section("rules", "Settled by rules", ruled(pen, story.world)),
            self._section("decisions", "Decisions", decisions(pen, shown) if shown else Html("")),
        )
        return self._page(view, "Plan", parts, "/plan")

    def log(self, view: PageView) -> str:
        return self._page(view, "Log", (self._section("log", "Log", self._log([], LINES)),), "/log")

    def map(self, view: PageView) -> str:
        try:
            text = self._workspace.map_markdown.read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = "No map was drawn yet."
        return self._page(view, "Map", (self._section("map", "Map", self._pen("pre", text)),), "/map")

    def enter(self, problem: str = "") -> str:
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
        inner = self._pen("div", code_form(self._pen, waits, words, problem), cls="card narrow")
        return self._whole("Confirm — orch", self._pen("main", inner), page="code")

    def problem(self, words: str) -> str:
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

    def _ways(self, name: str, status: Status) -> Html:
        ask = next(one for one in status.asks if one.id == name)
        return ways_in_terminal(self._pen, ask) if self._read_only else answer_form(self._pen, ask)

    def _children(self, status: Status) -> Html:
        pen = self._pen
        rows = [
            pen(
                "tr",
                pen("td", pen("b", one.name)),
                pen("td", one.state),
                pen("td", pen("a", one.task, href=f"/task/{one.task}") if one.task else ""),
                pen("td", one.problem or ""),
            )
            for one in status.children
        ]
        return pen("table", rows) if rows else Html("")

    def _log(self, holding: Sequence[str], limit: int) -> Html:
        pen, records = self._pen, Records(self._workspace)
        kept: deque[Html] = deque(maxlen=limit)
        try:
            for line in records.read(holding=holding):
                if line["event"] in QUIET or line["level"] == "debug" or not (words := words_of(line)):
                    continue
                if holding and line.get("task") not in holding:
                    continue
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
        return pen("table", reversed(kept), cls="log") if kept else Html("")

    def _section(self, name: str, title: str, inner: Html) -> Html:
        return self._part(f"part {name}", section(self._pen, name, title, inner))

    def _part(self, name: str, inner: Html) -> Html:
        """Wrap what is replaced as a whole, once what it shows differs."""
        mark = f"{zlib.crc32(inner.encode()):x}"
        return self._pen("div", inner, id=name.replace(" ", "-"), data_rev=mark)

    def _page(
        self, view: PageView, title: str, parts: Iterable[Html], here: str, said: tuple[bool, str] | None = None
    ) -> str:
        pen, status = self._pen, view.status
        links = [pen("a", words, href=to, aria_current="page" if to == here else None) for to, words in _PLACES]
        up = status.supervisor.state == "up"
        buttons = (
            Html("") if self._read_only or not up else plan_buttons(pen, held=status.plan.state in ("held", "waiting"))
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
        top = pen("header", self._part("head", pen("div", head)), cls="top", id="top")
        main = pen("main", told, without, pen("div", parts, id="parts"))
        waiting = f"({count_of(len(status.asks), 'ask')}) " if status.asks else ""
        return self._whole(f"{waiting}{title} — orch", pen.join(top, main), page="live", version=view.version)

    def _whole(self, title: str, body: Html, *, page: str, version: int | None = None) -> str:
        pen = self._pen
        head = (
            pen("link", rel="stylesheet", href="/style.css"),
            pen("link", rel="icon", href="/icon.svg"),
            pen("script", "", src="/page.js", defer=True),
        )
        return document(pen, title, head, (body,), data_page=page, data_version=version)
