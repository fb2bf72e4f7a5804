from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.web.served import Served


@pytest.fixture
def served(workspace: WorkspacePaths) -> Iterator[Callable[..., Served]]:
    """Start `orch web` with these options."""
    made: list[Served] = []

    def start(*options: str) -> Served:
        made.append(Served(workspace, *options))
        return made[-1]

    yield start
    for one in made:
        one.close()
