"""Nothing of a merge that nobody has settled is carried out."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan
from tests.core.plan.pages import CHILDREN, of, problems

TASK = ("### T1 — One", "- child: backend", "")
REMEDY = "is a merge conflict marker: keep the right version and remove every line with such a marker"


@pytest.mark.parametrize("indent", ["", "  ", "      ", "\t", "- ", "\u00a0"])
def test_each_marker_is_named_with_its_line(indent: str) -> None:
    lines = ("<<<<<<< HEAD", "a", "||||||| 1f2e3d", "b", "=======", "c", ">>>>>>> topic/x")
    assert problems(of(*TASK, *(indent + line for line in lines))) == [
        (7, f"`<<<<<<<` {REMEDY}"),
        (9, f"`|||||||` {REMEDY}"),
        (11, f"`=======` {REMEDY}"),
        (13, f"`>>>>>>>` {REMEDY}"),
    ]


@pytest.mark.parametrize(
    "marker", ["<<<<<<<", "||||||| base", ">>>>>>>", "<<<<<<< Updated upstream", ">>>>>>> 1a2b3c (Add x)", "======="]
)
def test_one_marker_left_over_is_enough(marker: str) -> None:
    assert problems(of(*TASK, "Text.", "", marker, "", "More."))[0][0] == 9


@pytest.mark.parametrize("above", ["## Objective", "- an item", "#### More", "> quoted", "<br>\n"])
def test_the_middle_marker_is_one_wherever_it_underlines_nothing(above: str) -> None:
    text = f"# Plan: A\n\n{above}\n=======\nText.\n\n## Working Plan\n\n### T1 — One\n- child: backend\n\nDo.\n"
    assert [message for _, message in problems(text)] == [f"`=======` {REMEDY}"]


def test_a_name_that_touches_its_marker_changes_nothing() -> None:
    assert problems(of(*TASK, "<<<<<<<HEAD")) == [(7, f"`<<<<<<<` {REMEDY}")]


def test_a_marker_in_a_code_block_and_around_a_task_counts_too() -> None:
    assert [line for line, _ in problems(of(*TASK, "```", "<<<<<<< ours", "=======", ">>>>>>> theirs", "```"))] == [
        8,
        9,
        10,
    ]
    assert problems("<<<<<<< ours\n" + of(*TASK, "Text."))[0][0] == 1


def test_what_only_resembles_a_marker_is_accepted() -> None:
    text = of(*TASK, "cat <<EOF and a << b >> c", "", "> > quoted", "", "|||||||", "", "```", "=======", "```")
    assert isinstance(parse("Plan: A\n=======\n" + text.split("\n", 1)[1], CHILDREN), Plan)
