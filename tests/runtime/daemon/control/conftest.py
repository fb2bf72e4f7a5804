"""Control sockets with short paths: one for each test, and one that the tests of a module share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.runtime.daemon.control.harness import Supervisor


@contextmanager
def runtime_folder() -> Iterator[None]:
    """Sockets of our own, with short paths."""
    folder = tempfile.mkdtemp(prefix="orch-t-", dir="/tmp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        yield
    shutil.rmtree(folder)


@pytest.fixture(autouse=True, scope="module")
def runtime_dir() -> Iterator[None]:
    with runtime_folder():
        yield


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path) as it:
        yield it


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    with Supervisor(tmp_path_factory.mktemp("shared")) as it:
        yield it
