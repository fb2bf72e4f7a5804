"""A damaged ledger stops the start, is repaired on request, and nothing that was done is done again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.lab import Lab, report, task

pytestmark = pytest.mark.long


@pytest.fixture
def own() -> Iterator[Lab]:
    with Lab("backend", "mobile") as lab:
        yield lab


def without(lab: Lab, wanted: Callable[[bytes], bool]) -> int:
    """Spoil these lines of the ledger, and return how many there are."""
    lines = lab.workspace.ledger.read_bytes().splitlines(keepends=True)
    hit = [line for line in lines if wanted(line)]
    spoilt = [line[:40] + b"\x00\x00\x00" + line[43:] if line in hit else line for line in lines]
    lab.workspace.ledger.write_bytes(b"".join(spoilt))
    return len(hit)


def repaired(lab: Lab) -> str:
    refused = lab.orch("up", check=False)
    assert refused.returncode == 1, refused
    assert "ledger.jsonl:" in refused.stderr
    assert "run `orch doctor --repair`" in refused.stderr
    before = lab.workspace.ledger.read_bytes()
    shown = lab.orch("doctor", "--repair", check=False)
    assert (shown.returncode, lab.workspace.ledger.read_bytes()) == (2, before), shown
    assert "`orch doctor --repair --yes`" in shown.stderr
    done = lab.orch("doctor", "--repair", "--yes").stdout
    assert "the damaged files are kept" in done
    assert any(before == path.read_bytes() for path in lab.workspace.state.glob("ledger.jsonl.damaged-*"))
    return done


@pytest.mark.promise("ledger repaired")
def test_a_task_whose_end_is_lost_is_read_from_its_thread_and_not_done_again(own: Lab) -> None:
    own.plan(task("T1", "backend", report("one")) + task("T2", "mobile", report("two"), fields=("after: T1",)))
    own.up()
    own.task("T2", "done")
    told = {name: own.delivered(name) for name in ("T1", "T2")}
    own.orch("down")
    lost = without(own, lambda line: b'"task":"T2"' in line and (b'"turn_ended"' in line or b"checks_finished" in line))
    assert lost == 2
    assert "turn_ended mobile T2" in repaired(own)

    own.up()
    own.task("T2", "done")
    seen = own.status()
    assert (seen["plan"]["state"], seen["plan"]["why"]) == (
        "held",
        "the ledger lost 2 events: look at what the tasks did, then `orch go`",
    )
    assert "the ledger lost 2 events" in own.runs("Plan: **held**")
    own.orch("go")
    assert own.until(lambda seen: seen["plan"]["state"] == "in_force")["plan"]["why"] is None
    assert {name: own.delivered(name) for name in ("T1", "T2")} == told


@pytest.mark.promise("ledger repaired")
def test_the_tasks_of_a_plan_that_is_lost_are_asked_and_not_begun_again(own: Lab) -> None:
    own.plan(task("T1", "backend", report("one")) + task("T2", "mobile", report("two")))
    own.up()
    for name in ("T1", "T2"):
        own.task(name, "done")
    own.orch("down")
    told = own.delivered("T")
    assert without(own, lambda line: b'"event":"plan_accepted"' in line) == 1
    assert "T2: the last status said done: two" in repaired(own)

    own.up()
    seen = own.until(lambda seen: len(seen["asks"]) == 2)
    assert [one["task"] for one in seen["asks"]] == ["T1", "T2"]
    own.orch("go")
    own.orch("answer", seen["asks"][0]["id"], "accept")
    own.task("T1", "done")
    assert own.delivered("T") == told
    own.orch("answer", seen["asks"][1]["id"], "do it again")
    own.task("T2", "done")
    assert len(own.delivered("T")) == len(told) + 1


@pytest.mark.promise("ledger repaired")
def test_a_task_of_which_everything_is_lost_is_asked_and_not_begun_again(own: Lab) -> None:
    own.plan(task("T1", "backend", report("one")))
    own.up()
    own.task("T1", "done")
    own.orch("down")
    told = own.delivered("T1")
    without(own, lambda line: b'"T1"' in line and b"plan_accepted" not in line)
    assert "T1: the last status said done: one" in repaired(own)

    own.up()
    ask = own.ask()
    assert (ask["task"], ask["kind"]) == ("T1", "question")
    assert "The ledger lost events" in ask["text"]
    own.orch("go")
    own.orch("answer", ask["id"], "accept")
    own.task("T1", "done")
    assert own.delivered("T1") == told
