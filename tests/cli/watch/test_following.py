"""What counts as a change on the live screen."""

from __future__ import annotations

import threading
from collections.abc import Callable

from supervisor.cli.watch.following import Following
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.scene import JsonDict, Standin, child, status_json, task


def _status(memory: int, doing: str) -> JsonDict:
    return status_json(tasks=(task("T1", "running", doing=doing),), children=(child("backend", rss_bytes=memory),))


def test_the_memory_of_a_server_is_no_change(workspace: WorkspacePaths, standin: Callable[..., Standin]) -> None:
    sent, changes = threading.Event(), list[str | None]()
    standin(_status(1, "$ ls"), _status(2, "$ ls"), _status(3, "$ make"), _status(4, "$ make"), at_the_end=sent.set)
    following = Following(workspace)
    following.changed = lambda: changes.extend(one.doing for one in following.status.tasks)
    following.start()
    assert sent.wait(30)
    following.stop()
    assert changes == ["$ ls", "$ make"]
