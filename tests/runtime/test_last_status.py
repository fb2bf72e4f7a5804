"""A workspace is followed whether or not a supervisor is up."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

from supervisor.domain.json_value import JsonObject
from supervisor.runtime.last_status import follow_always
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.status import read_status

NOTHING = {"children": [], "tasks": [], "asks": []}


def followed(workspace: WorkspacePaths, looks: int) -> list[tuple[str, str]]:
    """What is told in so many looks for a supervisor: the title of the plan, and what the problem is."""
    over, told = Event(), list[tuple[str, str]]()

    def take(status: JsonObject, problem: str) -> None:
        title = read_status(status).plan.title
        told.append((title or "", problem))
        if len(told) == looks:
            over.set()

    follow_always(workspace, over, take, 0.0)
    return told


def workspace_with(folder: Path, last: JsonObject) -> WorkspacePaths:
    workspace = WorkspacePaths(folder)
    workspace.config.write_text("children: {}\n", encoding="utf-8")
    workspace.state.mkdir()
    workspace.last_status.write_text(json.dumps(last), encoding="utf-8")
    return workspace


def test_without_a_supervisor_the_last_status_is_told_at_each_look(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, {"plan": {"state": "held", "title": "Move"}, **NOTHING})
    assert followed(workspace, 3) == [("Move", "")] * 3


def test_one_that_cannot_be_understood_ends_nothing_and_is_told_as_an_empty_one_with_the_reason(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, {"plan": {"state": "held", "title": ["no", "text"]}, **NOTHING})
    told = followed(workspace, 2)
    assert [title for title, _ in told] == ["", ""]
    assert all("the supervisor's status makes no sense" in problem for _, problem in told), told
