"""A section that counts is not lost because its name, or the place of its heading, is a little different."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan
from tests.core.plan.pages import CHILDREN, problems

TASKS = ("## Working Plan", "### T1 — Server", "- child: backend", "", "Answer at once.", "")


def with_objective(*lines: str) -> str:
    return "\n".join(("# Plan: x", "", *lines, "", *TASKS))


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "## Objective:",
            "## **Objective**",
            "## 1. Objective",
            "## _Objective_",
            "## `Objective`",
            "## Objective {#why}",
        ),
        *("## \U0001f3af Objective", "## [Objective](#why)", "## Objective: answer at once", "## Objec\u200btive"),
        *("## \u041ebjective", "## Objective \u2728", "## Objective <!-- why -->", '## <a id="why"></a>Objective'),
    ],
)
def test_a_heading_that_nearly_has_the_name_is_refused(heading: str) -> None:
    [(line, message)] = problems(with_objective(heading, "Go."))
    assert (line, "is not the section `Objective`" in message) == (3, True), message


@pytest.mark.parametrize(
    "line",
    [
        *(
            "> ## Objective",
            "- ## Objective",
            "1. ## Objective",
            "<h2>Objective</h2>",
            '<h2 align="center">Objective</h2>',
        ),
        *(
            "<div><h2>Objective</h2></div>",
            "Objective: answer at once.",
            "**Objective:** answer.",
            "__Objective__: answer.",
        ),
    ],
)
def test_a_line_that_only_looks_like_its_heading_is_refused(line: str) -> None:
    assert problems(with_objective(line)) == [
        (3, "the section `Objective` has no heading but this line: write `## Objective` at the start of a line")
    ]


@pytest.mark.parametrize(
    ("heading", "right"),
    [("## Objectives", "Objective"), ("## Success criterion", "Success Criteria"), ("## Contract", "Contracts")],
)
def test_a_near_name_of_another_sense_is_a_warning(heading: str, right: str) -> None:
    plan = parse(with_objective(heading, "Go."), CHILDREN)
    assert isinstance(plan, Plan), plan
    [warning] = plan.warnings
    assert (warning.line, f"is not the section `{right}`" in warning.message) == (3, True), warning


@pytest.mark.parametrize(
    "lines",
    [
        ("## Objective", "Go.", "", "## Objective (old)", "Stay."),
        ("## Objective", "Go.", "", "## Objectives", "> ## Objective"),
        ("## Goal", "Go.", "", "The objective: answer.", "", "Objective: no."),
        ("## Notes", "", "**Objective**: none of ours.", "", "## Context"),
        ("Contracts: none.", "", "## Objection"),
        ("<!--", "## Objective", "<h2>Objective</h2>", "-->"),
        ("```", "## Objective:", "> ## Objective", "```"),
    ],
)
def test_other_sections_are_nobodys_mistake(lines: tuple[str, ...]) -> None:
    plan = parse(with_objective(*lines), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert plan.warnings == ()
