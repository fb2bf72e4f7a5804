"""What the benchmark measures exists, and what it measures with is whole."""

from __future__ import annotations

from importlib.util import find_spec
from xml.etree.ElementTree import fromstring

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan
from tests.bench import peers, plot, records, screens, servers
from tests.bench.__main__ import table
from tests.bench.rows import Row


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


def test_a_table_says_what_it_is_measured_beside_and_a_plot_has_a_line_for_each_growth() -> None:
    curve = ((1.0, 2.0), (10.0, 3.0), (100.0, 30.0))
    rows = [Row("growth: a step", 30.0, None, "power 1", curve=curve), Row("a start", 20.0, 10.0, "1.5")]
    beside, *lines = table(rows, 3)
    assert "medians of 3 rounds" in beside
    assert all(f"{name.partition('=')[0]} " in beside for name in (*peers.CLIENTS, *peers.PYTHON_PEERS.values()))
    assert "process-compose (neither PyPI nor npm nor Debian has it)" in beside
    assert lines[-1] == "| a start | 20 | 10 | 2.00 | 1.5 | - |  |"
    drawn = fromstring(plot.drawn(rows))
    assert [len(line.get("points", "").split()) for line in drawn.iter("{http://www.w3.org/2000/svg}polyline")] == [3]
    assert [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")].count("a start") == 1
