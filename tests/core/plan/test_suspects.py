"""Whatever a person sees as the heading of a task is a task, or a problem that names its line and the cause."""

from __future__ import annotations

import sys

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan, Rejection
from tests.core.plan.among_tasks import FIELDS, FIRST, LAST, LINE, among_tasks, only_problem
from tests.core.plan.pages import CHILDREN, of, problems


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("###\u00a0T2 — App", "the space after ### is a no-break space (U+00A0)"),
        ("###\u2009T2 — App", "the space after ### is a thin space (U+2009)"),
        ("###\u202fT2 — App", "the space after ### is a narrow no-break space (U+202F)"),
        ("###\u3000T2 — App", "the space after ### is an ideographic space (U+3000)"),
        ("###\u200b T2 — App", "the space after ### is a zero width space (U+200B)"),
        ("###\u2060T2 — App", "the space after ### is a word joiner (U+2060)"),
        ("\ufeff### T2 — App", "a zero width no-break space (U+FEFF) stands before its `#`"),
        ("\u200b### T2 — App", "a zero width space (U+200B) stands before its `#`"),
        ("\u00a0### T2 — App", "a no-break space (U+00A0) stands before its `#`"),
        ("\u3000### T2 — App", "an ideographic space (U+3000) stands before its `#`"),
        ("###T2 — App", "there is no space after ###"),
        ("##T2: App", "there is no space after ##"),
        ("#T2 - App", "there is no space after #"),
        ("####T2 — App", "there is no space after ####"),
        ("####### T2 — App", "a heading has at most six `#`"),
        ("＃＃＃ T2 — App", "`＃` is a fullwidth number sign (U+FF03), not `#`"),
        ("##＃ T2 — App", "`＃` is a fullwidth number sign (U+FF03), not `#`"),
        ("﹟﹟﹟ T2 — App", "`﹟` is a small number sign (U+FE5F), not `#`"),
        ("\t### T2 — App", "it is indented by a tab or four spaces, which makes it code"),
        ("    ### T2 — App", "it is indented by a tab or four spaces, which makes it code"),
        ("- ### T2 — App", "it stands in a list item"),
        ("* [ ] ### T2 — App", "it stands in a list item"),
        ("> ### T2 — App", "it stands in a quote"),
        ("> - ### T2 — App", "it stands in a quote"),
        ("| ### T2 — App |", "`|` stands before its `#`"),
        ("// ### T2 — App", "`/` stands before its `#`"),
        ("+### T2 — App", "`+` stands before its `#`"),
        ("-### T2 — App", "`-` stands before its `#`"),
        ("1.### T2 — App", "a digit one (U+0031) stands before its `#`"),
        (": ### T2 — App", "a colon (U+003A) stands before its `#`"),
        ("[^1]: ### T2 — App", "a left square bracket (U+005B) stands before its `#`"),
        ("\u2705 ### T2 — App", "a white heavy check mark (U+2705) stands before its `#`"),
        ("\\#\\#\\# T2 — App", "`\\` stands before its `#`"),
        ("#\ufe0f\u20e3#\ufe0f\u20e3#\ufe0f\u20e3 T2 — App", "the space after # is a variation selector-16 (U+FE0F)"),
        ("<!-- next --> ### T2 — App", "the HTML block above, from line 9 on, swallows it"),
        ("=== T2 — App", "=== makes no heading here"),
        ("=== T2 — App ===", "=== makes no heading here"),
        ("**T2 — App**", "bold text is no heading"),
        ("**T2** — App", "bold text is no heading"),
        ("__T2: App__", "bold text is no heading"),
        ("***T2 – App***", "bold text is no heading"),
        ("**### T2 — App**", "`*` stands before its `#`"),
        ("<details>### T2 — App", "the HTML block above, from line 9 on, swallows it"),
    ],
)
def test_a_heading_that_markdown_does_not_read_is_named_with_the_cause(line: str, cause: str) -> None:
    at, message = only_problem(line, "", "Poll each second.", "")
    assert at == LINE
    assert message.startswith("`")
    assert f"looks like the heading of a task but is none: {cause}: " in message


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("\\### T2 — App", "`\\` stands before its `#`"),
        ("`### T2 — App`", "a grave accent (U+0060) stands before its `#`"),
        ("T2 — App", "it has no `###`"),
        ("1. T2: App", "it stands in a list item"),
    ],
)
def test_a_mention_with_the_fields_of_a_task_is_one(line: str, cause: str) -> None:
    at, message = only_problem(line, *FIELDS)
    assert (at, f"looks like the heading of a task but is none: {cause}" in message) == (LINE, True), message


def test_number_signs_inside_of_a_heading_hide_no_task() -> None:
    assert problems(of(*FIRST, "# ## T2 — App", *FIELDS)) == [
        (LINE, "the task T2 has no effect here: give it a heading of level 3 (`###`) below `## Working Plan`")
    ]


