"""What plan.md says is what the plan is; what it says wrongly is told with its line."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.plan.diagnostics import MAX_PROBLEMS
from supervisor.core.plan.parse import MAX_CHARACTERS, parse
from supervisor.domain.plan import Budget, Contract, Plan, Problem, Rejection, Task
from tests import CHECKOUT

CHILDREN = ("backend", "mobile", "firmware")

ONBOARDING = """\
# Plan: Device onboarding times out
- hold: no

## Objective
Pairing works
on a slow network.

## Success Criteria
- A device pairs within a minute.

## Child Context
### backend — not a task
Free text.

## Contracts
### C1 — Registration answer
- between: backend, mobile, firmware
`POST /v1/devices` answers 202 with `Location: /v1/devices/{id}/status`.

## Working Plan
Prose is welcome here too.

### T1 — Answer 202 with a status URL
- child: backend
- contracts: C1
- verify: `pytest -q tests/test_devices.py` and `ruff check`
- timeout: 30 min

Keep the old route:

    GET /v1/devices

#### Where to look
```
### T9 — not a task
- child: nobody
```

### T2 – Poll the status URL
- child: mobile
- after: T1
- contracts: C1
- verify: `npm test`
- hold: yes
- thread: fresh
- model: gpt-5 codex
- effort: high
- sandbox: read-only
- timeout: 1.5

- Poll every second.
- Stop after a minute.

### H1 - Pair a real device
- child: human
- after: T1, T2

1. Hold the button.

**Expect:** the app says "ready"

within ten seconds.

