"""The canonical form ignores how a text is formatted, and nothing else."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.plan.canonical import canonical, contract_key, task_key
from supervisor.domain.plan import Contract, Plan, Task

SETTING = """\
Send the *answer*
at __once__, see [the docs](https://x.y/a_b).

Steps
---

* one
* two
  1) deep
  1) deeper

```sh
a  b
```
> said so
"""


def test_a_text_has_one_canonical_form_however_it_is_formatted() -> None:
    assert canonical(SETTING).split("\n\n") == [
        "Send the answer at once, see [the docs](https://x.y/a_b).",
        "## Steps",
        "- one",
        "- two",
        "  1) deep",
        "  2) deeper",
        "```sh\na  b\n```",
        "> said so",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a b", "a\nb"),
        ("a b", "  a \t b  \n"),
        ("a b", "a  \nb"),
        ("a\n\nb", "a\n\n\n\nb\n"),
        ("a b\r\n", "a b"),
        ("a b c", "a *b* c"),
        ("a b c", "a **b** c"),
        ("a b c", "__a__ ***b*** _c_"),
        ("Note: b", "**Note:** b"),
        ("(a) b.", "(*a*) **b**."),
        ("`a` b", "**`a`** b"),
        ("# a", "a\n==="),
        ("## a", "## a ##"),
        ("- a\n- b", "* a\n* b"),
        ("- a\n- b", "+ a\n\n+ b"),
        ("- a\n- b", "-   a\n-   b"),
        ("1. a\n2. b", "1. a\n1. b"),
        ("```\na\n```", "~~~~\na  \n\n~~~~"),
        ("a `b c` d", "a `b\nc` d"),
        ("- a `b c`", "- a `b\n  c`"),
        ("---", "* * *"),
        ("<!-- a b -->", "<!-- a\n  b -->"),
    ],
)
def test_formatting_does_not_change_the_canonical_form(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a b", "a c"),
        ("a b", "b a"),
        ("a", "A"),
        ("a b", "ab"),
        ("a\n\nb", "b\n\na"),
        ("a\n\nb", "a b"),
        ("a", "`a`"),
        ("`a b`", "`a  b`"),
        ("`*a*`", "`a`"),
        ("```\na\n```", "```\n a\n```"),
        ("```\na\n```", "```\n\na\n```"),
        ("```\na\n```", "```\nb\n```"),
        ("```sh\na\n```", "```py\na\n```"),
        ("[a](b)", "[a](c)"),
        ("[a](b)", '[a](b "c")'),
        ("![a](b)", "![a](c)"),
        ("[a][x]\n\n[x]: http://a", "[a][x]\n\n[x]: http://b"),
        ("[x]: http://a/_b_/c", "[x]: http://a/b/c"),
        ("<http://a>", "<http://b>"),
        ("[a](javascript:b)", "[a](javascript:c)"),
        ("- a\n- b", "- b\n- a"),
        ("- a\n  - b", "- a\n- b"),
        ("- a", "1. a"),
        ("3. a", "4. a"),
        ("> a", "a"),
        ("# a", "a"),
        ("a\n\n---", "a"),
        ("see __init__.py", "see init.py"),
        ("src/*.c and src/*.h", "src/.c and src/.h"),
        ("*.c and src/*.h", ".c and src/*.h"),
        ("2*3*4", "234"),
        ("snake_case_name", "snakecasename"),
        ("<!-- a -->", "<!-- b -->"),
        ("a <b> c", "a <d> c"),
        (">" * 40 + " a", ">" * 40 + " b"),
        ("- " * 40 + "a\n\nx", "- " * 40 + "a\n\ny"),
        ("x " * 40_000 + "a", "x " * 40_000 + "b"),
    ],
)
def test_a_change_of_meaning_changes_the_canonical_form(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


WORD = st.sampled_from(
    [
        "send",
        "the",
        "answer",
        "(again)",
        "—",
        "42",
        "émoji",
        "✓",
        "don't",
        "`code`",
        "a_b",
        "https://x.y/z_a",
        "[a](b.c)",
    ]
)
PARAGRAPH = st.lists(WORD, min_size=1, max_size=30)
FENCE = st.sampled_from(["```\n  code\n\n# no heading\n```", "````md\n```\n````", "~~~ a`b\nx\n~~~"])
BLOCK = PARAGRAPH.map(" ".join) | FENCE | PARAGRAPH.map(lambda words: "### " + " ".join(words)) | st.just("***")


def nested(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    texts = st.lists(blocks, min_size=1, max_size=3).map("\n\n".join)
    items = st.tuples(st.sampled_from(["- ", "1. ", "7) "]), st.lists(texts, min_size=1, max_size=3)).map(
        lambda parts: "\n".join(parts[0] + textwrap.indent(text, " " * len(parts[0])).lstrip() for text in parts[1])
    )
    return items | texts.map(lambda text: textwrap.indent(text, "> ", lambda line: True))


TEXT = st.lists(st.recursive(BLOCK, nested, max_leaves=6), max_size=5).map("\n\n".join)


@settings(max_examples=80, deadline=None)
@given(TEXT)
def test_reducing_twice_is_reducing_once(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@settings(max_examples=60, deadline=None)
@given(PARAGRAPH, st.integers(10, 60), st.sampled_from(["*", "_", "**", "__"]), st.data())
def test_wrapping_and_emphasis_change_nothing(words: list[str], width: int, marker: str, data: st.DataObject) -> None:
    flat = " ".join(["so", *words])
    emphatic = " ".join(["so", *(f"{marker}{word}{marker}" if data.draw(st.booleans()) else word for word in words)])
    wrapped = textwrap.fill(emphatic, width, break_long_words=False, break_on_hyphens=False, subsequent_indent=" ")
    assert canonical(wrapped) == canonical(flat)


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(), max_size=300) | st.text(st.sampled_from("*_`[]()<>#-+>!&\\ \n\tab1.:\"'~\x00\ud800")))
def test_every_text_has_a_canonical_form(text: str) -> None:
    assert canonical(text) == canonical(text + "\n")


@pytest.mark.parametrize(
    "unit", ["[", "![", "*a ", "**a", "`a``", "<", "&", "a_", "> ", "- a\n", "> # a\nb\n", "[a](b", "\\"]
)
def test_junk_is_reduced_in_bounded_time(unit: str) -> None:
    begun = time.process_time()
    canonical(unit * (15_000 // len(unit)))
    assert time.process_time() - begun < 5


TASK = Task(
    "T1", "Answer", "backend", ("T0",), ("C1", "C2"), ("make a", "make b"), instructions="Do it.", expect="Done."
)
CONTRACTS = (
    Contract("C1", "One", ("backend", "mobile"), "Answer 202.", 5),
    Contract("C2", "Two", ("backend", "mobile"), "Wait.", 9),
    Contract("C3", "Three", ("backend", "mobile"), "Unused.", 12),
)
PLAN = Plan("A plan", False, "Pair fast.", "It pairs.", CONTRACTS, (TASK,))


def with_contract(**changes: str | tuple[str, ...] | int) -> Plan:
    return replace(PLAN, contracts=(replace(CONTRACTS[0], **changes), *CONTRACTS[1:]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "task",
    [
        replace(TASK, title="Reply"),
        replace(TASK, instructions="Do it now."),
        replace(TASK, expect="Done twice."),
        replace(TASK, verify=("make a",)),
        replace(TASK, contracts=("C1",)),
        replace(TASK, instructions="", expect="Do it."),
    ],
)
def test_a_task_that_says_something_else_has_another_key(task: Task) -> None:
    assert task_key(task, PLAN) != task_key(TASK, PLAN)


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, objective="Pair faster."),
        with_contract(title="Uno"),
        with_contract(text="Answer 200."),
        with_contract(between=("backend", "firmware")),
        replace(PLAN, contracts=CONTRACTS[1:]),
    ],
)
def test_an_objective_or_a_contract_that_says_something_else_gives_another_key(plan: Plan) -> None:
    assert task_key(TASK, plan) != task_key(TASK, PLAN)


@pytest.mark.parametrize(
    ("task", "plan"),
    [
        (replace(TASK, title="*Answer*", instructions="Do\nit.", expect=" Done. "), PLAN),
        (replace(TASK, contracts=("C2", "C1"), verify=("make b", "make a", "make b")), PLAN),
        (replace(TASK, child="mobile", after=(), hold=True, thread="fresh", line=7), PLAN),
        (replace(TASK, model="m", effort="high", sandbox="read-only", timeout=3.0), PLAN),
        (TASK, with_contract(between=("mobile", "backend"), title="**One**", text="Answer\n202.", line=99)),
        (TASK, replace(PLAN, title="Other", hold=True, success="Else.", contracts=CONTRACTS[1::-1])),
    ],
)
def test_order_setting_and_settings_keep_the_key(task: Task, plan: Plan) -> None:
    assert task_key(task, plan) == task_key(TASK, PLAN)


def test_the_key_of_a_contract_covers_its_id() -> None:
    assert contract_key(CONTRACTS[0]) != contract_key(replace(CONTRACTS[0], id="C9"))
