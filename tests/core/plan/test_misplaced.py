"""A checkpoint that is written where no task is read asks nobody: it is refused with the way out, or warned of."""

from __future__ import annotations

import sys

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan
from tests.core.plan.pages import CHILDREN, problems

BEFORE = (
    "# Plan: x\n\n## Working Plan\n\n### T1 — One\n- child: backend\n\nDo one.\n\n"
    "### H1 — Look\n- child: human\n- after: T1\n\nLook.\n\n**Expect:** green\n\n"
)
LINE = 20  # of what stands below the heading of the section


def page(text: str, section: str = "## Human Checkpoints\n\n") -> str:
    return f"{BEFORE}{section}{text}\n\n## Risks\n\nNone.\n"


EXPECT = "\n\nPair.\n\n**Expect:** ready"
AS_TASK = "### H2 — Pair"


@pytest.mark.parametrize(
    "text",
    [
        f"**H2 — Pair**{EXPECT}",
        "**H2 — Pair**\n1. Pair.\nExpect: ready",
        f"H2 — Pair{EXPECT}",
        "H2 — Pair\n- child: human\n- after: T1\n\nPair.\n\n**Expect:** ready",
        "- H2 — Pair\n  - child: human\n  - after: T1",
        "- **H2 — Pair**\n  1. Pair.\n  **Expect:** ready",
        "- H2: Pair. Expect: ready",
        "- [ ] **H2** — Pair. **Expected:** ready",
        "* H2 (human, after T1): Pair. **Expect:** ready",
        "- H2\uff1aPair. **Expect\uff1a** ready",
        f"<h3>H2 — Pair</h3>{EXPECT}",
    ],
)
def test_one_in_a_list_or_in_bold_is_refused(text: str) -> None:
    why = "the task H2 has no effect here: write it below `## Working Plan`"
    assert problems(page(text)) == [(LINE, f"{why}, as `{AS_TASK}` with `- child: human` if it is for a person")]


@pytest.mark.parametrize(
    "heading",
    [
        *("### H2. Pair", "### H2) Pair", "### (H2) Pair", "### H2 Pair", "### **H2** — Pair", "### `H2` — Pair"),
        *("### [H2] Pair", "### [ ] H2 — Pair", "### \u2705 H2 — Pair", "### Task H2: Pair", "### H2\uff1aPair"),
        *("### H2\u3001Pair", "### H2 | Pair", "### H2 \u2192 Pair", "### H2 \u00b7 Pair", "### H2 \u2212 Pair"),
    ],
)
@pytest.mark.parametrize("body", [EXPECT, "\n- child: human\n\nPair.", "\n\nPair.\n\n**child:** human"])
def test_one_below_a_heading_in_another_spelling_is_refused(heading: str, body: str) -> None:
    [(line, message)] = problems(page(heading + body))
    assert (line, "the task H2 has no effect here: the Working Plan was ended by" in message) == (LINE, True), message


@pytest.mark.parametrize(
    "heading", ["### Pair a device", "### Checkpoint 1: pair", "### 1. Pair", "#### Pair a device"]
)
@pytest.mark.parametrize("body", [EXPECT, "\n- child: human\n\nPair.", "\n- after: T1\n\nPair."])
def test_one_below_a_heading_without_an_id_is_refused(heading: str, body: str) -> None:
    [(line, message)] = problems(page(heading + body))
    assert (line, "has no effect here: " in message) == (LINE, True), message


@pytest.mark.parametrize(
    "table",
    [
        "| id | child | steps |\n|---|---|---|\n| H2 | human | Pair |",
        "| H2 — Pair | **Expect:** ready |\n|---|---|\n| x | y |",
    ],
)
def test_one_in_a_table_is_refused(table: str) -> None:
    [(line, message)] = problems(page(table))
    assert (line in (LINE, LINE + 2), "the task H2 has no effect here" in message) == (True, True), message


NO_HEADING = "`child` has no effect here: write the task below `## Working Plan`, with a heading `### ID — title`"


