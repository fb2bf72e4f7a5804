"""`orch graph`: the graph of the tasks in each form."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree import ElementTree

from tests.cli.conftest import Orch
from tests.cli.scene import Standin, status_json, task

TASKS = (
    task("T1", "done"),
    task("T2", "running", child="mobile", after=("T1",)),
    task("T3", after=("T1", "T2", "gone")),
    task("T0", "retired", after=("T1",)),
)


def test_a_terminal_gets_a_tree_with_states(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(tasks=TASKS))
    assert orch("graph") == (
        0,
        "✓ T1      done     backend  Title of T1\n"
        "└─▶ T2    running  mobile   Title of T2\n"
        "  └─· T3  waiting  backend  Title of T3  (after T1, T2)\n",
        "",
    )
    assert "T0" in orch("graph", "--all").out


def test_each_form_is_whole_and_plain(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(tasks=TASKS))
    assert json.loads(orch("graph", "--json").out) == {
        "tasks": [
            {"id": "T1", "title": "Title of T1", "child": "backend", "state": "done", "after": []},
            {"id": "T2", "title": "Title of T2", "child": "mobile", "state": "running", "after": ["T1"]},
            {"id": "T3", "title": "Title of T3", "child": "backend", "state": "waiting", "after": ["T1", "T2"]},
        ],
        "edges": [{"from": "T1", "to": "T2"}, {"from": "T1", "to": "T3"}, {"from": "T2", "to": "T3"}],
    }
    assert ElementTree.fromstring(orch("graph", "--svg").out).tag.endswith("svg")
    assert orch("graph", "--mermaid").out.startswith("flowchart LR\n")
    ran = orch("graph", "--svg", "--json")
    assert (ran.code, ran.err.startswith("orch: `orch graph` prints one form at a time")) == (2, True)


def test_without_tasks_or_supervisor_it_says_so(orch: Orch, standin: Callable[..., Standin]) -> None:
    ran = orch("graph", "--json")
    assert (ran.code, json.loads(ran.out)) == (3, {"tasks": [], "edges": []})
    standin(status_json())
    assert orch("graph") == (0, "", "there are no tasks: write them into plan.md\n")
