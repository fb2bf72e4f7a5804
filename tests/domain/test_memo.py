"""Remember the result for the last value."""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.domain.memo import remember_last
from supervisor.domain.plan import Plan, Task


def test_only_another_value_is_looked_at_and_an_equal_one_is_another() -> None:
    made: list[tuple[int, ...]] = []
    count = remember_last(lambda value: (made.append(value), len(value))[1])
    one, equal = tuple(range(2)), tuple(range(2))
    assert [count(one), count(one), count(equal), count(()), count(one)] == [2, 2, 2, 0, 2]
    assert made == [(0, 1), (0, 1), (), (0, 1)]


def test_each_plan_finds_its_own_tasks_and_of_two_with_one_id_the_first() -> None:
    first, second, other = Task("T1", "One", "api"), Task("T1", "Two", "api"), Task("T2", "Three", "web")
    plan = Plan("Plan", False, "", "", (), (first, second, other))
    changed = replace(plan, tasks=(second,))
    assert [plan.task("T1"), changed.task("T1"), plan.task("T2"), changed.task("T2")] == [first, second, other, None]
