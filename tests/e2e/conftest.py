"""A lab that the tests of a module share, because starting servers takes most of a test's time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.lab import Lab
from tests.runtime.notify.hook import hook

__all__ = ["hook", "lab", "standing"]


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    """A lab that is up, with two children."""
    with Lab("backend", "mobile") as made:
        made.up()
        yield made


@pytest.fixture
def lab(standing: Lab) -> Lab:
    """The shared lab, reset. Tasks need names that no other test of the module uses."""
    standing.reset()
    return standing
