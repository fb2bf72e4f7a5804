"""Control sockets with short paths: one for each test, and one that the tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.daemon.control.harness import Supervisor
from tests.sockets import own_runtime_dir


@pytest.fixture(autouse=True, scope="module")
def runtime_dir() -> Iterator[None]:
    with own_runtime_dir():
        yield


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path) as it:
        yield it


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    with Supervisor(tmp_path_factory.mktemp("shared")) as it:
        yield it
