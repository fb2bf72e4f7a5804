"""What the config said is kept: it is the same whether it was just read or is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.errors import ConfigError
from supervisor.runtime.config.load import load, named
from supervisor.runtime.workspace import Workspace
from tests.gitrepo import empty_repo

CONFIG = """\
children:
  api: {path: ../api, budget: 1k tokens}
  web: {path: ~/web, model: m, sandbox: read-only, network: true}
codex: {bin: /bin/codex}
orchestrator: {effort: high}
limits: {retry_seconds: [1, 2.5], stall_minutes: 1}
budget: {plan: 5M tokens}
rules:
  - accept: {command: git status}
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for repo in (tmp_path / "api", tmp_path / "home" / "web"):
        empty_repo(repo)
    found = Workspace(tmp_path / "workspace")
    found.root.mkdir()
    found.config.write_text(CONFIG, encoding="utf-8")
    return found


def test_it_is_the_same_the_first_time_and_the_second(workspace: Workspace) -> None:
    first, again = load(workspace), load(workspace)
    assert (first, first.digest) == (again, again.digest)
    assert named(workspace) == first.children


def test_the_second_time_neither_yaml_nor_pydantic_is_loaded(workspace: Workspace) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from supervisor.runtime.config.load import load; from supervisor.runtime.workspace import Workspace\n"
        f"load(Workspace(Path({str(workspace.root)!r})))\n"
        "print(sorted({'pydantic', 'ruamel.yaml', 'git'} & set(sys.modules)))"
    )
    said = [subprocess.check_output([sys.executable, "-c", program], timeout=20, text=True) for _ in "ab"]
    assert said == ["['pydantic', 'ruamel.yaml']\n", "[]\n"]


def test_an_edited_config_and_another_home_are_noticed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    named(workspace)
    workspace.config.write_text(CONFIG.replace("codex:", "  new: ../new\ncodex:", 1), encoding="utf-8")
    assert [one.name for one in named(workspace)] == ["api", "web", "new"]

    monkeypatch.setenv("HOME", "/elsewhere")
    assert named(workspace)[1].path == "/elsewhere/web"


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"key": 1}', "\0", "[" * 100_000])
def test_a_broken_note_costs_only_time(workspace: Workspace, kept: str) -> None:
    first = load(workspace)
    workspace.parsed_config.write_text(kept, encoding="utf-8")

    assert load(workspace) == first


def test_a_note_of_another_form_is_not_taken(workspace: Workspace) -> None:
    first = load(workspace)
    text = workspace.parsed_config.read_text(encoding="utf-8")
    workspace.parsed_config.write_text(text.replace('"children"', '"chickens"'), encoding="utf-8")

    assert load(workspace) == first


def test_a_config_that_went_bad_is_told_each_time(workspace: Workspace) -> None:
    named(workspace)
    workspace.config.write_text("children: 7\n", encoding="utf-8")

    for _ in "ab":
        with pytest.raises(ConfigError):
            named(workspace)


def test_what_may_hold_a_secret_is_not_kept(workspace: Workspace) -> None:
    workspace.config.write_text(f"{CONFIG}notify: {{webhook: 'https://example.com/s3cret'}}\n", encoding="utf-8")

    assert load(workspace) == load(workspace)
    assert not workspace.parsed_config.exists()
