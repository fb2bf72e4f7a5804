"""A field below the text of its task is refused, or at least warned of: it would be taken for prose."""

from __future__ import annotations

import re

import pytest

from supervisor.core.plan.fields import TASK_FIELDS
from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan, Problem
from tests.core.plan.pages import CHILDREN, of, problems

FIRST = ("### T1 — One", "- child: backend", "", "Do it.")
LINE = 9


def refusal(name: str, owner: str = "the heading of T1") -> str:
    return (
        f"`{name}` does not count here, below other text: move it right below {owner}, "
        f"or write the word in code: `` `{name}`: ``"
    )


@pytest.mark.parametrize(
    "item",
    [
        "- verify: `make test`",
        "- verify: that all is well",
        "- Verify: `make`",
        "- **verify**: `make`",
        "- **verify:** `make`",
        "* verify: `make`",
        "+ verify: `make`",
        "1. verify: `make`",
        "  - verify: `make`",
        "> - verify: `make`",
        "\u2022 verify: `make`",
        "-\u00a0verify: `make`",
        "- verify\uff1a`make`",
        "- - verify: `make`",
        "1. - verify: `make`",
        "- > verify: `make`",
        "\u25cf verify: `make`",
        "- \uff56erify: `make`",
        "- verify\u200b: `make`",
        "- \u200bverify: `make`",
        "- verify&#58; `make`",
        "- verify&colon; `make`",
        "<li>verify: `make`</li>",
        "- after: T1",
        "- after: the deploy",
        "- child: mobile",
        "- child: human",
        "- contracts: C9",
        "- hold: yes",
        "- thread: fresh",
        "- model: gpt-5",
        "- effort: high",
        "- sandbox: read-only",
        "- timeout: 30",
        "- timeout: 1.5 min",
        "- budget: 5k tokens",
    ],
)
def test_a_field_below_text_is_refused_with_both_ways_out(item: str) -> None:
    shown = item.lower().replace("\uff56", "v").replace("\u200b", "")
    name = next(word for word in re.findall(r"[a-z]+", shown) if word in TASK_FIELDS)
    expected = [(LINE, refusal(name))]
    assert problems(of(*FIRST, "", item)) == expected
    assert problems(of(*FIRST, "More.", item)) == expected


@pytest.mark.parametrize(
    "item",
    [
        "- timeout: raise it to 30 s",
        "- child: the nodes below",
        "- contracts: keep them",
        "- hold: the button for three seconds",
        "- thread: use one per connection",
        "- model: add a table of users",
        "- effort: keep it small",
        "- sandbox: try it there first",
        "- budget: a line for each month",
    ],
)
def test_an_instruction_that_begins_like_a_field_is_a_warning(item: str) -> None:
    plan = parse(of(*FIRST, "", item), CHILDREN)
    assert isinstance(plan, Plan), plan
    name = item[2:].partition(":")[0]
    assert plan.warnings == (
        Problem(
            LINE,
            f"`{item[2:]}` is read as text, not as a field: if it is meant as one, move it right below the heading of "
            f"T1; if not, write the word in code: `` `{name}`: ``",
        ),
    )
    assert plan.tasks[0].instructions == f"Do it.\n\n{item}"


