"""The page in Chromium, full of what a hostile child would write; and a person with a keyboard and many tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from supervisor.core.view.page.frame import document
from supervisor.core.view.page.pen import Html, Pen
from supervisor.core.view.page.style import STYLE
from supervisor.core.view.page.tasks import task_details
from supervisor.domain.report import Change, Check, ContractNote, Outcome, Report
from supervisor.domain.task import RunResult, TaskState
from supervisor.domain.world import World
from supervisor.wire.status import read_status
from tests.browser import Browser
from tests.cli.scene import Standin, ask, child, status_json, task
from tests.cli.web.served import Served

pytestmark = pytest.mark.long

EVIL = "</title><script>window.bad=1</script><img src=x onerror='window.bad=1'>\u202eabc\x1b[2J"
LONG = EVIL + "x" * 3000
FORMS = ("accept", "decline", LONG, "reply TEXT")
OVERLAPS = """[...document.querySelectorAll('a.row')].filter((row) => {
    const [pill, side] = ['.pill', '.side'].map((one) => row.querySelector(one).getBoundingClientRect());
    return side.left < pill.right;
}).map((row) => row.id)"""
TABS = 8  # more than the connections that a browser has for one address


@pytest.fixture
def shown(
    standin: Callable[..., Standin], served: Callable[..., Served], tmp_path: Path
) -> Iterator[tuple[Standin, Served, Browser]]:
    tasks = (
        task("T1", "running", title=LONG, doing=LONG, summary=LONG),
        task("T2", "blocked", title=LONG, why=LONG),
        task("T3", "needs_human", child="firmware", tokens={"input": 320_000, "output": 0}, minutes=14.2, runs=2),
    )
    asks = (
        ask("A1", text=LONG, steps=f"{EVIL}\n{LONG}", expect=LONG, answers=FORMS),
        ask("A2", kind="approval", child="backend", task="T1", text=EVIL, answers=("accept", "decline")),
    )
    status = status_json(title=LONG, children=(child("backend", problem=LONG),), tasks=tasks, asks=asks)
    supervisor = standin(status, answers={"answer": {"text": "A2 is accepted"}})
    web = served()
    with Browser(tmp_path / "profile") as browser:
        browser.size(1280, 900)
        browser.open(web.link)
        browser.until("document.querySelectorAll('a.row').length === 3")
        yield supervisor, web, browser


def test_no_text_runs_and_none_is_wider_than_the_page(shown: tuple[Standin, Served, Browser]) -> None:
    _, web, browser = shown
    for path in ("", "task/T1", "task/T2", "plan", "log"):
        for wide in (390, 1280):
            browser.size(wide, 844)
            browser.open(web.url + path)
            browser.until("document.readyState === 'complete'")
            assert browser.js("document.documentElement.scrollWidth") <= wide, path
            assert browser.js(OVERLAPS) == [], (path, wide)
    assert browser.js("window.bad") is None
    assert [one for one in browser.problems if "401" not in one] == []


def test_a_person_answers_by_keys_and_in_a_second_tab(
    shown: tuple[Standin, Served, Browser],
) -> None:
    supervisor, web, browser = shown
    browser.open(web.url)  # once it is loaded, it hears keys
    browser.press("a")
    browser.until("document.activeElement.id === 'words-A1'")
    for _ in range(7):  # past three buttons of A1, and the words and the box of A2
        browser.press("Tab")
    assert browser.js("document.activeElement.value + document.activeElement.closest('section').id") == "declineask-A2"
    browser.press("Enter")
    browser.until("document.getElementById('said').textContent === 'A2 is accepted.'")
    given = {"ask": "A2", "decision": "decline", "text": "", "for_session": False, "by": "page"}
    assert supervisor.calls == [("answer", given)]
    browser.tab()
    browser.size(390, 844)
    browser.open(web.url)
    browser.until("document.querySelectorAll('a.row').length === 3")
    browser.click("#ask-A2 button[value=accept]")
    browser.until("document.getElementById('said').textContent === 'A2 is accepted.'")
    assert len(supervisor.calls) == 2


def test_more_tabs_than_connections_all_have_the_page(shown: tuple[Standin, Served, Browser]) -> None:
    _, web, browser = shown
    tabs = [browser.tab() for _ in range(TABS)]
    for tab in tabs:
        browser.turn_to(tab)
        browser.open(web.url)
    assert browser.until("document.querySelectorAll('a.row').length === 3") is True


def test_a_request_that_makes_no_sense_is_refused_and_not_a_fault(
    standin: object, served: Callable[..., Served]
) -> None:
    web = served()
    web.enter()
    with closing(web.connection()) as connection:
        wants = {"cookie": web.cookie, "accept": "text/event-stream", "last-event-id": "9" * 5000}
        connection.request("GET", "/", headers=wants)
        assert connection.getresponse().status == 200
    assert web.post("/answer", {f"f{number}": "" for number in range(60)}).status == 303
    assert web.send("POST", "/answer", "text=" + "x" * 200_000).status == 303
    assert [web.send(method, "/").status for method in ("TRACE", "PUT", "DELETE")] == [403, 403, 403]
    assert web.get("/task/..%2f..%2fetc").status == 404
    assert "Traceback" not in web.errors()
    assert web.get().status == 200


def test_what_a_child_reports_is_no_wider_than_the_page(tmp_path: Path) -> None:
    said = Report(Outcome.DONE, LONG, (Change(LONG, LONG),), (ContractNote("C1", "kept", LONG),), learned=(LONG,))
    state = replace(TaskState("T1", LONG, "backend"), result=RunResult(report=said, checks=(Check(LONG, 1, LONG),)))
    pen, one = Pen(), read_status(status_json(tasks=(task("T1", "done", title=LONG, changed_files=[LONG]),))).tasks[0]
    details = task_details(pen, one, World(tasks={"T1": state}), ())
    page = tmp_path / "page.html"
    page.write_text(document(pen, LONG, (pen("style", Html(STYLE)),), (pen("main", details),)), encoding="utf-8")
    with Browser(tmp_path / "profile") as browser:
        for wide in (390, 1280):
            browser.size(wide, 844)
            browser.open(page.as_uri())
            assert browser.js("document.documentElement.scrollWidth") <= wide
        assert "x" * 3000 in browser.html()
        assert "\x1b" not in browser.html()
        assert browser.js("window.bad") is None
