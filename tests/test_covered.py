"""Coverage is measured by ring, and every ring has a minimum."""

from __future__ import annotations

import pytest

from tests import CHECKOUT, covered


def test_lines_are_summed_by_ring() -> None:
    files = {
        "supervisor/core/text/redact.py": {"covered_lines": 9, "num_statements": 10},
        "supervisor/core/plan/diff.py": {"covered_lines": 1, "num_statements": 10},
        "supervisor/domain/plan.py": {"covered_lines": 3, "num_statements": 3},
        "supervisor/domain/__init__.py": {"covered_lines": 0, "num_statements": 0},
        "supervisor/errors.py": {"covered_lines": 0, "num_statements": 5},
    }
    assert covered.percents(files) == {"core": pytest.approx(50.0), "domain": 100.0, "": 0.0}


def test_every_ring_has_a_floor_and_tests_of_its_own() -> None:
    rings = {path.name for path in (CHECKOUT / "supervisor").iterdir() if (path / "__init__.py").exists()}
    assert {*covered.INNER, *covered.OUTER} == rings
    assert all((CHECKOUT / "tests" / folder).is_dir() for folder in (*covered.INNER_TESTS, *covered.OUTER_TESTS))
    assert covered.INNER["core"] >= 95
