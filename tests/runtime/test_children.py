"""The children are those of the config, whether it was just checked or is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.errors import ConfigError
from supervisor.runtime.children import children_of
from supervisor.runtime.config import named
from supervisor.runtime.workspace import Workspace

CONFIG = """\
children:
  api: {path: ../api, budget: 1k tokens}
  web: {path: ~/web, model: m, sandbox: read-only, network: true}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "orchestrator.config.yaml").write_text(CONFIG, encoding="utf-8")
    return Workspace(tmp_path)


def test_they_are_the_same_the_first_time_and_the_second(workspace: Workspace) -> None:
    assert children_of(workspace) == named(workspace) == children_of(workspace)


def test_an_edited_config_and_another_home_are_noticed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    children_of(workspace)
    workspace.config.write_text(CONFIG + "  new: ../new\n", encoding="utf-8")
    assert [one.name for one in children_of(workspace)] == ["api", "web", "new"]

    monkeypatch.setenv("HOME", "/elsewhere")
    assert children_of(workspace)[1].path == "/elsewhere/web"


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"key": 1}', "\0"])
def test_a_broken_note_costs_only_time(workspace: Workspace, kept: str) -> None:
    children_of(workspace)
    workspace.children_named.write_text(kept, encoding="utf-8")

    assert children_of(workspace) == named(workspace)


def test_a_config_that_went_bad_is_told_each_time(workspace: Workspace) -> None:
    children_of(workspace)
    workspace.config.write_text("children: 7\n", encoding="utf-8")

    for _ in "ab":
        with pytest.raises(ConfigError):
            children_of(workspace)
