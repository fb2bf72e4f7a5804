"""What the benchmark measures exists, and what it measures with is whole."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan
from tests.bench import records, screens, servers


@pytest.mark.parametrize("module", sorted({*servers.COMMAND, *servers.FIRST, *records.LOGS}))
def test_each_module_whose_loading_is_measured_exists(module: str) -> None:
    assert find_spec(f"supervisor.{module}") is not None


def test_each_program_beside_the_screens_is_python() -> None:
    names = [compile(program[1], "beside", "exec").co_names for program in (screens.BARE, screens.TABLE)]
    assert [one[-1] for one in names] == ["run", "run"]


def test_the_plan_that_the_screens_show_is_one_and_only_its_title_changes() -> None:
    first, second = (parse(screens.plan(at), [f"c{one}" for one in range(screens.CHILDREN)]) for at in (1, 2))
    assert isinstance(first, Plan)
    assert isinstance(second, Plan)
    assert (len(first.tasks), first.tasks, first.title) == (screens.TASKS, second.tasks, "Title 1.")