## Risks And Open Questions
None.
"""

ONBOARDING_PLAN = Plan(
    title="Device onboarding times out",
    hold=False,
    objective="Pairing works\non a slow network.",
    success="- A device pairs within a minute.",
    contracts=(
        Contract(
            id="C1",
            title="Registration answer",
            between=("backend", "mobile", "firmware"),
            text="`POST /v1/devices` answers 202 with `Location: /v1/devices/{id}/status`.",
            line=16,
        ),
    ),
    tasks=(
        Task(
            id="T1",
            title="Answer 202 with a status URL",
            child="backend",
            contracts=("C1",),
            verify=("pytest -q tests/test_devices.py", "ruff check"),
            timeout=30.0,
            instructions="Keep the old route:\n\n    GET /v1/devices\n\n#### Where to look\n```\n"
            "### T9 — not a task\n- child: nobody\n```",
            line=23,
        ),
        Task(
            id="T2",
            title="Poll the status URL",
            child="mobile",
            after=("T1",),
            contracts=("C1",),
            verify=("npm test",),
            hold=True,
            thread="fresh",
            model="gpt-5 codex",
            effort="high",
            sandbox="read-only",
            timeout=1.5,
            instructions="- Poll every second.\n- Stop after a minute.",
            line=39,
        ),
        Task(
            id="H1",
            title="Pair a real device",
            child="human",
            after=("T1", "T2"),
            instructions="1. Hold the button.",
            expect='the app says "ready"\n\nwithin ten seconds.',
            line=54,
        ),
    ),
)


def of(*lines: str) -> str:
    """A plan whose Working Plan, from line 4 on, holds these lines."""
    return "\n".join(["# Plan: A plan", "", "## Working Plan", *lines])


def only_task(*lines: str) -> Task:
    plan = parse(of("### T1 — One", *lines), CHILDREN)
    assert isinstance(plan, Plan), plan
    return plan.tasks[0]


def problems(text: str) -> list[tuple[int, str]]:
    outcome = parse(text, CHILDREN)
    assert isinstance(outcome, Rejection), outcome
    return [(problem.line, problem.message) for problem in outcome.problems]


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
    message = "plan.md is empty: begin it with `# Plan: TITLE` and add a `## Working Plan`"
    assert parse(text, CHILDREN) == Rejection((Problem(1, message),))


def test_a_file_without_title_and_working_plan_is_told_both() -> None:
    assert problems("Just some prose.") == [
        (1, "the plan has no title: begin it with `# Plan: TITLE`"),
        (1, "there is no section `## Working Plan`: add it, with tasks or without"),
    ]


def test_a_misspelt_working_plan_is_pointed_at() -> None:
    assert problems("# Plan: A\n\n## Work plan\n") == [
        (3, "there is no section `## Working Plan`: did you mean `Work plan` to be it?")
    ]


def test_an_empty_title_is_rejected() -> None:
    assert problems("# Plan:\n## Working Plan\n") == [(1, "the title is empty: write `# Plan: TITLE`")]


def test_a_section_that_stands_twice_is_rejected_with_both_lines() -> None:
    assert problems(of("## Objective", "a", "## objective", "b")) == [
        (6, "the section `Objective` stands twice, first on line 4: make them one")
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
    plan = parse(of(f"### {heading}", "- child: backend"), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert [(task.id, task.title) for task in plan.tasks] == [expected]


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
        (6, "the task T1 stands twice, first on line 4: give it an id of its own")
    ]


def test_a_task_and_the_plan_have_a_budget() -> None:
    text = of("### T1 — One", "- child: backend", "- budget: 200k tokens, 30 min", "", "Text.")
    plan = parse(text.replace("# Plan: A plan\n", "# Plan: A plan\n- budget: 2 h\n", 1), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert (plan.budget, plan.tasks[0].budget) == (Budget(minutes=120), Budget(200_000, 30))
    assert plan.tasks[0].instructions == "Text."


def test_a_humans_task_has_no_budget() -> None:
    assert problems(of("### H1 — One", "- child: human", "- budget: 1 h")) == [
        (6, "H1 is for a human, who spends no `budget`: take the line out")
    ]


def test_a_contract_and_a_task_may_share_an_id() -> None:
    contract = ("## Contracts", "### X1 — Both", "- between: backend, mobile")
    plan = parse(of("### X1 — One", "- child: backend", *contract), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert (plan.tasks[0].id, plan.contracts[0].id) == ("X1", "X1")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("- chidl: backend", "unknown field `chidl`: did you mean `child`?"),
        (
            "- priority: 1",
            "unknown field `priority`: use one of `child`, `after`, `contracts`, `verify`, `hold`, `thread`, `model`, "
            "`effort`, `sandbox`, `timeout`, `budget`",
        ),
        ("- child: mobile", "`child` stands twice in this list, first on line 5"),
        ("- after: T3", "unknown task `T3` in `after`: use `T1` or `T2`"),
        ("- after: task-two", "unknown task `task-two` in `after`: use `T1` or `T2`"),
        ("- after: T1", "T1 waits for itself: take it out of `after`"),
        ("- after:", "`after` has no value: write one or take the line out"),
        ("- contracts: C11", "unknown contract `C11` in `contracts`: did you mean `C1`?"),
        ("- verify: npm test", "`verify` has no command in inline code: put each command between backticks"),
        ("- verify: `npm test`, `ls", "a backtick in `verify` has no partner: put each command between backticks"),
        ("- hold: maybe", "`hold` is `yes` or `no`, not `maybe`"),
        ("- thread: frehs", "unknown thread `frehs`: did you mean `fresh`?"),
        ("- sandbox: none", "unknown sandbox `none`: use `read-only` or `workspace-write`"),
        ("- timeout: 0", "`timeout` is a number of minutes above zero, not `0`"),
        ("- timeout: -3", "`timeout` is a number of minutes above zero, not `-3`"),
        ("- timeout: 2 h", "`timeout` is a number of minutes above zero, not `2 h`"),
        ("- budget: 200k tokns, 30 min", "`budget`: unknown unit `tokns`: did you mean `tokens`?"),
        ("- budget: 9 coins", "`budget`: unknown unit `coins`: use one of `tokens`, `min`, `hours`"),
        ("- budget: 200k", "`budget`: `200k` does not say of what: write `200k tokens, 30 min`"),
        ("- budgte: 1 h", "unknown field `budgte`: did you mean `budget`?"),
        ("- model:", "`model` has no value: write one or take the line out"),
        (
            "- do the thing",
            "`do the thing` is not a field: "
            "write `- name: value`, or leave an empty line between the fields and the text",
        ),
        ("  - nested", "write the value of `child` on the line of its name, not as a list below it"),
    ],
)
def test_a_wrong_field_is_rejected_with_its_line_and_the_right_word(line: str, message: str) -> None:
    rest = ("", "### T2 — Two", "- child: mobile", "## Contracts", "### C1 — C", "- between: backend, mobile")
    assert problems(of("### T1 — One", "- child: backend", line, *rest)) == [(6, message)]


@pytest.mark.parametrize(
    ("child", "hint"),
    [
        ("bakend", "did you mean `backend`?"),
        ("Human", "did you mean `human`?"),
        ("web", "use one of `backend`, `mobile`, `firmware`, `human`"),
    ],
)
def test_an_unknown_child_is_rejected_with_the_nearest_one(child: str, hint: str) -> None:
    assert problems(of("### T1 — One", f"- child: {child}")) == [(5, f"unknown child `{child}`: {hint}")]


def test_a_task_without_fields_is_told_that_it_needs_a_child() -> None:
    hint = "with one of `backend`, `mobile`, `firmware`, `human`"
    message = f"T1 has no `child`: write `- child: NAME` right below its heading, {hint}"
    assert problems(of("### T1 — One", "- Do this first.", "- Then that.")) == [(4, message)]


def test_a_contract_binds_at_least_two_known_children() -> None:
    text = of(
        "## Contracts", "### C1 — A", "### C2 — B", "- between: backend", "### C3 — C", "- between: backend, modile"
    )
    assert problems(text) == [
        (5, "C1 has no `between`: name the children it binds right below its heading"),
        (7, "C2 is between `backend` alone: name at least two children"),
        (9, "unknown child `modile` in `between`: did you mean `mobile`?"),
    ]


def test_a_human_task_has_no_verify() -> None:
    assert problems(of("### H1 — Look", "- child: human", "- verify: `ls`")) == [
        (6, "H1 is for a human, so `verify` cannot run: use `**Expect:**` instead")
    ]


def test_a_circle_is_rejected_with_the_ids_in_it() -> None:
    tasks = [("A", "C"), ("B", "A"), ("C", "B"), ("D", "C"), ("E", "F"), ("F", "E")]
    text = of(*(line for name, after in tasks for line in (f"### {name} — t", "- child: backend", f"- after: {after}")))
    assert problems(text) == [
        (4, "A → C → B → A wait for each other: take one of them out of an `after`"),
        (16, "E → F → E wait for each other: take one of them out of an `after`"),
    ]


def test_a_long_chain_is_no_circle() -> None:
    lines = [line for n in range(3000) for line in (f"### T{n} — t", "- child: backend", f"- after: T{n + 1}")]
    plan = parse(of(*lines[:-1]), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert len(plan.tasks) == 3000


def test_every_problem_is_told_in_order_of_line() -> None:
    text = of("### T1 — One", "- child: nobody", "- hold: 7", "### ", "### T1 — Two", "- child: mobile")
    assert [line for line, _ in problems(text)] == [5, 6, 7, 8]


def test_of_very_many_problems_the_first_are_told_and_the_rest_counted() -> None:
    told = problems(of(*["### "] * (MAX_PROBLEMS + 5)))
    assert len(told) == MAX_PROBLEMS + 1
    assert told[-1] == (4 + MAX_PROBLEMS, "5 more problems from here on")


@pytest.mark.parametrize(
    "fields",
    [
        ("* child: backend", "* after: T2"),
        ("- **Child**: `backend`", "+ **after:** `T2`"),
        ("", "- child: backend", "", "- after: T2", ""),
        (" - child:", "   backend", " - after: T2,", "   T2"),
    ],
)
def test_fields_are_read_in_whatever_style_the_list_is_written(fields: tuple[str, ...]) -> None:
    plan = parse(of("### T1 — One", *fields, "", "Text.", "### T2 — Two", "- child: mobile"), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert plan.tasks[0] == Task("T1", "One", "backend", after=("T2",), instructions="Text.", line=4)


def test_a_bullet_list_after_an_empty_line_is_instructions() -> None:
    assert only_task("- child: backend", "", "- Note: keep the API", "- then test").instructions == (
        "- Note: keep the API\n- then test"
    )


def test_a_misspelt_field_after_an_empty_line_is_not_lost() -> None:
    assert problems(of("### T1 — One", "- child: backend", "", "- afer: T1")) == [
        (7, "unknown field `afer`: did you mean `after`?")
    ]


def test_a_field_below_text_is_not_lost() -> None:
    assert problems(of("### T1 — One", "- child: backend", "Some text.", "- verify: `ls`")) == [
        (7, "`verify` stands below other text: move it up to the list below the heading")
    ]


def test_a_hold_where_it_does_not_count_is_not_lost() -> None:
    text = "# Plan: A\n\nProse first.\n\n- hold: yes\n\n## Working Plan\n- hold: yes\n"
    message = "`hold` does not count here: move it to the list right below a heading"
    assert problems(text) == [(5, message), (8, message)]


def test_a_task_where_it_is_not_read_is_not_lost() -> None:
    text = of("Prose that becomes a heading", "---", "### T1 — One", "- child: backend")
    rule = "give it a heading of level 3 below `## Working Plan`"
    assert problems(text) == [(6, f"the task T1 stands where it is not read: {rule}")]


@pytest.mark.parametrize(
    ("opener", "message"),
    [
        ("```python", "this code block is never closed: end it with a line ```"),
        ("<!-- a note", "`<!--` is never closed: end it with `-->`"),
        ("<pre>", "`<pre` is never closed: end it with `</pre>`"),
    ],
)
def test_what_would_swallow_the_rest_of_the_file_is_rejected(opener: str, message: str) -> None:
    text = of("### T1 — One", "- child: backend", "", opener, "", "### T2 — Two", "- child: mobile")
    assert problems(text) == [(7, message)]


def test_headings_underlined_or_in_quotes_and_lists_keep_their_meaning() -> None:
    text = "Plan: Old style\n===\n- hold: yes\n\nWorking Plan\n---\n> ### T1 — quoted\n\n- ### T2 — listed\n"
    expected = Plan(title="Old style", hold=True, objective="", success="", contracts=(), tasks=())
    assert parse(text, CHILDREN) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["1. Look.", "", "**Expect:** light"], ("1. Look.", "light")),
        (["Look. **expect**: light", "on"], ("Look.", "light\non")),
        (["EXPECT: light"], ("", "light")),
        (["- Look.", "- **Expect:** light"], ("- Look.", "light")),
        (["```", "Expect: 100-continue", "```"], ("```\nExpect: 100-continue\n```", "")),
        (["I expect: nothing"], ("I expect: nothing", "")),
    ],
)
def test_a_human_task_says_what_is_expected_apart_from_the_steps(lines: list[str], expected: tuple[str, str]) -> None:
    task = only_task("- child: human", "", *lines)
    assert (task.instructions, task.expect) == expected


def test_only_a_human_task_has_an_expectation() -> None:
    task = only_task("- child: backend", "", "**Expect:** light")
    assert (task.instructions, task.expect) == ("**Expect:** light", "")


@pytest.mark.parametrize("mark", ["\x00", "\x1b", "\x07", "\x7f", "\x9b", "\x0c", "\ud800"])
def test_a_control_character_is_rejected_and_never_repeated(mark: str) -> None:
    told = problems(of(f"### T1 — On{mark}e", f"- child: ba{mark}ckend"))
    message = f"the line holds the control character U+{ord(mark):04X}: take it out"
    assert told[:2] == [(4, message), (5, message)]
    assert not any(mark in text for _, text in told)


def test_very_deep_nesting_is_rejected_with_its_line() -> None:
    text = of("", ">" * 5000 + " deep", "", "### T1 — One", "- child: backend")
    assert problems(text) == [(5, "lists and quotes stand more than 20 levels deep here: make them flatter")]


def test_quotes_that_take_minutes_to_read_are_rejected_with_a_way_out() -> None:
    why = "quotes and other text alternate too often here: put empty lines between them"
    text = of("", "> # a\nb\n" * 5000)
    [(line, message)] = problems(text)
    assert (message, text.split("\n")[line - 1]) == (why, "> # a")


def test_a_plan_beyond_all_measure_is_rejected_at_once() -> None:
    assert problems("x" * (MAX_CHARACTERS + 1)) == [(1, "plan.md has 600001 characters: keep it within 600000")]


@pytest.mark.parametrize(
    "unit",
    [
        "### a\n",
        "- a: b\n",
        "- child: T\n  b\n",
        "[",
        "`",
        "*a ",
        "<!--\n",
        "> " * 30 + "\n",
        "\t",
        "-\n",
        "### T — t\n",
        "> ```\nb\n",
        "> > # a\n> b\n\xa0\n",
    ],
)
def test_junk_is_answered_in_bounded_time(unit: str) -> None:
    text = of("### T1 — One\n" + unit * (30_000 // len(unit)))
    begun = time.process_time()
    parse(text, CHILDREN)
    parse(text * 25, CHILDREN)
    assert time.process_time() - begun < 5


def test_many_wrong_names_among_many_right_ones_are_answered_in_bounded_time() -> None:
    lines = [line for n in range(3000) for line in (f"### T{n} — t", "- child: backend", f"- after: U{n}")]
    begun = time.process_time()
    assert len(problems(of(*lines))) == MAX_PROBLEMS + 1
    assert time.process_time() - begun < 5


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


@pytest.mark.promise("no path outside", "any input")
@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(), max_size=400))
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(parse(text, CHILDREN), Plan | Rejection)


LINES = ONBOARDING.split("\n")
PIECES = [
    "### ",
    "## Contracts",
    "- child: backend",
    "- after: T1",
    "```",
    "<!--",
    "- ",
    "> ",
    "\x00",
    "\t",
    "`",
    "- hold: yes",
]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_edit_of_a_plan_has_an_answer_whose_problems_stand_in_the_file(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        piece = data.draw(st.sampled_from([*PIECES, *LINES]) | st.text(st.characters(), max_size=8))
        edit = data.draw(st.sampled_from(["insert", "replace", "delete", "prepend", "cut"]))
        if edit == "insert":
            lines.insert(at, piece)
        elif edit == "delete":
            lines[at : at + 1] = [""]
        elif edit == "cut":
            lines = [*lines[:at], lines[at][: len(lines[at]) // 2]]
        else:
            lines[at] = piece if edit == "replace" else piece + lines[at]
    text = "\n".join(lines)
    outcome = parse(text, CHILDREN)
    if isinstance(outcome, Rejection):
        told = [problem.line for problem in outcome.problems]
        assert told
        assert told == sorted(told)
        assert told[0] >= 1
        assert told[-1] <= text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


WORDS = st.lists(
    st.sampled_from(["send", "the answer", "`a b`", "*care*", "—", "(again)", "https://x.y/z", "42", "✓", "-"]),
    min_size=1,
)
TITLES = WORDS.map(" ".join)
TEXTS = st.lists(WORDS.map(" ".join) | st.just("```sh\n### x\n```") | st.just("#### More"), max_size=3).map("\n\n".join)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    between = st.lists(st.sampled_from(CHILDREN), min_size=2, unique=True).map(tuple)
    contract_ids = draw(st.lists(st.sampled_from(["C1", "C-2", "c_3"]), unique=True))
    task_ids = draw(
        st.lists(st.from_regex(r"[A-Za-z0-9_]([a-z-]{0,3}[0-9])?", fullmatch=True), unique=True, max_size=5)
    )
    tasks: list[Task] = []
    for task_id in task_ids:
        human = draw(st.booleans())
        earlier = [task.id for task in tasks]
        tasks.append(
            Task(
                id=task_id,
                title=draw(TITLES),
                child="human" if human else draw(st.sampled_from(CHILDREN)),
                after=tuple(draw(st.lists(st.sampled_from(earlier), unique=True))) if earlier else (),
                contracts=tuple(draw(st.lists(st.sampled_from(contract_ids), unique=True))) if contract_ids else (),
                verify=() if human else tuple(draw(st.lists(st.sampled_from(["npm test", "a: b", "x && `y`"])))),
                hold=draw(st.booleans()),
                thread=draw(st.sampled_from(["shared", "fresh"])),
                model=draw(st.none() | st.just("gpt-5")),
                effort=draw(st.none() | st.just("very high")),
                sandbox=draw(st.sampled_from([None, "read-only", "workspace-write"])),
                timeout=draw(st.none() | st.sampled_from([0.5, 30.0, 999999.0])),
                instructions=draw(TEXTS),
                expect=draw(TEXTS) if human else "",
            )
        )
    return Plan(
        title=draw(TITLES),
        hold=draw(st.booleans()),
        objective=draw(TEXTS),
        success=draw(TEXTS),
        contracts=tuple(Contract(each, draw(TITLES), draw(between), draw(TEXTS), 0) for each in contract_ids),
        tasks=tuple(tasks),
    )


def render(plan: Plan, order: st.DataObject) -> str:
    def fields(**values: str | None) -> list[str]:
        lines = [f"- {name}: {value}" for name, value in values.items() if value]
        return order.draw(st.permutations(lines))

    lines = [f"# Plan: {plan.title}", *fields(hold="yes" if plan.hold else "no"), ""]
    lines += ["## Objective", plan.objective, "## Success Criteria", plan.success, "## Contracts"]
    for contract in plan.contracts:
        lines += [
            f"### {contract.id} — {contract.title}",
            *fields(between=", ".join(contract.between)),
            "",
            contract.text,
        ]
    lines.append("## Working Plan")
    for task in plan.tasks:
        lines.append(f"### {task.id} — {task.title}")
        lines += fields(
            child=task.child,
            after=", ".join(task.after),
            contracts=", ".join(task.contracts),
            verify=" ".join(f"`` {command} ``" if "`" in command else f"`{command}`" for command in task.verify),
            hold="true" if task.hold else None,
            thread=task.thread,
            model=task.model,
            effort=task.effort,
            sandbox=task.sandbox,
            timeout=f"{task.timeout}m" if task.timeout else None,
        )
        lines += ["", task.instructions, "", *(["**Expect:**", "", task.expect] if task.expect else []), ""]
    return "\n".join(lines)


def unlined(plan: Plan) -> Plan:
    return replace(
        plan,
        contracts=tuple(replace(contract, line=0) for contract in plan.contracts),
        tasks=tuple(replace(task, line=0) for task in plan.tasks),
    )


@settings(max_examples=50, deadline=None)
@given(plans(), st.data())
def test_a_plan_that_is_written_down_is_read_back_the_same(plan: Plan, order: st.DataObject) -> None:
    read = parse(render(plan, order), CHILDREN)
    assert isinstance(read, Plan), read
    assert unlined(read) == plan
