"""Which tasks are landed, in which order, and what their commits rest on."""

from __future__ import annotations

import pytest

from supervisor.core.change.landing import Unlandable, chosen, rests_on, slug
from supervisor.domain.status import TaskInfo
from supervisor.domain.thread import Tokens


def info(name: str, *after: str, state: str = "done", child: str = "api", since: str | None = None) -> TaskInfo:
    return TaskInfo(name, name, child, after, state, None, 1, None, Tokens(), (), (), since=since)


def picked(tasks: list[TaskInfo], *wanted: str) -> str:
    found = chosen(tasks, wanted)
    return f"{found.why}: {found.next_step}" if isinstance(found, Unlandable) else " ".join(one.id for one in found)


def test_tasks_are_ordered_by_what_they_come_after_then_by_time() -> None:
    tasks = [info("A", "C", since="1"), info("B", since="3"), info("C", since="2"), info("D", "B", since="0")]

    assert picked(tasks) == "C A B D"
    assert picked(tasks, "D", "B") == "B D"
    assert picked([info("A", "B"), info("B", "A")]) == "A B", "a circle of retired tasks ends"


@pytest.mark.parametrize(
    ("tasks", "wanted", "said"),
    [
        (
            [info("A"), info("B", "A", state="running")],
            (),
            "B is running: wait for it, or land what is done: `orch land --tasks A`",
        ),
        ([info("A", state="failed"), info("B", "A")], (), "A is failed: see `orch status`"),
        ([info("A"), info("B", "A"), info("C", "B")], ("C",), "C comes after A, B, which would not be landed"),
        ([info("A")], ("Z",), "there is no task Z"),
    ],
)
def test_what_is_not_done_or_rests_on_what_is_left_out_is_refused(
    tasks: list[TaskInfo], wanted: tuple[str, ...], said: str
) -> None:
    assert said in picked(tasks, *wanted)


def test_what_a_human_did_and_what_left_the_plan_need_not_be_named() -> None:
    tasks = [info("H", child="human"), info("R", state="retired"), info("A", "H", "R")]

    assert picked(tasks, "A") == "A"
    assert picked(tasks) == "H A"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Device onboarding times out", "device-onboarding-times-out"),
        ("Größe: 5 µm — naïve!", "groe-5-m-naive"),
        ("日本語", "plan"),
        ("", "plan"),
        ("../../etc", "etc"),
        ("x" * 80, "x" * 50),
        ("a word " * 20, "a-word-a-word-a-word-a-word-a-word-a-word-a-word-a"),
    ],
)
def test_a_branch_is_named_after_the_title(title: str, expected: str) -> None:
    assert slug(title) == expected


def test_a_commit_rests_on_those_of_other_repos_and_looks_through_tasks_that_made_none() -> None:
    tasks = {one.id: one for one in (info("A"), info("H", "A", child="human"), info("B", "H"), info("C", "B", "gone"))}
    made = {"A": [("api", "a1"), ("web", "w1")], "B": [("api", "a2")]}

    assert rests_on(tasks["B"], tasks, made, "api") == (("web", "w1"),)
    assert rests_on(tasks["C"], tasks, made, "web") == (("api", "a2"),)
    assert rests_on(tasks["C"], tasks, {}, "web") == ()
