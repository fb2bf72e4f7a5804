"""Any file is parsed or rejected in bounded time, and a plan that is rendered is parsed as the same plan."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.plan import outline
from supervisor.core.plan import parse as parsing
from supervisor.core.plan.diagnostics import MAX_PROBLEMS
from supervisor.core.plan.parse import MAX_CHARACTERS, parse
from supervisor.domain.plan import Plan, Rejection
from tests.core.plan.drawn_plans import plans, render, unlined
from tests.core.plan.pages import CHILDREN, ONBOARDING, of, problems


@pytest.mark.parametrize("mark", ["\x00", "\x1b", "\x07", "\x7f", "\x9b", "\x0c", "\ud800"])
def test_a_control_character_is_rejected_and_never_repeated(mark: str) -> None:
    found = problems(of(f"### T1 — On{mark}e", f"- child: ba{mark}ckend"))
    message = f"the line contains the control character U+{ord(mark):04X}: remove it"
    assert found[:2] == [(4, message), (5, message)]
    assert not any(mark in text for _, text in found)


def test_very_deep_nesting_is_rejected_with_its_line() -> None:
    text = of("", ">" * 5000 + " deep", "", "### T1 — One", "- child: backend")
    assert problems(text) == [(5, "lists and quotes are nested more than 20 levels deep here: make them flatter")]


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
        found = [problem.line for problem in outcome.problems]
        assert found
        assert found == sorted(found)
        assert found[0] >= 1
        assert found[-1] <= text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


@settings(max_examples=50, deadline=None)
@given(plans(), st.data())
def test_a_plan_that_is_written_down_is_read_back_the_same(plan: Plan, order: st.DataObject) -> None:
    read = parse(render(plan, order), CHILDREN)
    assert isinstance(read, Plan), read
    assert unlined(read) == plan


PIECES = (
    "# Plan: A",
    "## Working Plan",
    "### T1 — One",
    "#### deeper",
    "###no heading",
    "   ### T2 — indented",
    "- child: backend",
    "- a",
    "  - b",
    "    ### in a list",
    "1. one",
    "> quoted",
    "> ### T3 — quoted",
    "> ```",
    "```",
    "~~~ text",
    "  ```",
    "<!-- open",
    "close -->",
    "a <!-- b",
    "<pre>",
    "</pre>",
    "<div>",
    "</div>",
    "<?",
    "?>",
    "---",
    "===",
    "+++",
    "key: value",
    "[one]: two",
    "[one]",
    "\\",
    "    code",
    "\tcode",
    "text",
    "",
    "",
)
"""Lines that begin, hold or end the blocks of CommonMark."""


@given(st.lists(st.sampled_from(PIECES), max_size=14))
@settings(max_examples=1500, deadline=None)
def test_a_plan_that_is_outlined_in_parts_is_outlined_as_a_whole(lines: list[str]) -> None:
    text = "\n".join(lines)
    in_parts = outline.outline(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outline, "in_parts", lambda lines, front: None)
        whole = outline.outline(text)
    assert [page and replace(page, apart=False) for page, _ in (in_parts, whole)] == [whole[0], whole[0]]
    assert in_parts[1] == whole[1]


SWAPS = (
    *(("Keep the old", "Keep that old"), ("Poll every", "token=ghp_" + "a1B2c3D4e5F6" * 3 + "\n- Poll every")),
    *(
        ("### T1 ", "### T8 "),
        ("### T2 ", "### T1 "),
        ("### C1 ", "### C2 "),
        ("T1, T2", "T1, T8"),
        ("### H1 - ", "### "),
    ),
    *(("\n\nKeep the old", "\n\nOnce.\n\n- verfiy: `make`\nKeep the old"), ("Keep the old route:", "C2 — x\nT8 — y")),
    *(
        ("\n\n- Poll", "\n\n- Modify: a.py\n- Verify: b.py\n- Poll"),
        ("1. Hold the button.", "Expected result: it\n\n1. Hold it."),
    ),
    *(
        ("## Contracts", "## Contract"),
        ("## Working Plan", "## Human Checkpoints\n## Working Plan"),
        ("- child: human", "- child: mobile"),
    ),
    *(
        ("## Risks", "# Risks"),
        ("## Success Criteria", "## Success"),
        ("Prose is", "- verify: `make`\nProse is"),
        ("```\n\n", "\n\n"),
    ),
)
"""What is written in place of something else: it changes what other parts of the plan mean, or is told about."""


def test_a_plan_is_read_as_from_scratch_whatever_was_read_before() -> None:
    def read(text: str) -> Plan | Rejection:
        return parse(text, CHILDREN, ("T1", "T2", "H1"))

    text = ONBOARDING.replace("### T9", "T9,")  # with a heading in code, its parts depend on each other
    texts = [text, *(text.replace(old, new, 1) for old, new in SWAPS)]
    from_scratch = []
    for text in texts:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parsing, "last_sound", [])
            from_scratch.append(read(text))
    for at, text in enumerate(texts):
        one_after_the_other = [read(one) for one in (texts[0], text, text, texts[0])]
        assert one_after_the_other == [from_scratch[one] for one in (0, at, at, 0)], SWAPS[at - 1]
    assert len({isinstance(one, Plan) and one.warnings for one in from_scratch}) > 3, (
        "some are good, some are told about"
    )


def test_an_edit_has_only_its_own_part_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [f"### T{at} — Task {at} of a plan\n- child: backend\n\nDo part {at}.\n" for at in range(200)]
    parse(of(*tasks), CHILDREN)
    parsed: list[str] = []
    real = outline.blocks
    monkeypatch.setattr(outline, "blocks", lambda text, env=None: parsed.append(text) or real(text, env))
    after = parse(of(*tasks[:7], tasks[7].replace("part 7", "another"), *tasks[8:]), CHILDREN)
    assert isinstance(after, Plan)
    assert [task.instructions for task in after.tasks[6:9]] == ["Do part 6.", "Do another.", "Do part 8."]
    assert parsed == ["### T7 — Task 7 of a plan\n- child: backend\n\nDo another.\n"]
