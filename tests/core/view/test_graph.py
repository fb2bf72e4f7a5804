"""The graph of the tasks: layers, and what is drawn from them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.view.graph.layers import Node, layers, tied
from supervisor.core.view.graph.mermaid import mermaid
from supervisor.core.view.graph.svg import svg
from supervisor.core.view.graph.text import LANES, drawing
from tests.core.view.worlds import shown, world_at_work

NODES = [
    Node("T1", "Answer 202", "backend", "done"),
    Node("T2", "Poll", "mobile", "running", ("T1",)),
    Node("T3", "Blink", "firmware", "blocked", ("T1",)),
    Node("T4", "Join", "backend", "waiting", ("T2", "T3")),
    Node("H1", "Pair", "human", "needs_human", ("T4",)),
    Node("T9", "Alone", "mobile", "held"),
]
EVIL = '"]; click t0 "javascript:x"\n```\n<script>alert(1)</script>&amp;\u202e\x1b[2J--> %%'


def test_each_task_lies_behind_all_that_it_waits_for() -> None:
    assert [[node.id for node in row] for row in layers(NODES)] == [["T1", "T9"], ["T2", "T3"], ["T4"], ["H1"]]


def test_the_drawing_is_a_tree_with_a_mark_for_each_state() -> None:
    rows = drawing(NODES)
    assert [f"{row.lanes}{row.mark} {row.node.id}" for row in rows] == [
        "✓ T1",
        "├─▶ T2",
        "└─✗ T3",
        "  └─· T4",
        "    └─? H1",
        "‖ T9",
    ]


def test_a_long_chain_leaves_room_for_the_names() -> None:
    chain = [Node(f"T{at}", "x", "c", "waiting", (f"T{at - 1}",) if at else ()) for at in range(300)]
    rows = drawing(chain)
    assert [row.node.id for row in rows] == [node.id for node in chain]
    assert max(len(row.lanes) for row in rows) == LANES


def test_mermaid_has_each_task_with_its_state_and_each_tie() -> None:
    text = mermaid(NODES)
    assert text.startswith("flowchart LR\n")
    assert '    t1["T2: Poll<br/>mobile, running"]:::s1' in text.splitlines()
    assert re.findall(r"(t\d+) --> (t\d+)", text) == [
        ("t0", "t1"),
        ("t0", "t2"),
        ("t1", "t3"),
        ("t2", "t3"),
        ("t3", "t4"),
    ]


@pytest.mark.promise("inert text")
def test_what_the_plan_says_means_nothing_in_a_drawing() -> None:
    nodes = [Node(EVIL, EVIL, EVIL, EVIL), Node("T2", EVIL * 9, "mobile", "done", (EVIL,))]
    text = mermaid(nodes)
    assert [text.count(word) for word in ("```", "<script", 'click t0 "', "%%", "\x1b", "\u202e")] == [0] * 6
    assert all(line.count('"') in (0, 2) for line in text.splitlines())
    root = ElementTree.fromstring(svg(nodes, EVIL))
    assert not [one for one in root.iter() if one.tag.endswith(("script", "image", "foreignObject", "}a"))]
    assert "http" not in svg(nodes, EVIL).replace("http://www.w3.org/2000/svg", "")


def test_the_svg_has_a_box_for_each_task_and_an_arrow_for_each_tie() -> None:
    root = ElementTree.fromstring(svg(NODES))
    kinds = [one.tag.rpartition("}")[2] for one in root.iter()]
    assert kinds.count("g") == len(NODES)
    assert kinds.count("path") == 1 + 5  # the tip of the arrows, and the arrows
    boxes = {(one.get("x"), one.get("y")) for one in root.iter() if one.tag.endswith("rect") and one.get("x")}
    assert len(boxes) == len(NODES)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sets(st.integers(0, 12), max_size=4), st.sampled_from(["done", "?", ""])),
        max_size=14,
    )
)
def test_any_graph_is_drawn_even_one_with_circles(rows: list[tuple[int, set[int], str]]) -> None:
    nodes = tied(Node(f"T{name}", "x", "c", state, tuple(f"T{one}" for one in after)) for name, after, state in rows)
    ids = sorted(node.id for node in nodes)
    assert sorted(node.id for row in layers(nodes) for node in row) == ids
    assert sorted(row.node.id for row in drawing(nodes)) == ids
    assert mermaid(nodes).count("-->") == sum(len(node.after) for node in nodes)
    ElementTree.fromstring(svg(nodes))


def test_runs_md_draws_the_graph_of_the_plan() -> None:
    text = shown(world_at_work())
    block = text.partition("```mermaid\n")[2].partition("\n```")[0]
    assert block.splitlines()[0] == "flowchart LR"
    assert re.findall(r"(t\d+) --> (t\d+)", block) == [("t0", "t1"), ("t1", "t2")]


def test_no_line_is_longer_than_its_box() -> None:
    names = ("T1", "a-task-with-a-long-name")
    nodes = [Node(name, "Title " * 20, "a-child-with-a-name", "needs_human", ()) for name in names]
    root = ElementTree.fromstring(svg(nodes))
    lines = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert max(map(len, lines)) <= 28
    assert {one for one in lines if "needs human" in one} == {
        "T1 ? needs human, a-child…",
        "a-task-with… ? needs human",
    }
