"""A plan that is broken by a slip of the hand is rejected, or it still is the plan that a person sees.

Two laws hold for whatever is accepted: rendered and parsed again, it is the same plan; and each id that a person sees
as the heading of a task is a task.
"""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan, Rejection, Task
from tests.core.plan.drawn_plans import plans, render, unlined
from tests.core.plan.pages import CHILDREN

SPACES = st.sampled_from(
    ["\u00a0", "\u2009", "\u202f", "\u3000", "\u200b", "\u2060", "\ufeff", "\u00ad", "", "\u200b "]
)
SIGNS = st.sampled_from(["###", "＃＃＃", "#＃#", "﹟﹟﹟", "####", "##", "#######", "**", "__", "***"])
HTML = st.sampled_from(
    ["<div>", "</details>", "<hr>", "<x-y>", "<!X", "<?x", "<![CDATA[", "<pre>", "<!--", "<img src=a>"]
)
RULES = st.sampled_from(["---", "===", "-", "=", "--", "=====", "----------", "  ---"])
MARKERS = st.sampled_from(
    ["<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| base", "  <<<<<<<", "\t>>>>>>> a/b", "<<<<<<< ours: x"]
)
FENCES = st.sampled_from(["```", "~~~", "````"])
SLIPS = ("space", "sign", "start", "indent", "list", "quote", "html", "nothing", "fence", "glued", "entity", "case")


def kept(draw: st.DrawFn) -> tuple[Plan, list[str]]:
    """A plan with at least one task, and the lines of its text."""
    plan = draw(plans().filter(lambda plan: bool(plan.tasks)))
    return plan, render(plan, draw(st.data())).split("\n")


def heading_of(draw: st.DrawFn, plan: Plan, lines: list[str]) -> tuple[Task, int]:
    task = draw(st.sampled_from(plan.tasks))
    return task, lines.index(f"### {task.id} — {task.title}", lines.index("## Working Plan"))


@st.composite
def lost_headings(draw: st.DrawFn) -> tuple[str, Plan]:
    """A text in which Markdown does not read the heading of one task, and the plan in force."""
    plan, lines = kept(draw)
    task, at = heading_of(draw, plan, lines)
    title = f"{task.id} — {task.title}"
    slip = draw(st.sampled_from(SLIPS))
    if slip == "space":
        lines[at] = f"###{draw(SPACES)}{title}"
    elif slip == "sign":
        sign = draw(SIGNS.filter(lambda sign: sign != "###"))
        lines[at] = f"{sign}{title}{sign}" if sign[0] in "*_" else f"{sign} {title}"
    elif slip == "start":
        lines[at] = f"{draw(SPACES.filter(bool))}### {title}"
    elif slip == "indent":
        lines[at] = f"{draw(st.sampled_from(['    ', chr(9), '        ']))}### {title}"
    elif slip == "list":
        lines[at] = f"{draw(st.sampled_from(['- ', '* ', '1. ', '- - ', '- [ ] ']))}### {title}"
    elif slip == "quote":
        lines[at] = f"> ### {title}"
    elif slip == "html":
        lines[at:at] = [draw(HTML)]
    elif slip == "nothing":
        lines[at] = draw(st.sampled_from(["", "- ", "> ", "* ", "  "])) + title
    elif slip == "glued":
        lines[at] = f"{draw(st.sampled_from(['x', 'Done.', 'Done. ', '`make`', '#### Look ', '- x: ']))}### {title}"
    elif slip == "entity":
        lines[at] = f"{draw(st.sampled_from(['&#35;## ', '&num;&num;&num; ', '###&nbsp;', '&#x200b;### ']))}{title}"
    elif slip == "case":
        lines[at] = f"### {task.id.swapcase()} — {task.title}" if task.id.swapcase() != task.id else ""
    else:
        mark = draw(FENCES)
        lines[at:at] = ["- Run:", f"  {mark}", "  make", mark]
        lines += [mark]
    return "\n".join(lines), plan


@settings(max_examples=150, deadline=None)
@given(lost_headings())
def test_a_heading_that_markdown_does_not_read_is_a_problem(case: tuple[str, Plan]) -> None:
    text, plan = case
    outcome = parse(text, CHILDREN, [task.id for task in plan.tasks])
    assert isinstance(outcome, Rejection), text


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_rule_right_below_the_text_of_a_task_is_a_problem(data: st.DataObject) -> None:
    plan, lines = data.draw(st.composite(lambda draw: kept(draw))())
    at = data.draw(st.integers(lines.index("## Working Plan") + 1, len(lines)))
    lines.insert(at, data.draw(RULES))
    outcome = parse("\n".join(lines), CHILDREN, [task.id for task in plan.tasks])
    if isinstance(outcome, Plan):  # a rule of its own, a list item, or a part of a code block
        assert list(map(words, outcome.tasks)) == list(map(words, plan.tasks))


def words(task: Task) -> tuple[str, str, str]:
    """The id and the text of a task without rules."""
    instructions, expect = (re.sub(r"[-=\s]", "", text) for text in (task.instructions, task.expect))
    return task.id, instructions, expect


@settings(max_examples=50, deadline=None)
@given(st.data(), MARKERS)
def test_a_conflict_marker_anywhere_is_a_problem(data: st.DataObject, marker: str) -> None:
    _, lines = data.draw(st.composite(lambda draw: kept(draw))())
    at = data.draw(st.integers(0, len(lines)))
    lines[at:at] = [marker, "", "<<<<<<< x"] if marker[0] in "=|" else [marker]
    assert isinstance(parse("\n".join(lines), CHILDREN), Rejection)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_field_below_the_text_is_a_problem(data: st.DataObject) -> None:
    plan, lines = data.draw(st.composite(lambda draw: kept(draw))())
    task = data.draw(st.sampled_from(plan.tasks))
    start = lines.index(f"### {task.id} — {task.title}", lines.index("## Working Plan"))
    end = next((at for at in range(start + 1, len(lines)) if lines[at].startswith("### ")), len(lines))
    while end < len(lines) and lines[end] == "### x":  # an example
        end = next((at for at in range(end + 1, len(lines)) if lines[at].startswith("### ")), len(lines))
    fields = [
        "- verify: `make`",
        "- after: X9",
        "* timeout: 30",
        "- sandbox: read-only",
        "1. child: human",
        "- hold: no",
    ]
    lines[end:end] = ["", "Words.", "", data.draw(st.sampled_from(fields)), ""]
    assert isinstance(parse("\n".join(lines), CHILDREN), Rejection)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_what_is_accepted_is_the_same_plan_when_it_is_rendered_and_parsed_again(data: st.DataObject) -> None:
    plan, lines = data.draw(st.composite(lambda draw: kept(draw))())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines)))
        lines.insert(
            at, data.draw(st.one_of(HTML, RULES, FENCES, st.sampled_from(["", "- x", "> y", "    z", "Words."])))
        )
    outcome = parse("\n".join(lines), CHILDREN, [task.id for task in plan.tasks])
    if isinstance(outcome, Plan):
        again = parse(render(outcome, data), CHILDREN)
        assert isinstance(again, Plan), again
        assert unlined(replace(again, warnings=())) == unlined(replace(outcome, warnings=()))  # these name lines
