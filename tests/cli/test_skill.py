"""`orch skill install` puts the skill where Codex finds it, and replaces a different one only if asked to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from supervisor.cli.main import run
from supervisor.domain.plan import Plan
from supervisor.runtime.plan.read import check
from supervisor.runtime.skill import skill_file, skill_folder

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the skill is installed, in a home of our own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".agents" / "skills" / "codex-orchestrator"


def test_it_is_installed_once_and_then_left_alone(target: Path, capsys: Capture) -> None:
    assert run(["skill", "install"]) == 0
    assert capsys.readouterr() == (f"the skill is installed: {target}\n", "")
    for name in ("SKILL.md", "agents/openai.yaml"):
        assert (target / name).read_bytes() == (skill_folder() / name).read_bytes()
    assert run(["skill", "install"]) == 0
    assert capsys.readouterr() == (f"the skill is installed already: {target}\n", "")
    assert [path.name for path in target.parent.iterdir()] == ["codex-orchestrator"]


def test_a_different_skill_is_replaced_only_with_force(target: Path, capsys: Capture) -> None:
    target.mkdir(parents=True)
    (target / "SKILL.md").write_text("mine", encoding="utf-8")
    assert run(["skill", "install"]) == 1
    complaint = f"orch: {target} exists already and is different: to replace it, run `orch skill install --force`\n"
    assert capsys.readouterr() == ("", complaint)
    assert (target / "SKILL.md").read_text(encoding="utf-8") == "mine"
    assert run(["skill", "install", "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"path": str(target), "state": "replaced"}
    assert (target / "SKILL.md").read_bytes() == skill_file().read_bytes()


def test_a_link_is_replaced_and_its_target_stays(target: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "SKILL.md").write_text("mine", encoding="utf-8")
    target.parent.mkdir(parents=True)
    target.symlink_to(elsewhere)
    assert run(["skill", "install", "--force"]) == 0
    assert not target.is_symlink()
    assert (elsewhere / "SKILL.md").read_text(encoding="utf-8") == "mine"


def test_a_home_that_cannot_be_written_is_an_error(target: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / ".agents").write_text("a file", encoding="utf-8")
    assert run(["skill", "install"]) == 1
    assert f"{target} cannot be written" in capsys.readouterr().err


def test_the_plan_in_the_skill_is_valid() -> None:
    example = re.search(r"```markdown\n(.*?)```", skill_file().read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    plan = check(example[1].encode(), ["backend", "mobile"])
    assert isinstance(plan, Plan)
    assert [task.id for task in plan.tasks] == ["T1", "T2", "H1"]


def test_the_skill_says_its_name_and_when_to_use_it_and_is_short() -> None:
    text = skill_file().read_text(encoding="utf-8")
    assert re.match(r"---\nname: codex-orchestrator\ndescription: .{80,400}\n---\n", text)
    assert len(text) < 12_000
