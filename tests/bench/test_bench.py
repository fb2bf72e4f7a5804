"""What the benchmark measures exists."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.bench import records, servers


@pytest.mark.parametrize("module", sorted({*servers.COMMAND, *servers.FIRST, *records.LOGS}))
def test_each_module_whose_loading_is_measured_exists(module: str) -> None:
    assert find_spec(f"supervisor.{module}") is not None
