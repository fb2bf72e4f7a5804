"""Parse plan.md. Errors are reported with their line."""

from __future__ import annotations

import re

import pytest

from supervisor.core.plan.diagnostics import MAX_PROBLEMS
from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan, Problem, Rejection
from tests import CHECKOUT
from tests.core.plan.pages import CHILDREN, ONBOARDING, ONBOARDING_PLAN, of, problems


def test_a_plan_is_read_with_all_its_parts() -> None:
    assert parse(ONBOARDING, CHILDREN) == ONBOARDING_PLAN


def test_line_endings_and_a_byte_order_mark_do_not_matter() -> None:
    assert parse("\ufeff" + ONBOARDING.replace("\n", "\r\n"), CHILDREN) == ONBOARDING_PLAN


def test_section_names_and_field_names_are_read_in_any_case() -> None:
    shouted = re.sub(r"(?m)^(## |- )(?!child: nobody)(\w[\w ]*)(?=:|$)", lambda mark: mark[0].upper(), ONBOARDING)
    assert "## WORKING PLAN" in shouted
    assert parse(shouted, CHILDREN) == ONBOARDING_PLAN


def test_a_plan_without_tasks_is_accepted() -> None:
    expected = Plan(title="Later", hold=True, objective="", success="", contracts=(), tasks=())
    assert parse("# Later\n- hold: yes\n\n## Working Plan\n", CHILDREN) == expected


@pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff", "\r\n"])
def test_an_empty_file_is_rejected_with_a_way_to_begin(text: str) -> None:
    message = "plan.md is empty: start it with `# Plan: TITLE` and add a `## Working Plan`"
    assert parse(text, CHILDREN) == Rejection((Problem(1, message),))


def test_a_file_without_title_and_working_plan_is_reported_for_both() -> None:
    assert problems("Just some prose.") == [
        (1, "the plan has no title: start it with `# Plan: TITLE`"),
        (1, "there is no section `## Working Plan`: add it, with or without tasks"),
    ]


def test_a_misspelt_working_plan_is_pointed_at() -> None:
    assert problems("# Plan: A\n\n## Work plan\n") == [
        (3, "there is no section `## Working Plan`: did you mean `Work plan`?")
    ]


def test_an_empty_title_is_rejected() -> None:
    assert problems("# Plan:\n## Working Plan\n") == [(1, "the title is empty: write `# Plan: TITLE`")]