def test_the_message_says_what_to_write() -> None:
    assert only_problem("###T2 — App", *FIELDS)[1].endswith(": write `### T2 — App` at the start of a line")


def test_a_heading_right_below_a_paragraph_and_indented_is_a_problem() -> None:
    text = of(*FIRST[:-1], "    ### T2 — App", *FIELDS, *LAST)
    [(line, message)] = problems(text)
    assert (line, "it is indented by a tab or four spaces" in message) == (8, True)


def test_a_heading_in_a_list_item_of_several_lines_is_a_problem() -> None:
    assert only_problem("1. First:", "   ### T2 — App", "   - child: mobile", "", "   Poll.", "") == (
        LINE + 1,
        "`### T2 — App` looks like the heading of a task but is none: it stands in a list item: "
        "write `### T2 — App` at the start of a line",
    )


@pytest.mark.parametrize(
    "opener",
    [
        "</details>",
        "<div>",
        "<p align=center>",
        "<img src=x>",
        "<custom-tag>",
        "</custom>",
        "<!DOCTYPE",
        "<details>\nText",
    ],
)
def test_a_heading_right_below_html_is_a_problem(opener: str) -> None:
    at, message = only_problem(*opener.split("\n"), "### T2 — App", *FIELDS, ">", "")
    assert at == LINE + 1 + opener.count("\n")
    assert f"the HTML block above, from line {LINE} on, swallows it: leave an empty line above it" in message


@pytest.mark.parametrize(
    "html", ["<pre>\nx\n</pre>", "<!-- x -->", "<?x ?>", "<!X y>", "<![CDATA[x]]>", "<script>x</script>"]
)
def test_html_that_has_ended_swallows_nothing(html: str) -> None:
    plan = parse(among_tasks(*html.split("\n"), "### T2 — App", *FIELDS), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert [task.id for task in plan.tasks] == ["T1", "T2", "T3"]


@pytest.mark.parametrize("html", ["<pre>\n{}\n</pre>", "<?x\n{}\n?>", "<![CDATA[\n{}\n]]>", "<!X\n{}\n>"])
def test_a_heading_inside_of_html_is_a_problem(html: str) -> None:
    at, message = only_problem(*html.format("### T2 — App\n- child: mobile").split("\n"), "")
    assert (at, "swallows it" in message) == (LINE + 1, True)


def test_a_comment_that_an_empty_line_ends_is_a_problem() -> None:
    at, message = only_problem("<div>", "<!--", "", "### T2 — App", *FIELDS, "-->", "")
    assert (at, message) == (
        LINE + 1,
        "the comment that begins here ends at the empty line or heading below: "
        "begin its line with `<!--`, and end it with `-->`",
    )


@pytest.mark.parametrize("mark", ["```", "~~~", "````"])
def test_a_code_block_closed_at_another_indent_is_a_problem(mark: str) -> None:
    lines = ("- Run:", f"  {mark}sh", "  make", mark, "", "### T2 — App", *FIELDS, mark, "more", mark, "more", mark, "")
    [(line, message)] = problems(among_tasks(*lines))
    assert (line, message) == (
        LINE + 1,
        f"this code block is never closed: line {LINE + 3}, at another indent, does not close it but begins another "
        "one: indent both lines alike",
    )


@pytest.mark.parametrize("end", ["    ```", "\t```", "``` end"])
def test_a_line_that_does_not_close_its_code_block_lets_no_heading_vanish(end: str) -> None:
    at, message = only_problem("```sh", "make", end, "", "### T2 — App", *FIELDS, "```", "")
    assert at == LINE + 4
    assert f"the code block from line {LINE} on swallows it" in message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("~~~", "make", "```"), ("~~~",)),
        (("````", "make", "```"), ("````",)),
        (("```", "make", "```", "```"), ("```", "make", "```", "```")),
    ],
)
def test_a_mark_too_many_lets_no_heading_vanish(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    at, message = only_problem(*before, "### T2 — App", *FIELDS, *after, "")
    assert (at, "looks like the heading of a task but is none: the code block" in message) == (LINE + len(before), True)


def test_a_line_break_that_markdown_does_not_know_hides_no_heading() -> None:
    at, message = only_problem("Prose.\u2028### T2 — App", *FIELDS)
    assert (at, "looks like the heading of a task but is none" in message) == (LINE, True)


@pytest.mark.parametrize("level", ["#### ", "##### "])
def test_a_task_at_a_lower_level_is_a_problem(level: str) -> None:
    assert only_problem(f"{level}T2 — App", "", "Poll.", "") == (
        LINE,
        "the task T2 has no effect here: give it a heading of level 3 (`###`) below `## Working Plan`",
    )


def test_a_contract_is_not_lost_either() -> None:
    text = (
        "# Plan: A\n\n## Contracts\n\n### C1 — One\n- between: backend, mobile\n\nText.\n\n"
        "###\u00a0C2 — Two\n- between: backend, mobile\n\nText.\n\n## Working Plan\n"
    )
    assert [line for line, _ in problems(text)] == [10]


@pytest.mark.parametrize(
    "lines",
    [
        ("```md", "### T2 — App", "- child: mobile", "```"),
        ("~~~", "### T2 — App", "~~~"),
        ("````md", "```", "### T2 — App", "- child: mobile", "```", "````"),
        ("- like this:", "  ```", "  ### T2 — App", "  ```"),
        ("<!--", "### T2 — App", "- child: mobile", "", "-->"),
        ("<div>", "<!--", "### T2 — App", "-->", "</div>"),
        ("#12: the issue", "#13 — another"),
        ("**T1 — Server** comes first, **T3** — later.",),
        ("**Note: be careful**", "", "**Expected** — green"),
        ("#### Step-by-step: how", "", "#### Why: because"),
        ("> Note: quoted", "", "- [ ] lint: green"),
        ("T2 needs nothing more. See T2 — it is gone.",),
        ("\\### T2 — App",),
        ("`### T2 — App` is how a heading looks.",),
        ("| T2 — App | x |", "|---|---|", "| a | b |"),
    ],
)
def test_examples_and_mentions_are_no_headings(lines: tuple[str, ...]) -> None:
    plan = parse(among_tasks(*lines, ""), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert [task.id for task in plan.tasks] == ["T1", "T3"]
    assert "\n".join(lines) in plan.tasks[0].instructions


@pytest.mark.parametrize(
    "line", ["T2 — App", "- T2: App", "* T2 – App", "> T2 — App", "  T2 - App", "> - T2 — App", "1. T2 — App"]
)
def test_a_task_in_force_that_lost_its_heading_is_a_problem(line: str) -> None:
    text = among_tasks(line, "", "Poll.", "")
    assert isinstance(parse(text, CHILDREN), Plan)
    outcome = parse(text, CHILDREN, ["T1", "T2", "T3"])
    assert isinstance(outcome, Rejection)
    assert [(problem.line, problem.message) for problem in outcome.problems] == [
        (
            LINE,
            "T2 is a task of the revision in force, and has no heading any more but this line: "
            "write `### T2 — App` to keep it, or begin the line with other words",
        )
    ]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "-T2: App",
            "-> T2 – App",
            "*>T2: App",
            "* -#*T2: App",
            "#>T2—App",
            "*#> T2 — App",
            "-- T2 - App",
            "**\u00a0T2: App",
        ),
        *("#### - T2 — App", "##### **T2** — App", "###### 1. T2 - App", "#### [ ] T2: App"),
        *("-1. T2 — App", "+\u200bT2 — App", "* #_T2 — App", "* * T2 — App", "- [ ] > T2 — App", ">-T2 -- App"),
    ],
)
@pytest.mark.parametrize("above", ["", "Text.", "<div>", "***", "- a", "| a |\n|---|"])
def test_a_task_in_force_is_no_less_lost_behind_any_mix_of_marks(line: str, above: str) -> None:
    outcome = parse(among_tasks(*above.split("\n"), line, "", "Poll.", ""), CHILDREN, ["T1", "T2", "T3"])
    assert isinstance(outcome, Rejection)
    assert [problem.line for problem in outcome.problems] == [LINE + 1 + above.count("\n")]
    assert "T2" in outcome.problems[0].message


