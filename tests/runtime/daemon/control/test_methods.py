"""What the control methods do."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from supervisor.domain import event as ev
from supervisor.domain.ask import Answer
from supervisor.domain.child import Child
from supervisor.domain.plan import Plan, Task
from supervisor.errors import RequestRefused, SupervisorDown, UsageError
from supervisor.shell import control_client
from supervisor.shell.ledger import store
from supervisor.shell.ledger.segments import raw_lines, segments
from supervisor.wire.codex.notifications import Notification, read_notification
from supervisor.wire.jsonrpc import Notice
from tests.runtime.daemon.control.harness import LIMIT, Supervisor, refused

pytestmark = pytest.mark.timeout(10)


def test_before_the_plan_is_known_only_watch_is_answered(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_client, "CONNECT_TIMEOUT", 0.3)
    supervisor.plan_known.clear()
    with supervisor.client() as watching, supervisor.client() as asking, ThreadPoolExecutor(1) as pool:
        assert watching.watch(-1, 0).status["plan"]["state"] == "missing"
        assert not supervisor.asked.is_set()
        answer = pool.submit(asking.call, "status")
        assert supervisor.asked.wait(LIMIT)
        assert watching.watch(-1, 0).status["plan"]["state"] == "missing"
        with pytest.raises(FutureTimeout):  # the supervisor is alive, so the client waits for it
            answer.result(2 * control_client.CONNECT_TIMEOUT)
        supervisor.plan_known.set()
        assert answer.result(LIMIT)["plan"]["state"] == "missing"


def test_the_status_shows_what_is_known(supervisor: Supervisor) -> None:
    with supervisor.client() as client:
        status = client.call("status")
    since = status["supervisor"].pop("since")
    assert since == supervisor.loop.status().supervisor.since
    assert status == {
        "workspace": str(supervisor.workspace.root),
        "supervisor": {"state": "up", "pid": os.getpid(), "version": "0.1.0", "problem": None},
        "plan": {
            "state": "missing",
            "revision": 0,
            "title": None,
            "author": None,
            "why": "there is no plan.md yet",
            "problems": [],
            "read": None,
            "integration": [],
        },
        "orchestrator": None,
        "pauses": [],
        "children": [],
        "tasks": [],
        "asks": [],
        "as_of": None,
        "cost": None,
        "cost_at_least": False,
        "limits": [],
        "warnings": [],
    }


def test_watch_answers_at_once_after_a_change_and_in_time_without_one(supervisor: Supervisor) -> None:
    with supervisor.client() as client:
        version = client.watch(-1, 0).version
        assert client.watch(version, 0.05).version == version
    count = 5

    def watch(ready: threading.Barrier) -> Any:
        with supervisor.client() as client:
            ready.wait(LIMIT)
            return client.watch(version, LIMIT)

    ready = threading.Barrier(count + 1)
    with ThreadPoolExecutor(count) as pool, supervisor.client() as client:
        watching = [pool.submit(watch, ready) for _ in range(count)]
        ready.wait(LIMIT)
        client.call("hold")
        seen = [one.result(LIMIT) for one in watching]
    assert {one.version > version for one in seen} == {True}
    assert {one.status["plan"]["state"] for one in seen} <= {"missing", "held"}


def test_watch_answers_soon_after_a_step_of_a_turn_which_is_not_recorded(supervisor: Supervisor) -> None:
    item = {"id": "i", "type": "commandExecution", "command": "git log -n 5"}
    step = read_notification(Notice("item/started", {"threadId": "a", "turnId": "u", "item": item}))
    assert isinstance(step, Notification)
    with supervisor.client() as client:
        version = client.watch(-1, 0).version
        before = len(supervisor.recorded())
        supervisor.observe(step)
        assert client.watch(version, LIMIT).version == version + 1
        assert supervisor.activity.text == "runs git log -n 5"
        assert len(supervisor.recorded()) == before


def test_a_request_is_in_the_ledger_before_its_answer(supervisor: Supervisor) -> None:
    with supervisor.client() as client:
        answers = [
            client.call("hold"),
            client.call("go", task=None),
            client.call("note", text="  the id is a UUID \udcff\n"),
            client.call("up", children=[]),
        ]
        still = ["nothing new starts, because there is no plan.md yet: write plan.md"]
        assert answers == [{}, {"lifted": True, "still": still, "released": None}, {}, {}]
        started, *events = supervisor.recorded()
    assert isinstance(started, ev.SupervisorStarted)
    assert events == [
        ev.HoldSet(events[0].at),
        ev.HoldLifted(events[1].at),
        ev.LearningNoted(events[2].at, "human", "the id is a UUID \udcff"),
        ev.UpRequested(events[3].at, ()),
    ]
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_a_supervisor_knows_what_was_before_its_ledger_was_compacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT", 3000)
    notes = [f"note {number}" for number in range(40)]
    for _ in "ab":  # the second time nothing is new
        with Supervisor(tmp_path) as supervisor, supervisor.client() as client:
            for note in notes:
                client.call("note", text=note)
    with Supervisor(tmp_path) as supervisor:
        assert [one.text for one in supervisor.loop.world.learnings] == notes
        assert len(supervisor.recorded()) < 40
    assert len(segments(supervisor.workspace.ledger)) > 2
    recorded = [json.loads(raw) for raw in raw_lines(supervisor.workspace.ledger)]
    assert [one["text"] for one in recorded if one["event"] == "learning_noted"] == notes * 2
    assert [one["seq"] for one in recorded] == list(range(1, len(recorded) + 1))


def test_no_secret_that_a_human_notes_reaches_the_ledger(supervisor: Supervisor) -> None:
    key = "sk-" + "a1B2" * 8
    with supervisor.client() as client:
        client.call("note", text=f"use {key}")
    assert key not in supervisor.workspace.ledger.read_text(encoding="utf-8")
    assert supervisor.recorded()[-1] == ev.LearningNoted(supervisor.recorded()[-1].at, "human", "use [redacted]")


def test_the_error_for_a_wrong_name_names_the_nearest_one(tmp_path: Path) -> None:
    with (
        Supervisor(tmp_path, Child("backend", "/b"), Child("mobile", "/m")) as supervisor,
        supervisor.client() as client,
    ):
        with pytest.raises(UsageError):
            client.call("restart", child="bakend")
        assert refused(client, "restart", child="bakend") == "there is no child `bakend`: did you mean `backend`?"
        assert refused(client, "up", children=["x"]) == "there is no child `x`: use `backend` or `mobile`"
        assert refused(client, "go", task="T1") == "there is no task `T1`: there is no task yet"
        assert refused(client, "note", text="") == "the note is empty: say what was learned: `orch note TEXT`"
        assert refused(client, "answer", ask="A9", decision="accept", text="", for_session=False) == (
            "there is no ask `A9`: see `orch asks`"
        )


@pytest.mark.promise("answered once")
def test_an_ask_is_answered_once_and_only_with_a_decision(supervisor: Supervisor) -> None:
    task = Task("H1", "Pair a device", "human", instructions="Press the button.", expect="a green light")
    plan = Plan("Pairing", False, "Pair.", "It pairs.", (), (task,))

    def reply(decision: str, text: str = "", ask: str = "") -> dict[str, Any]:
        return {"ask": ask or name, "decision": decision, "text": text, "for_session": False}

    with supervisor.client() as client:
        version = client.watch(-1, 0).version
        supervisor.post(ev.PlanAccepted(supervisor.loop.clock.now(), 1, "d", "first", plan))
        asks = client.watch(version, LIMIT).status["asks"]
        (name,) = [one["id"] for one in asks]
        ways = f"`orch answer {name} accept` or `orch answer {name} decline`"
        mistyped = f"{name} is a checkpoint, and takes a decision: did you mean `decline`? {ways}"
        assert refused(client, "answer", **reply("text", "declin")) == mistyped
        assert refused(client, "answer", **reply("accept", ask="h1")) == (
            f"there is no ask `h1`: `h1` is a task, and its ask is `{name}`: see `orch asks`"
        )
        assert refused(client, "answer", **{**reply("accept"), "for_session": True}) == (
            f"{name} is no approval of a request, so it cannot be accepted for the rest of the session: "
            f"answer without --for-session: `orch answer {name} accept`"
        )
        assert refused(client, "go", task="H1") == "H1 is neither blocked nor failed: see `orch status`"
        assert client.call("answer", **reply("accept", " a green light \n", name.lower())) == {"text": "H1 is done"}
        assert refused(client, "answer", **reply("accept")) == (
            f"{name} is answered already (accepted by `orch answer`): see `orch asks` for what is open"
        )
        assert client.call("status")["asks"] == []
    answered = [event for event in supervisor.recorded() if isinstance(event, ev.AskAnswered)]
    assert answered == [ev.AskAnswered(answered[0].at, name, Answer("accept", "a green light"))]


def test_who_lets_a_held_task_go_is_told_what_holds_it(supervisor: Supervisor) -> None:
    plan = Plan("A", False, "", "", (), (Task("H1", "Look", "human", hold=True, instructions="Look."),))
    with supervisor.client() as client:
        version = client.watch(-1, 0).version
        supervisor.post(ev.PlanAccepted(supervisor.loop.clock.now(), 1, "d", "first", plan))
        assert [one["id"] for one in client.watch(version, LIMIT).status["tasks"]] == ["H1"]
        assert refused(client, "go", task="H1") == (
            "H1 is neither blocked nor failed; the plan holds it: see `orch status`"
        )


def test_of_many_who_give_the_same_answer_at_once_one_has_given_it(supervisor: Supervisor) -> None:
    tasks = tuple(Task(f"H{number}", "Look", "human", expect="green") for number in range(10))
    plan = Plan("Looking", False, "Look.", "", (), tasks)
    with supervisor.client() as client:
        supervisor.post(ev.PlanAccepted(supervisor.loop.clock.now(), 1, "d", "first", plan))
        asks: list[str] = []
        while len(asks) < len(tasks):
            asks = [one["id"] for one in client.watch(-1, 0).status["asks"]]

    def answer(ask: str) -> bool:
        with supervisor.client() as client, suppress(RequestRefused):
            client.call("answer", ask=ask, decision="accept", text="", for_session=False)
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        for ask in asks:
            assert sum(pool.map(answer, [ask] * 8)) == 1
    answered = [event.ask for event in supervisor.recorded() if isinstance(event, ev.AskAnswered)]
    assert answered == asks


def test_down_ends_the_supervisor_and_closes_all_connections(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, supervisor.client() as watcher, supervisor.client() as client:
        watcher.call("status")
        assert client.call("down", now=True) == {}
        assert client.wait_closed(LIMIT)
        with pytest.raises(SupervisorDown):
            watcher.call("status")
        supervisor.wait()
        with pytest.raises(SupervisorDown, match="the supervisor is not up: run `orch up`"):
            supervisor.client()
        assert not supervisor.socket.exists()


@pytest.mark.promise("no secret written")
def test_the_status_has_no_secret_in_what_only_the_process_knows(tmp_path: Path) -> None:
    with Supervisor(tmp_path, Child("alpha", "/src/alpha")) as supervisor, supervisor.client() as client:
        supervisor.loop.unreachable["alpha"] = "refused: password=tr0ub4dor-and-3"
        assert client.call("status")["children"][0]["problem"] == "refused: password=[redacted]"
