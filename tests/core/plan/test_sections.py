"""The heading of a section that Markdown does not read is a problem: its text would go elsewhere."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan
from tests.core.plan.pages import CHILDREN, of, problems

TASK = ("### T1 \u2014 One", "- child: backend", "", "Do it.", "")


@pytest.mark.parametrize(
    "heading",
    [
        "##Objective",
        "##\u00a0Objective",
        "\u200b## Objective",
        "\uff03\uff03 Objective",
        "**Objective**",
        "# Objective",
        "### Objective",
    ],
)
def test_a_section_that_counts_does_not_vanish(heading: str) -> None:
    message = "the section `Objective` has no heading but this line: write `## Objective` at the start of a line"
    text = f"# Plan: A\n\n{heading}\n\nGo.\n\n## Working Plan\n"
    assert problems(text) == [(3, message)]


@pytest.mark.parametrize(
    ("heading", "cause"),
    [
        ("##Risks", "there is no space after ##"),
        ("##\u00a0Risks", "the space after ## is a no-break space (U+00A0)"),
        ("###Some notes", "there is no space after ###"),
        ("\uff03\uff03 Some notes", "`\uff03` is a fullwidth number sign (U+FF03), not `#`"),
        ("<hr>\n## Risks", "the HTML block above, from line 9 on, swallows it"),
    ],
)
def test_a_section_after_a_task_does_not_become_its_text(heading: str, cause: str) -> None:
    [(line, message)] = problems(of(*TASK, *heading.split("\n"), "", "None."))
    assert (line, f"looks like a heading but is none: {cause}: " in message) == (9 + heading.count("\n"), True)


@pytest.mark.parametrize(
    "lines",
    [
        ("**Objective:**", "", "- fast"),
        ("#### Success Criteria", "", "- fast"),
        ("**Contracts**", "", "None."),
        ("#hashtag", "", "#1 of them"),
        ("```", "##Objective", "```"),
        ("<!--", "##Objective", "-->"),
        ("    # Risks", ""),
    ],
)
def test_the_text_of_a_task_may_have_such_words(lines: tuple[str, ...]) -> None:
    plan = parse(of(*TASK, *lines), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert plan.tasks[0].instructions.startswith("Do it.\n\n" + lines[0])
