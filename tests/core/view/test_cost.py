"""What the work costs, and the warnings if the plan does not fit."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.core.view.status import accounted
from supervisor.domain.child import Child
from supervisor.domain.plan import Budget, Plan, Price, Task
from supervisor.domain.server import Server
from supervisor.domain.status import LimitInfo, Status
from supervisor.domain.world import PlanState, Settings, World
from supervisor.wire.status import read_status
from tests.cli.scene import orchestrator_json, status_json, task

MILLION = {"input": 1_000_000, "output": 100_000}
PRICES = {"small": Price(1.0, 10.0), "large": Price(10.0, 100.0)}


def spent(name: str, state: str = "done", child: str = "backend", **fields: object) -> dict[str, object]:
    return {**task(name, state, child=child), "tokens": MILLION, **fields}


def world(budget: Budget | None = None) -> World:
    tasks = (Task("T1", "t", "backend", line=1), Task("T2", "t", "backend", line=1, model="large"))
    plan = PlanState(current=Plan("p", False, "", "", (), tasks))
    servers = {"backend": Server(Child("backend", "/b", "small")), "mobile": Server(Child("mobile", "/m"))}
    return World(plan=plan, servers=servers, config=Settings(plan_budget=budget))


def of(*tasks: dict[str, object], **fields: object) -> Status:
    return replace(read_status(status_json(tasks=tuple(tasks))), **fields)


def test_each_task_costs_what_its_model_does() -> None:
    found = accounted(of(spent("T1"), spent("T2"), task("T3")), world(), PRICES)
    assert [one.cost for one in found.tasks] == [2.0, 20.0, None]
    assert (found.cost, found.cost_at_least) == (22.0, False)


def test_what_has_no_price_is_said_and_default_is_for_all_others() -> None:
    tasks = (spent("T1"), spent("M1", child="mobile"), spent("G1", child="gone"))
    found = accounted(of(*tasks), world(), PRICES)
    assert ([one.cost for one in found.tasks], found.cost, found.cost_at_least) == ([2.0, None, None], 2.0, True)
    found = accounted(of(*tasks), world(), {**PRICES, "default": Price(0.0, 1.0)})
    assert ([one.cost for one in found.tasks], found.cost_at_least) == ([2.0, 0.1, 0.1], False)
    assert accounted(of(*tasks[1:]), world(), PRICES).cost is None
    assert accounted(of(*tasks), world(), {}).cost is None


def test_the_orchestrator_costs_too() -> None:
    own = {**orchestrator_json(), "tokens": MILLION}
    seen = read_status(status_json(orchestrator=own))
    assert accounted(seen, world(), {"default": Price(1.0, 10.0)}).cost == 2.0


@pytest.mark.parametrize(
    ("budget", "left", "warning"),
    [
        (2_000_000, 2, "the plan may not fit: 2 tasks need about 2.2M tokens going by those that are done, and 900k"),
        (3_300_000, 2, None),
        (1_000_000, 2, None),  # used up: there is an ask
        (2_000_000, 0, None),
        (None, 5, None),
    ],
)
def test_a_plan_that_needs_more_than_its_budget_is_warned_of(budget: int | None, left: int, warning: str) -> None:
    tasks = [spent("T1"), *(task(f"W{number}") for number in range(left)), task("H1", child="human")]
    found = accounted(of(*tasks), world(Budget(budget) if budget else None), {}).warnings
    assert [one[: len(warning)] for one in found] == [warning] if warning else found == ()


def test_the_budgets_of_tasks_count_before_any_is_done() -> None:
    waits = {**task("T1"), "budget": {"tokens": 5_000_000, "minutes": None}}
    (warning,) = accounted(of(waits), world(Budget(2_000_000)), {}).warnings
    assert "1 task need about 5.0M tokens by their own budgets, and 2.0M are left" in warning.replace("needs", "need")


def test_small_amounts_are_told_as_they_are() -> None:
    tasks = (spent("T1", tokens={"input": 21_000, "output": 400}), task("T2"), task("T3"))
    assert accounted(of(*tasks), world(Budget(50_000)), {}).warnings == (
        "the plan may not fit: 2 tasks need about 43k tokens going by those that are done, "
        "and 29k are left of its budget",
    )


def test_a_limit_that_is_nearly_used_up_is_warned_of_while_tasks_are_left() -> None:
    full = (LimitInfo("", 300, 93.4, "2026-03-01T14:05:00+00:00"), LimitInfo("x", 10_080, 12, None))
    (warning,) = accounted(of(task("T1"), task("H1", child="human"), limits=full), world(), {}).warnings
    assert warning == (
        "the plan may not fit: the account's limit of 5 h is 93% used until 2026-03-01 14:05 UTC, and 1 task left"
    )
    over = of(task("T1", "done"), task("H1", child="human"), limits=full)
    assert accounted(over, world(), {}).warnings == (), "a person uses none of the account's limit"