@pytest.mark.parametrize(
    "line", ["This comes after T2.", "What T2 — the app — did stays.", "```\nT2 — App\n```", "<!-- T2 — App -->", "T2"]
)
def test_a_task_in_force_may_be_deleted_while_others_mention_it(line: str) -> None:
    plan = parse(among_tasks(line, ""), CHILDREN, ["T1", "T2", "T3"])
    assert isinstance(plan, Plan), plan


def test_an_id_of_any_form_is_known_from_the_revision_in_force() -> None:
    text = among_tasks("**mobile-app — Poll**", "")
    assert isinstance(parse(text, CHILDREN), Plan)
    assert isinstance(parse(text, CHILDREN, ["mobile-app"]), Rejection)


@pytest.mark.parametrize(
    "unit",
    [
        "###T\n",
        "- - - - - T — t\n",
        "> - 1. **T1\n",
        "＃＃＃ T1 — t\n",
        "<a><b><i>\n",
        "T2 — x\n- a: b\n",
        ">" * 500 + "\n\n",
    ],
)
def test_junk_is_judged_in_linear_time(unit: str) -> None:
    def steps(size: int) -> int:
        """Count the calls of functions, Python's own included, in reading so many characters."""
        text, counted = among_tasks(unit * (size // len(unit))), 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal counted
            counted += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            parse(text, CHILDREN, ["T2"])
        finally:
            sys.setprofile(None)
        return counted

    assert steps(12_000) < 2.5 * steps(6_000)
