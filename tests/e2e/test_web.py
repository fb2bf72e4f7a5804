"""The page, with real servers: nobody but the person answers there, and who comes second is told who was first."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Browser
from tests.cli.web.served import Served
from tests.e2e import web_intruder
from tests.e2e.intruding import answers
from tests.e2e.lab import Lab, report, task

pytestmark = pytest.mark.long

HUMAN = "### {0} — Look at {0}\n- child: human\n\n1. Look at it.\n\n**Expect:** It is fine.\n\n"


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    with Lab("api") as made:
        config = made.workspace.config.read_text(encoding="utf-8")
        made.workspace.config.write_text(
            config.replace("path: ../api\n", "path: ../api\n    network: true\n"), encoding="utf-8"
        )
        assert "network: true" in made.workspace.config.read_text(encoding="utf-8")
        made.up()
        yield made


@pytest.fixture
def web(lab: Lab) -> Iterator[Served]:
    made = Served(lab.workspace)
    yield made
    assert made.close() == 0


@pytest.mark.promise("nobody answers for the person")
def test_a_child_with_network_and_a_stolen_cookie_answers_nothing(lab: Lab, web: Served) -> None:
    web.enter()
    names = ("sandboxed", "escalated", "orphan", "verify")
    outs = {name: lab.repos["api"] / name for name in names}

    def command(name: str, *flags: str) -> str:
        return shlex.join([sys.executable, web_intruder.__file__, *flags, web.url, web.cookie, str(outs[name])])

    lab.plan(
        HUMAN.format("H11")
        + task(
            "T11",
            "api",
            f"run {command('sandboxed')}",
            f"escalate {command('escalated')}",
            f"escalate {command('orphan', '--orphan')}",
            report("tried"),
            fields=(f"verify: `{command('verify', '--hide')}`",),
        )
    )
    lab.accept_approvals(2)
    lab.task("T11", "done")
    for name in names:
        found = answers(outs[name])
        assert {status for status, _ in found} == {403}, (name, found)
        by = "a server of orch" if name == "orphan" else "the server of api"
        assert {text for _, text in found} == {
            f"the request comes from a process that {by} started: only the person answers: "
            "run it in a terminal of your own\n"
        }
    assert [one["kind"] for one in lab.status()["asks"]] == ["checkpoint"]
    assert lab.status()["plan"]["state"] == "in_force"
    assert web.get().status == 200, "the person still has the page"


def test_an_ask_is_settled_once_and_who_comes_second_is_told_who_was_first(lab: Lab, web: Served) -> None:
    web.enter()
    lab.plan(HUMAN.format("H21") + HUMAN.format("H22"))
    asks = {one["task"]: one["id"] for one in lab.until(lambda seen: len(seen["asks"]) == 2)["asks"]}
    first = web.post("/answer", {"ask": asks["H21"], "decision": "accept"}, accept="application/json")
    assert (first.status, json.loads(first.text)["text"]) == (200, "H21 is done.")
    second = lab.orch("answer", asks["H21"], "decline", check=False)
    assert second.returncode == 1
    assert f"{asks['H21']} is answered already (accepted on the page)" in second.stderr
    assert lab.orch("answer", asks["H22"], "decline").returncode == 0
    late = web.post("/answer", {"ask": asks["H22"], "decision": "accept"}, accept="application/json")
    assert late.status == 409
    assert f"{asks['H22']} is answered already (declined by `orch answer`)" in json.loads(late.text)["text"]
    assert [line["answer"]["decision"] for line in lab.ledger("ask_answered")] == ["accept", "decline"]
    page = lab.workspace.root / "run.html"
    lab.orch("report")
    assert "on the page" in page.read_text(encoding="utf-8")


def test_a_person_enters_watches_and_answers_in_a_browser(lab: Lab, web: Served, tmp_path: Path) -> None:
    lab.plan(HUMAN.format("H31") + HUMAN.format("H32"))
    asks = {one["task"]: one["id"] for one in lab.until(lambda seen: len(seen["asks"]) == 2)["asks"]}
    with Browser(tmp_path / "profile") as browser:
        browser.size(1280, 900)
        browser.open(web.link)
        browser.until("document.title.startsWith('(2 asks)')")
        assert browser.js("location.href") == web.url
        assert browser.js("document.cookie") == ""
        assert browser.js("performance.getEntriesByType('navigation').length") == 1
        browser.js("window.same = true")
        browser.click(f"#words-{asks['H32']}")
        browser.type("half a sent")
        lab.orch("answer", asks["H31"], "accept", "Fine.")
        browser.until("document.title.startsWith('(1 ask)')")
        browser.until(f"!document.getElementById('ask-{asks['H31']}')")
        assert browser.js(f"document.getElementById('words-{asks['H32']}').value") == "half a sent"
        browser.type("ence.")
        browser.click(f"#ask-{asks['H32']} button[value=accept]")
        browser.until("document.getElementById('said').textContent === 'H32 is done.'")
        browser.until("!document.title.startsWith('(')")
        assert browser.js("window.same") is True, "nothing was loaded anew"
        assert lab.ledger("ask_answered")[-1]["answer"] == {
            "decision": "accept",
            "text": "half a sentence.",
            "for_session": False,
            "by": "page",
        }
        for path in ("/", "/plan", "/log", "/map", "/task/H31"):
            for wide in (390, 1280):
                browser.size(wide, 844, dark=wide == 390)
                browser.open(web.url + path.lstrip("/"))
                browser.until(f"location.pathname === '{path}' && document.readyState === 'complete'")
                assert browser.js("document.documentElement.scrollWidth") <= wide, path
        browser.js("document.activeElement.blur()")
        browser.press("o")
        browser.until("location.pathname === '/' && document.readyState === 'complete'")
        browser.press("j")
        browser.until("document.activeElement.matches('a.row')")
        assert [one for one in browser.problems if "401" not in one] == []


def test_without_scripts_a_person_pastes_the_token_and_answers_by_a_form(lab: Lab, web: Served, tmp_path: Path) -> None:
    lab.plan(HUMAN.format("H41"))
    name = lab.ask()["id"]
    with Browser(tmp_path / "profile", scripts=False) as browser:
        browser.size(390, 844)
        browser.open(web.link)
        browser.shows('id="token"')
        browser.click("#token")
        browser.type(web.token)
        browser.click("#enter button")
        browser.shows("Look at H41")
        browser.click(f"#words-{name}")
        browser.type("It is fine.")
        browser.click(f"#ask-{name} button[value=accept]")
        browser.shows("H41 is done.")
    assert lab.ledger("ask_answered")[-1]["answer"]["text"] == "It is fine."