@pytest.mark.parametrize("section", ["## Human Checkpoints\n\n", "## Notes\n\n", "## Notes\n\nWords.\n\n"])
def test_a_child_without_a_heading_of_a_task_is_refused(section: str) -> None:
    line = LINE + section.count("\n") - 2
    assert problems(page("- child: human\n- after: T1\n\nPair.", section)) == [(line, NO_HEADING)]


@pytest.mark.parametrize("text", ["**CP1 — Pair**\n\nPair.\n\n**Expect:** x", "- [ ] CP1 — Pair. **Expect:** x"])
def test_one_in_the_text_of_a_child_is_refused(text: str) -> None:
    message = "the task CP1 has no effect here: write `### CP1 — Pair` at the start of a line"
    section = "### T2 — Two\n- child: mobile\n\nDo two.\n\n"
    assert problems(page(text, section)) == [(LINE + 3, message)]


def test_details_of_a_task_that_is_read_are_refused_with_its_line() -> None:
    why = "H1 is the task on line 10, and what stands here counts for nothing"
    message = f"{why}: move it there, or begin this heading with other words"
    assert problems(page(f"### H1 — Look{EXPECT}")) == [(LINE, message)]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("- H2: pair a device.", "no task has the id H2, so nobody is asked"),
        ("Pair.\n\n**Expect:** ready", "`Expect:` is read as a note here, and nobody is asked"),
        ("### Pair\n\nExpect: ready", "`Expect:` is read as a note here, and nobody is asked"),
    ],
)
def test_what_may_be_one_is_a_warning(text: str, warning: str) -> None:
    plan = parse(page(text), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert [one.message.partition(": if it ")[0] for one in plan.warnings] == [warning]


@pytest.mark.parametrize(
    "text",
    [
        *("- H1: look.", "- **H1** — look. Expect: green.", "- **H1**: look.\n  **Expect:** green", "None."),
        *("### H1 — Look\n\nWhy: eyes.", "| task | who |\n|---|---|\n| H1 | Ann |", "- Ann decides (H1)."),
        *(
            "1. H1, after T1: the lamp.",
            "- After: T1 tell all.",
            "### When\n\n- After T1: call Ann.",
            "H2 was dropped.",
        ),
        *(
            "### Dates\n- release: Friday",
            "- Each is written so: `- child: human`, `**Expect:** x`.",
            "- [ ] H1 — Look",
        ),
        *("```\n### H9 — example\n- child: human\n\n**Expect:** x\n```", "<!--\n- H9: x\n- child: human\n-->"),
        *("### H1: details\n\nWe expect: green.", "Ann — QA: expects a call.", "- H1\uff1alook.", "- RFC9110: obey."),
    ],
)
def test_notes_about_checkpoints_are_notes(text: str) -> None:
    plan = parse(page(text), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert plan.warnings == ()


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("## Risks now\n\n", "### R1 — Slow\n\nExpect: delays."),
        ("## Risks now\n\n", "- R1: slow. **Expect:** delays."),
        ("## Risks now\n\n", "### Later\n\n**Expect:** more."),
        ("## Risks now\n\n", "- Child: human resources\n- H2: no task yet"),
        ("#### Sizes\n\n", "**H1**: 32 px\n\n**H2**: 24 px\n\n**Expect:** screenshots alike"),
    ],
)
def test_such_words_elsewhere_are_text(section: str, text: str) -> None:
    before = BEFORE.replace("### H1 — Look\n- child: human\n- after: T1\n\nLook.\n\n**Expect:** green\n\n", "")
    plan = parse(f"{before}{section}{text}\n", CHILDREN)
    assert isinstance(plan, Plan), plan


@pytest.mark.parametrize("unit", ["#### x\n", "### x\n", "- H2: x\n", "#### x\n##### y\n"])
def test_many_notes_are_judged_in_linear_time(unit: str) -> None:
    def steps(size: int) -> int:
        counted = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal counted
            counted += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            parse(page(unit * (size // len(unit))), CHILDREN)
        finally:
            sys.setprofile(None)
        return counted

    assert steps(8_000) < 2.5 * steps(4_000)
