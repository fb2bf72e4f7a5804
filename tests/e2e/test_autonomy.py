"""Rules and notices on real turns."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from tests.e2e.lab import Lab, report, task
from tests.e2e.mcp_server import MCP_SERVER
from tests.runtime.notify.hook import Hook


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab("backend", "mobile") as made:
        yield made


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    """A lab with rules."""
    with Lab("backend", "mobile") as made:
        (server := made.folder / "mcp_lab.py").write_text(MCP_SERVER, encoding="utf-8")
        config = made.home / "config.toml"
        entry = f'\n[mcp_servers.lab]\ncommand = "python3"\nargs = [{json.dumps(str(server))}]\n'
        config.write_text(config.read_text(encoding="utf-8") + entry, encoding="utf-8")
        rules = [
            {"accept": {"command": f"touch {made.folder}/outside.txt"}},
            {"decline": {"command": "cp"}, "child": "backend"},
            {"accept": {"path": f"{made.folder}/outside/docs/**"}},
            {"accept": {"tool": "lab/act"}},
        ]
        configure(made, rules=rules)
        made.up()
        yield made


@pytest.fixture
def ruled(standing: Lab) -> Lab:
    standing.reset()
    return standing


def configure(lab: Lab, **parts: object) -> None:
    with lab.workspace.config.open("a", encoding="utf-8") as file:
        file.write("".join(f"{name}: {json.dumps(part)}\n" for name, part in parts.items()))


def test_rules_accept_and_decline_commands_and_nobody_is_asked(ruled: Lab) -> None:
    marker, other = ruled.folder / "outside.txt", ruled.folder / "other.txt"
    marker.unlink(missing_ok=True)
    ruled.plan(
        task(
            "T11",
            "backend",
            f"escalate touch {marker}",
            f"escalate cp {marker} {other}",
            f"escalate touch {marker} && cp {marker} {other}",
            report("went on"),
        )
    )
    assert ruled.task("T11", "done")["summary"] == "went on"
    assert (marker.exists(), other.exists()) == (True, False)
    sent = [(one["ask"], one["task"], one["answer"]["decision"], one["why"]) for one in ruled.acts("send_answer")]
    accept, decline = f"rule 1: accept command `touch {marker}`", "rule 2: decline command `cp`"
    assert sent == [("", "T11", "accept", accept), ("", "T11", "decline", decline), ("", "T11", "decline", decline)]
    assert ruled.acts("raise_ask") == []
    assert len(ruled.ledger("request_resolved")) == 3
    assert decline in ruled.orch("logs", "--task", "T11", "--event", "intended").stdout
    runs = ruled.runs("rule 2: decline command")
    assert "rule 2: decline command" in runs.split("## Settled by your rules")[1].split("##")[0]


def test_a_request_that_no_rule_clearly_covers_is_asked_and_once_means_once(ruled: Lab) -> None:
    marker = ruled.folder / "outside.txt"
    twice = [f"escalate touch {marker}"] * 2
    ruled.plan(task("T21", "backend", *twice, f"escalate touch {marker}; true", report("went on")))
    ask = ruled.ask()
    assert "; true" in ask["steps"]
    assert len(ruled.acts("send_answer")) == 2
    ruled.orch("answer", ask["id"], "decline")
    ruled.task("T21", "done")


def test_a_change_is_accepted_if_all_of_it_is_inside_wherever_links_lead(ruled: Lab) -> None:
    outside = ruled.folder / "outside"
    outside.mkdir()
    (outside / "docs").mkdir()
    (ruled.repos["backend"] / "link").symlink_to(ruled.folder)
    ruled.plan(
        task(
            "T31",
            "backend",
            f"write {outside}/docs/a.txt hello",
            f"write {outside}/docs/../b.txt hello",
            report("written"),
        )
    )
    ask = ruled.ask()
    assert "b.txt" in ask["steps"]
    assert (outside / "docs" / "a.txt").read_text(encoding="utf-8").strip() == "hello"
    ruled.orch("answer", ask["id"], "decline")
    ruled.task("T31", "done")
    assert not (outside / "b.txt").exists()


def test_a_rule_accepts_a_tool_of_an_mcp_server(ruled: Lab) -> None:
    ruled.plan(task("T41", "backend", "call mcp__lab act {}", report("acted")))
    ruled.task("T41", "done")
    assert [one["why"] for one in ruled.acts("send_answer")] == ["rule 4: accept tool `lab/act`"]
    assert ruled.acts("raise_ask") == []


def test_each_notice_is_sent_once_also_over_the_death_of_the_supervisor(lab: Lab, hook: Hook) -> None:
    human = "### H1 — Look\n- child: human\n\nLook.\n\n"
    configure(lab, notify={"webhook": hook.url, "pause_seconds": 0})
    lab.plan(task("T1", "backend", report("cannot", outcome="blocked")) + human)

    def notices(count: int) -> list[str]:
        return sorted(hook.next()[1]["key"].split(" 20")[0] for _ in range(count))

    pid = lab.up()["supervisor"]["pid"]
    assert notices(2) == ["ask A1", "blocked T1"]
    os.kill(pid, 9)
    lab.up()
    lab.orch("answer", lab.ask()["id"], "accept")
    assert notices(1) == ["end"]
    lab.orch("go", "T1")
    assert notices(2) == ["blocked T1", "end"]
    lab.orch("down")
    assert hook.got.empty()
    assert len(lab.acts("notify")) == 5


def test_a_notice_that_cannot_be_sent_is_reported_and_stops_nothing(lab: Lab) -> None:
    configure(lab, notify={"webhook": "http://127.0.0.1:9/secret-path", "on": ["end"]})
    lab.plan(task("T1", "backend", report("done")))
    lab.up()
    lab.task("T1", "done")
    lab.until(lambda _: lab.ledger("notice_failed"))
    (failed,) = lab.ledger("notice_failed")
    assert (failed["level"], failed["key"].split()[0]) == ("warning", "end")
    everything = lab.workspace.ledger.read_text(encoding="utf-8") + "".join(
        file.read_text(encoding="utf-8") for file in lab.workspace.logs.iterdir()
    )
    assert "secret-path" not in everything
