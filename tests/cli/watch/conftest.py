from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.tmux import Tmux


@pytest.fixture
def watching(workspace: WorkspacePaths) -> Iterator[Callable[..., Tmux]]:
    """Start `orch watch` in tmux."""
    with ExitStack() as stack:

        def start(columns: int = 80, lines: int = 24, **environ: str) -> Tmux:
            command = [sys.executable, "-m", "supervisor.cli.main", "watch"]
            given = {**os.environ, "PYTHONPATH": str(CHECKOUT), **environ}
            return stack.enter_context(Tmux(command, cwd=workspace.root, environ=given, columns=columns, lines=lines))

        yield start