@pytest.mark.parametrize(
    "text",
    [
        "- `verify`: the signature",
        "```\n- verify: `make`\n```",
        "<!--\n- verify: `make`\n-->",
        "- to verify: look",
        "- verify the result",
        "- verification: by hand",
        "- between: here and there",
        "Verify: see below.",
    ],
)
def test_other_text_is_neither(text: str) -> None:
    plan = parse(of(*FIRST, "", *text.split("\n")), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert plan.warnings == ()
    assert plan.tasks[0].instructions == f"Do it.\n\n{text}"


@pytest.mark.parametrize("item", ["- effort: very high", "- model: gpt-5 codex", "- timeout: raise it to 30 s"])
def test_each_field_behind_a_rule_that_cuts_the_fields_in_two_is_refused(item: str) -> None:
    name = item[2:].partition(":")[0]
    assert problems(of("### T1 — One", "- child: backend", "---", item, "", "Do it.")) == [(7, refusal(name))]
    below = parse(of("### T1 — One", "- child: backend", "", "---", "", "Do it.", item), CHILDREN)
    assert isinstance(below, Plan)
    assert len(below.warnings) == 1


@pytest.mark.parametrize("item", ["- [ ] verify: the result", "- [x] after: the deploy"])
def test_a_check_box_that_begins_like_a_field_that_always_counts_is_a_warning(item: str) -> None:
    plan = parse(of(*FIRST, "", item), CHILDREN)
    assert isinstance(plan, Plan), plan
    [warning] = plan.warnings
    assert f"`{item[6:]}` is read as text, not as a field" in warning.message


@pytest.mark.parametrize("item", ["- efort: very high", "- modle: gpt-5", "- Time-out: 30"])
def test_a_misspelt_field_behind_a_rule_that_cuts_the_fields_in_two_is_a_warning(item: str) -> None:
    plan = parse(of("### T1 — One", "- child: backend", "---", item, "", "Do it."), CHILDREN)
    assert isinstance(plan, Plan), plan
    [warning] = plan.warnings
    assert (warning.line, "did you mean the field" in warning.message) == (7, True)


def test_a_field_with_a_letter_of_another_alphabet_is_refused() -> None:
    [(line, message)] = problems(of(*FIRST, "", "- v\u0435rify: `make`"))
    assert (line, "did you mean the field `verify`?" in message) == (LINE, True)


@pytest.mark.parametrize("above", ["---", "***", "#### More", "<br>", "<!-- x -->", "```\nx\n```", "> quoted\n\n---"])
def test_a_line_that_is_nothing_but_a_field_is_refused_below_whatever_ends_a_paragraph(above: str) -> None:
    text = of(*FIRST, "", *above.split("\n"), "verify: `make`", "", "More.")
    assert [message for _, message in problems(text)] == [refusal("verify")]
    cut = of("### T1 — One", "- child: backend", *above.split("\n"), "verify: `make`", "", "Do it.")
    assert [message for _, message in problems(cut)] == [refusal("verify")]


def test_a_field_without_a_bullet_right_below_the_others_is_refused() -> None:
    assert problems(of("### T1 — One", "- child: backend", "verify: `make`", "", "Do it.")) == [(6, refusal("verify"))]


@pytest.mark.parametrize("lines", [("<div>", "- verify: `make`", "</div>"), ("Do:", "\u2013 verify: `make`")])
def test_a_field_in_html_or_after_another_dash_is_refused(lines: tuple[str, ...]) -> None:
    assert problems(of(*FIRST[:-1], *lines)) == [(8, refusal("verify"))]


def test_a_field_of_a_contract_and_of_the_plan_are_not_lost_either() -> None:
    text = (
        "# Plan: A\n\nProse.\n\n- budget: 5M tokens\n\n## Contracts\n\n### C1 — One\n- between: backend, mobile\n\n"
        "Text.\n- between: backend, firmware\n- child: backend\n\n## Working Plan\n"
    )
    assert problems(text) == [(5, refusal("budget", "the title")), (13, refusal("between", "the heading of C1"))]


TWO = ("", "### T2 — Two", "- child: mobile", "", "Do.")


@pytest.mark.parametrize(
    "line",
    [
        *("verify: `make`", "Verify: `make`, then `make lint`.", "**verify:** `make`", "**Verify**: `make`"),
        *("after: T2", "**After:** T2", "sandbox: read-only", "budget: 5k tokens", "child: mobile"),
        *("- [ ] verify: `make`", "- [x] after: T2"),
    ],
)
def test_a_line_that_is_nothing_but_a_field_is_refused_too(line: str) -> None:
    name = next(name for name in ("verify", "after", "sandbox", "budget", "child") if name in line.lower())
    having = ("### T1 — One", "", "Do it.") if name == "child" else FIRST
    found = problems(of(*having, "", line, *TWO))
    assert refusal(name) in [message for _, message in found], found


@pytest.mark.parametrize(
    "line",
    [
        *("Verify: that `make` passes.", "After: T9 is gone.", "After: the deploy.", "child: a node", "Sandbox: none."),
        *("Do more and\nverify: `make`", "**Budget:** small", "effort: high", "`verify`: `make`", "> a\n> b"),
    ],
)
def test_a_paragraph_that_begins_like_a_field_is_text(line: str) -> None:
    plan = parse(of(*FIRST, "", *line.split("\n"), *TWO), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert plan.warnings == ()


def test_text_may_tell_again_what_a_field_says() -> None:
    plan = parse(
        of("### T1 — One", "- child: backend", "- verify: `make`", "", "Do.", "", "**Verify:** `make`"), CHILDREN
    )
    assert isinstance(plan, Plan), plan
    assert plan.warnings == ()


@pytest.mark.parametrize(("item", "name"), [("- verfiy: `make`", "verify"), ("- contract: C1", "contracts")])
def test_a_misspelt_field_below_text_is_a_warning(item: str, name: str) -> None:
    text = of(*FIRST, "", item).replace(
        "## Working", "## Contracts\n\n### C1 — A\n- between: backend, mobile\n\nIt.\n\n## Working"
    )
    plan = parse(text, CHILDREN)
    assert isinstance(plan, Plan), plan
    [warning] = plan.warnings
    assert f"did you mean the field `{name}`?" in warning.message


@pytest.mark.parametrize(
    "item", ["- verify: `make`", "- budget: 5M tokens", "- sandbox: read-only", "- child: backend"]
)
def test_a_field_above_the_tasks_is_refused(item: str) -> None:
    [(line, message)] = problems(of("", item, "", *FIRST))
    assert (line, "has no effect here, above the tasks" in message) == (5, True), message
    assert isinstance(parse(of("", "- verify: each task runs its tests", "- after: lunch", "", *FIRST), CHILDREN), Plan)


def test_a_hold_in_front_matter_is_refused() -> None:
    [(line, message)] = problems(f"---\ntitle: x\nhold: yes\n---\n{of(*FIRST)}")
    assert (line, message) == (3, "`hold` has no effect here: move it to the list right below a heading")


FILES = (
    ("- **Modify:** `README.md`", "- **Verify:** `README.md`"),
    ("- Modify: `README.md`", "", "- Verify: `README.md`"),
    ("- Create:", "  - `a.py`", "  - `b.py`", "- Verify: `a.py`"),
    ("- [ ] Modify: x", "- [ ] Verify: `.github/workflows/ci.yml`"),
    ("- Modify: x", "- Verify: docs/a.md", "- Verify: `docs/b.md`"),
    ("- Note it down.", "- Files: x", "- Verify: `x/y`"),
)


@pytest.mark.parametrize("items", FILES)
def test_the_name_of_a_file_in_a_list_of_files_is_a_warning(items: tuple[str, ...]) -> None:
    plan = parse(of(*FIRST, "", *items), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert plan.warnings
    assert plan.tasks[0].instructions == "\n".join(("Do it.", "", *items))


@pytest.mark.parametrize(
    "items",
    [
        ("- verify: `make`",),
        ("- Verify: `make`", "- and then look"),
        ("- after: T1", "- verify: `make`"),
        ("- child: mobile", "- verify: `make`", "- priority: high"),
        ("- Files: x", "- verify: `make`", "- timeout: 30"),
        ("- Files: x", "", "Words.", "", "- verify: `make`"),
        ("- Files: x", "  - verify: `make`"),
        ("- verfiy: `make lint`", "- verify: `make`"),
        ("- verify: `make lint`", "- Verify: `make`"),
        ("- Files: x", "", "#### Check", "", "- verify: `make`"),
        ("- Files: `src/a.py`", "- Verify: `make test`", "- Risk: low"),
        ("- Files: `src/a.py`", "- Verify: `./check.sh`"),
        ("- Note: keep the API", "- verify: it still builds"),
        ("1. Goal: see below", "2. After: the deploy", "3. Owner: Ann"),
        ("- [ ] Implement: it", "- [ ] Verify: `make`"),
        ("* Host: x", "* Child: mobile", "* Port: 80"),
    ],
)
def test_a_field_alone_or_with_others_stays_refused(items: tuple[str, ...]) -> None:
    assert any("does not count here" in message for _, message in problems(of(*FIRST, "", *items)))
