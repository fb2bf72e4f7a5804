"""The fields of a plan, a task and a contract: their values, and how a wrong one is reported."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Budget, Plan, Task
from tests.core.plan.pages import CHILDREN, of, only_task, problems


def test_a_task_and_the_plan_have_a_budget() -> None:
    text = of("### T1 — One", "- child: backend", "- budget: 200k tokens, 30 min", "", "Text.")
    plan = parse(text.replace("# Plan: A plan\n", "# Plan: A plan\n- budget: 2 h\n", 1), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert (plan.budget, plan.tasks[0].budget) == (Budget(minutes=120), Budget(200_000, 30))
    assert plan.tasks[0].instructions == "Text."


def test_a_humans_task_has_no_budget() -> None:
    assert problems(of("### H1 — One", "- child: human", "- budget: 1 h")) == [
        (6, "H1 is for a human, who spends no `budget`: remove the line")
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("- chidl: backend", "unknown field `chidl`: did you mean `child`?"),
        (
            "- priority: 1",
            "unknown field `priority`: use one of `child`, `after`, `contracts`, `verify`, `hold`, `thread`, `model`, "
            "`effort`, `sandbox`, `timeout`, `budget`, `isolation`",
        ),
        ("- child: mobile", "`child` is in this list twice, first on line 5"),
        ("- after: T3", "unknown task `T3` in `after`: use `T1` or `T2`"),
        ("- after: task-two", "unknown task `task-two` in `after`: use `T1` or `T2`"),
        ("- after: T1", "T1 waits for itself: remove it from `after`"),
        ("- after:", "`after` has no value: write one or remove the line"),
        ("- contracts: C11", "unknown contract `C11` in `contracts`: did you mean `C1`?"),
        ("- verify: npm test", "`verify` has no command in inline code: put each command between backticks"),
        ("- verify: `npm test`, `ls", "a backtick in `verify` is never closed: put each command between backticks"),
        ("- hold: maybe", "`hold` must be `yes` or `no`, not `maybe`"),
        ("- thread: frehs", "unknown thread `frehs`: did you mean `fresh`?"),
        ("- sandbox: none", "unknown sandbox `none`: use `read-only` or `workspace-write`"),
        ("- timeout: 0", "`timeout` must be a number of minutes above zero, not `0`"),
        ("- timeout: -3", "`timeout` must be a number of minutes above zero, not `-3`"),
        ("- timeout: 2 h", "`timeout` must be a number of minutes above zero, not `2 h`"),
        ("- budget: 200k tokns, 30 min", "`budget`: unknown unit `tokns`: did you mean `tokens`?"),
        ("- budget: 9 coins", "`budget`: unknown unit `coins`: use one of `tokens`, `min`, `hours`"),
        ("- budget: 200k", "`budget`: `200k` has no unit: write `200k tokens, 30 min`"),
        ("- budgte: 1 h", "unknown field `budgte`: did you mean `budget`?"),
        ("- model:", "`model` has no value: write one or remove the line"),
        (
            "- do the thing",
            "`do the thing` is not a field: "
            "write `- name: value`, or leave an empty line between the fields and the text",
        ),
        ("  - nested", "write the value of `child` on the same line as its name, not as a list below it"),
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


def test_a_task_without_fields_is_reported_as_lacking_a_child() -> None:
    hint = "with one of `backend`, `mobile`, `firmware`, `human`"
    message = f"T1 has no `child`: write `- child: NAME` right below its heading, {hint}"
    assert problems(of("### T1 — One", "- Do this first.", "- Then that.")) == [(4, message)]


def test_a_contract_binds_at_least_two_known_children() -> None:
    text = of(
        "## Contracts", "### C1 — A", "### C2 — B", "- between: backend", "### C3 — C", "- between: backend, modile"
    )
    assert problems(text) == [
        (5, "C1 has no `between`: name the children that it binds right below its heading"),
        (7, "C2 is between `backend` only: name at least two children"),
        (9, "unknown child `modile` in `between`: did you mean `mobile`?"),
    ]


def test_a_human_task_has_no_verify() -> None:
    assert problems(of("### H1 — Look", "- child: human", "- verify: `ls`")) == [
        (6, "H1 is for a human, so `verify` cannot run: use `**Expect:**` instead")
    ]


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
    plan = parse(of("### T1 — One", *fields, "", "Text.", "### T2 — Two", "- child: mobile", "", "Text."), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert plan.tasks[0] == Task("T1", "One", "backend", after=("T2",), instructions="Text.", line=4)


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
def test_a_human_task_states_what_is_expected_separately_from_the_steps(
    lines: list[str], expected: tuple[str, str]
) -> None:
    task = only_task("- child: human", "", *lines)
    assert (task.instructions, task.expect) == expected


def test_only_a_human_task_has_an_expectation() -> None:
    task = only_task("- child: backend", "", "**Expect:** light")
    assert (task.instructions, task.expect) == ("**Expect:** light", "")


def test_a_value_that_goes_on_below_is_not_cut_off() -> None:
    more = "write all of `{0}` on one line, or leave an empty line above text"
    for name, lines in (("verify", ("`a`", "`b`")), ("verify", ("`a`", "and `b`,")), ("after", ("T2", "T3"))):
        found = problems(
            of("### T1 — One", "- child: backend", f"- {name}: {lines[0]}", lines[1], "", "Do it.", *OTHERS)
        )
        message = f"`{lines[1]}` does not count as a part of `{name}`: {more.format(name)}"
        assert found == [(7, message)]


@pytest.mark.parametrize(("name", "value"), [("verify", "`a`,"), ("after", "T2,"), ("contracts", ",")])
def test_a_comma_at_the_end_is_a_question(name: str, value: str) -> None:
    [(line, message)] = problems(
        of("### T1 — One", "- child: backend", f"- {name}: {value}", "More.", "", "Do.", *OTHERS)
    )
    assert (line, message) == (6, f"`{name}` ends in a comma: write all of it on one line, or remove the comma")


@pytest.mark.parametrize("mark", ["```", "```sh", "~~~"])
def test_a_code_block_is_no_value(mark: str) -> None:
    block = (f"  {mark}", "  make test", "  make lint", f"  {mark[:3]}")
    [_, (line, message)] = problems(of("### T1 — One", "- child: backend", "- verify:", *block, "", "Do it."))
    rule = "put each command between backticks, on the same line as its name"
    assert (line, message) == (7, f"the value of `verify` cannot be a code block: {rule}")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("run `make`, but not `make clean`", "not"),
        ("`make a` or `make b`", "or"),
        ("`make` in `backend/`", "in"),
        ("`make` unless it is Friday", "unless"),
    ],
)
def test_words_around_commands_that_would_change_what_runs_are_refused(value: str, word: str) -> None:
    [(line, message)] = problems(of("### T1 — One", "- child: backend", f"- verify: {value}", "", "Do it."))
    assert (line, message.endswith(f"write the commands without `{word}`")) == (6, True), message


@pytest.mark.parametrize(
    "value", ["`a` and `b`", "first `a`, then `b`", "`a` (not in CI)", "`a`; `b`.", "run `a` twice"]
)
def test_other_words_around_commands_are_a_remark(value: str) -> None:
    assert only_task("- child: backend", f"- verify: {value}", "More.").instructions == "More."


OTHERS = ("", "### T2 — Two", "- child: backend", "", "Do.", "", "### T3 — Three", "- child: mobile", "", "Do.")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        *(("`make` (not `make all`)", "not"), ("`make` | `tee`", "|"), ("`make` || `x`", "||"), ("~~`make`~~", "~~")),
        *(("`make` should fail", "should"), ("`make` fails", "fails"), ("`make`: exit code 1", "exit code 1")),
        *(("no `make`", "no"), ("`make` with `X`", "with"), ("optional: `make`", "optional"), ("ohne `make`", "ohne")),
    ],
)
def test_words_that_say_otherwise_than_the_commands_run_are_refused(value: str, word: str) -> None:
    [(line, message)] = problems(of("### T1 — One", "- child: backend", f"- verify: {value}", "", "Do."))
    assert (line, f": write the commands without `{word}`" in message) == (6, True), message


@pytest.mark.parametrize("command", ["cd web", "export X=1", "X=1", "source venv/bin/activate", ". ./env"])
def test_a_command_that_only_prepares_another_one_is_refused(command: str) -> None:
    message = f"`{command}` in `verify` changes nothing for the command behind it: write both as one command, `A && B`"
    text = of("### T1 — One", "- child: backend", f"- verify: `{command}`, `make`", "", "Do.")
    assert problems(text) == [(6, message)]


@pytest.mark.parametrize(
    "value",
    [
        "`cd web && make`",
        "`X=1 make`",
        "`make` with coverage",
        "`make`; exits with 0",
        "`cdk synth`",
        "`make` (no net)",
    ],
)
def test_what_says_the_same_is_a_command(value: str) -> None:
    assert only_task("- child: backend", f"- verify: {value}", "", "Do.").verify


@pytest.mark.parametrize("value", ["T1 and T2", "T1 T2", "T1; T2", "T1 & T2", "T1/T2"])
def test_ids_that_are_not_separated_by_commas_are_told(value: str) -> None:
    tasks = [line for name in ("T1", "T2") for line in (f"### {name} — x", "- child: backend", "", "Do.", "")]
    text = of(*tasks, "### T3 — x", "- child: backend", f"- after: {value}", "", "Do.")
    assert problems(text) == [(16, f"`{value}` in `after` is no task: separate ids by commas")]


def test_a_timeout_may_be_written_as_a_budget_is() -> None:
    assert only_task("- child: backend", "- timeout: 30 Min", "", "Do.").timeout == 30