def test_a_section_that_stands_twice_is_rejected_with_both_lines() -> None:
    assert problems(of("## Objective", "a", "## objective", "b")) == [
        (6, "there are two sections `Objective`, the first on line 4: merge them")
    ]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("T-1 — x", ("T-1", "x")),
        ("T1 - title", ("T1", "title")),
        ("T1- title", ("T1", "title")),
        ("T1 -title", ("T1", "title")),
        ("T1 -- title", ("T1", "title")),
        ("T_1—x", ("T_1", "x")),
        ("T1: x — y", ("T1", "x — y")),
        ("T1 :x", ("T1", "x")),
        ("api-v2 – Bump `v1`, *fast* ###", ("api-v2", "Bump `v1`, *fast*")),
    ],
)
def test_an_id_and_a_title_are_parted_by_any_dash_or_a_colon(heading: str, expected: tuple[str, str]) -> None:
    plan = parse(of(f"### {heading}", "- child: backend", "", "Text."), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert [(task.id, task.title) for task in plan.tasks] == [expected]


@pytest.mark.parametrize(
    ("heading", "strange"),
    [
        ("\u04221 — x", "`\u0422` is a cyrillic capital letter te (U+0422)"),
        ("T\uff11 — x", "`\uff11` is a fullwidth digit one (U+FF11)"),
        ("T1 \u2011 x", "`\u2011` is a non-breaking hyphen (U+2011)"),
        ("T\u00ad1 — x", "is a soft hyphen (U+00AD)"),
    ],
)
def test_a_letter_that_looks_like_another_one_is_named(heading: str, strange: str) -> None:
    [(line, message)] = problems(of("", f"### {heading}"))
    assert (line, f"{strange}: write `### ID — title`" in message) == (5, True), message


@pytest.mark.parametrize("heading", ["Some notes", "T1 title", "**T1** — x", "-T1 — x", "Ä1 — x", "", "T1-x y"])
def test_a_heading_of_level_3_that_is_no_task_is_rejected_with_its_line(heading: str) -> None:
    rule = "write `### ID — title` with an id of letters, digits, `-` and `_`"
    assert problems(of("", f"### {heading}")) == [(5, f"`{heading}` is not the heading of a task: {rule}")]


@pytest.mark.parametrize("heading", ["T1", "T1 —", "T1:"])
def test_a_task_needs_a_title(heading: str) -> None:
    assert problems(of(f"### {heading}", "- child: backend")) == [
        (4, "the task T1 has no title: write `### T1 — title`")
    ]


def test_a_duplicate_id_is_rejected_with_its_line() -> None:
    assert problems(of("### T1 — One", "- child: backend", "### T1 — Two", "- child: mobile")) == [
        (6, "there are two tasks T1, the first on line 4: give this one another id")
    ]


def test_a_contract_and_a_task_may_share_an_id() -> None:
    contract = ("## Contracts", "### X1 — Both", "- between: backend, mobile", "", "Text.")
    plan = parse(of("### X1 — One", "- child: backend", "", "Text.", *contract), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert (plan.tasks[0].id, plan.contracts[0].id) == ("X1", "X1")


def test_a_circle_is_rejected_with_the_ids_in_it() -> None:
    tasks = [("A", "C"), ("B", "A"), ("C", "B"), ("D", "C"), ("E", "F"), ("F", "E")]
    text = of(*(line for name, after in tasks for line in (f"### {name} — t", "- child: backend", f"- after: {after}")))
    assert problems(text) == [
        (4, "A → C → B → A wait for each other: remove one of them from an `after`"),
        (16, "E → F → E wait for each other: remove one of them from an `after`"),
    ]


def test_a_long_chain_is_no_circle() -> None:
    entries = [(f"### T{n} — t", "- child: backend", f"- after: T{n + 1}", "", "Text.") for n in range(2999)]
    lines = [line for entry in entries for line in entry]
    plan = parse(of(*lines, "### T2999 — t", "- child: backend", "", "Text."), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert len(plan.tasks) == 3000


def test_every_problem_is_reported_in_order_of_line() -> None:
    text = of("### T1 — One", "- child: nobody", "- hold: 7", "### ", "### T1 — Two", "- child: mobile")
    assert [line for line, _ in problems(text)] == [5, 6, 7, 8]


def test_of_very_many_problems_the_first_are_reported_and_the_rest_counted() -> None:
    found = problems(of(*["### "] * (MAX_PROBLEMS + 5)))
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1] == (4 + MAX_PROBLEMS, "5 more problems from here on")


@pytest.mark.parametrize("children", [(), ("backend",), CHILDREN])
@pytest.mark.parametrize("named", ["{{children}}", "backend, mobile"])
def test_the_template_is_a_plan_that_starts_nothing(children: tuple[str, ...], named: str) -> None:
    template = CHECKOUT / "templates" / "plan.template.md"
    plan = parse(template.read_text(encoding="utf-8").replace("{{children}}", named), children)
    assert isinstance(plan, Plan), plan
    assert (plan.hold, plan.contracts, plan.tasks) == (True, (), ())


def test_the_example_in_the_template_is_a_plan() -> None:
    template = (CHECKOUT / "templates" / "plan.template.md").read_text(encoding="utf-8")
    example = re.findall(r"(?m)^    (.*)$", template.partition("The fields of a task")[0])
    cut = example.index("### T1 — Answer 202 with a status URL")
    plan = parse("\n".join(["# Example", "## Contracts", *example[:cut], "## Working Plan", *example[cut:]]), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert [task.id for task in plan.tasks] == ["T1", "H1"]
