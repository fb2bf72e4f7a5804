"""The sample repos of the demo, and the scripted model that fixes them through the real Codex."""

from __future__ import annotations

import difflib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from supervisor.core.engine.lifecycle.report import REPORT_SCHEMA, parse_report
from supervisor.core.engine.prompts import brief_of, developer_instructions, opening, redirect
from supervisor.core.plan.parse import parse
from supervisor.demo.lamp import LAMP
from supervisor.demo.model import ModelRequest, ScriptedModel, Step, Wait, codex_home
from supervisor.demo.stories import STORIES
from supervisor.demo.story import TESTS, Story
from supervisor.domain.plan import Plan, Task
from supervisor.domain.report import Outcome, Report
from supervisor.errors import OrchError
from tests.e2e.stdio import PATIENCE, Codex, scratch
from tests.gitrepo import git

pytestmark = pytest.mark.long

CHILDREN = ("backend", "firmware", "mobile")
TOGETHER = """
from backend.app import App
from backend.http import Request
from backend.registry import Registry
from device import boot, uplink
from onboarding.client import Onboarding
from onboarding.transport import Reply


class Clock:
    time, reports = 0.0, []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds
        while self.reports and self.reports[0][0] <= self.time:
            _, path, body = self.reports.pop(0)
            assert app.handle(Request("POST", path, body)).status == 204


class Lamp:
    time = 5.0  # it is plugged in while the app already asks

    def sleep(self, seconds):
        self.time += seconds

    def post(self, path, body):
        clock.reports.append((self.time, path, body))


class Phone:
    def request(self, method, path, body, timeout):
        answer = app.handle(Request(method, path, body or {}))
        return Reply(answer.status, answer.body, answer.headers)


clock = Clock()
app = App(Registry(), clock)
lamp = Lamp()
assert boot.boot("lamp-1", lamp, lamp)
assert Onboarding(Phone(), clock).register("lamp-1") == "online"
print(clock.time)
"""


class Fixed(NamedTuple):
    """The three repos, fixed: the backend by a turn of the demo's scripted model, which ended with this report."""

    folder: Path
    model: ScriptedModel
    codex: Codex
    report: Report


@pytest.fixture(scope="module")
def fixed() -> Iterator[Fixed]:
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        made = LAMP.sample.create(folder / "repos")
        model = stack.enter_context(ScriptedModel(LAMP.script(0.0)))
        codex_home(folder / "home", model.base_url)
        codex = stack.enter_context(Codex(folder / "home", folder))
        report = run_turn(codex, made["backend"], brief(plan(), "backend"))
        assert model.errors == []
        for child in ("firmware", "mobile"):
            write_fix(made[child], LAMP)
        yield Fixed(folder / "repos", model, codex, report)


def write_fix(repo: Path, story: Story) -> None:
    """Change the files of a repo as the scripted model does."""
    for path, text in story.sample.files(repo.name, "fix").items():
        (repo / path).write_text(text, encoding="utf-8")


def plan(text: str = LAMP.plan) -> Plan:
    found = parse(text, CHILDREN)
    assert isinstance(found, Plan), found
    return found


def brief(of: Plan, child: str) -> str:
    return opening(brief_of(task_of(of, child), of), (), ())


def task_of(of: Plan, child: str) -> Task:
    return next(task for task in of.tasks if task.child == child)


def edit(child: str) -> str:
    """The message to a child when the plan's path and seconds are edited."""
    edited = plan(
        LAMP.plan.replace("Location: /v1/devices/{id}/status", "Location: /v1/registrations/{id}")
        .replace("Retry-After: 2`", "Retry-After: 5`")
        .replace("up to 10 seconds between", "up to 20 seconds between")
        .replace("give up after 180 seconds", "give up after 4 minutes")
    )
    old, new = (brief_of(task_of(which, child), which) for which in (plan(), edited))
    return redirect(old, new)


def run_turn(codex: Codex, repo: Path, text: str) -> Report:
    """Run one turn on a new thread of a repo, and return its report."""
    started = codex.ask(
        "thread/start",
        cwd=str(repo),
        approvalPolicy="on-request",
        sandbox="workspace-write",
        developerInstructions=developer_instructions(repo.name, set(CHILDREN) - {repo.name}),
    )
    codex.turn(started["thread"]["id"], text, REPORT_SCHEMA)
    assert codex.end()["status"] == "completed"
    report = parse_report(codex.answer())
    assert report is not None
    return report


def suite(repo: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", "-m", "unittest", "-q"]
    return subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_each_repo_has_a_clean_history_and_tests_that_fail_until_it_is_fixed(story: Story, tmp_path: Path) -> None:
    made = story.sample.create(tmp_path)

    assert list(made) == list(story.parts)
    for repo in made.values():
        assert git(repo, "status", "--porcelain") == ""
        assert len(git(repo, "log", "--oneline").splitlines()) == 3
        assert {"README.md", "AGENTS.md", "tests/contract.json"} <= set(git(repo, "ls-files").splitlines())
        done = suite(repo)
        assert done.returncode != 0
        assert "test_contract" in done.stderr
        write_fix(repo, story)
        assert suite(repo).returncode == 0


def test_the_history_is_the_same_each_time(tmp_path: Path, fixed: Fixed) -> None:
    for child, repo in LAMP.sample.create(tmp_path).items():
        assert git(repo, "rev-parse", "HEAD") == git(fixed.folder / child, "rev-parse", "HEAD")


def test_a_folder_that_holds_a_repo_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "backend").mkdir()
    with pytest.raises(OrchError, match="exists already"):
        LAMP.sample.create(tmp_path)


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_contract_is_the_same_file_in_all_three_repos(story: Story) -> None:
    assert len({story.sample.before(child)["tests/contract.json"] for child in story.parts}) == 1


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_orch_accepts_the_plan(story: Story) -> None:
    found = parse(story.plan, list(story.parts))
    assert isinstance(found, Plan), found

    assert [(task.id, task.after) for task in found.tasks] == [("T1", ()), ("T2", ("T1",)), ("T3", ())]
    assert {task.child for task in found.tasks} == set(story.parts) == set(story.tasks)
    assert all(task.contracts == ("C1",) and task.verify == (TESTS,) for task in found.tasks)
    assert set(found.contracts[0].between) == set(story.parts)


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_values_of_the_plan_are_those_in_the_fixed_files(story: Story) -> None:
    wanted = story.values.read([story.plan])
    assert set(wanted) == set(story.values.patterns)
    for child in story.parts:
        for path, text in story.sample.after(child).items():
            assert story.values.write(path, text, wanted) == text


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_edit_that_the_demo_proposes_changes_the_contract(story: Story) -> None:
    assert story.plan.count(story.edit.old) == 1
    edited = story.values.read([story.plan.replace(story.edit.old, story.edit.new)])
    assert edited != story.values.read([story.plan])


def test_the_scripted_model_fixes_a_repo_through_codex(fixed: Fixed) -> None:
    """`test_terminal.py` has it fix all three, through orch."""
    assert suite(fixed.folder / "backend").returncode == 0
    for path, text in LAMP.sample.after("backend").items():
        assert (fixed.folder / "backend" / path).read_text(encoding="utf-8") == text
    assert fixed.report.outcome is Outcome.DONE
    assert {change.path for change in fixed.report.changes} == set(LAMP.sample.files("backend", "fix"))
    assert [(note.id, note.status) for note in fixed.report.contracts] == [("C1", "kept")]
    assert fixed.report.checks[0].result.endswith("OK")
    assert fixed.report.learned


def test_the_three_fixed_repos_work_together(fixed: Fixed) -> None:
    folder = fixed.folder
    path = [str(folder / child) for child in CHILDREN]
    program = f"import sys; sys.dont_write_bytecode = True; sys.path[:0] = {path!r}\n{TOGETHER}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 0, done.stderr
    assert 45.0 <= float(done.stdout) <= 60.0


@pytest.mark.parametrize("child", ["firmware", "mobile"])
def test_an_edited_contract_reaches_the_files(fixed: Fixed, child: str) -> None:
    folder, codex = fixed.folder, fixed.codex
    report = run_turn(codex, folder / child, edit(child))

    assert report.outcome is Outcome.DONE
    assert "/v1/registrations/{id}" in report.summary
    assert suite(folder / child).returncode == 0
    contract = json.loads((folder / child / "tests/contract.json").read_text(encoding="utf-8"))
    assert contract["register"]["location"] == "/v1/registrations/{id}"
    assert contract["status"]["retry_after"] == 5
    changed = {
        line[2:]
        for path, text in LAMP.sample.after(child).items()
        for line in difflib.ndiff(text.splitlines(), (folder / child / path).read_text(encoding="utf-8").splitlines())
        if line.startswith("+ ") and path.endswith(".py")
    }
    assert {line.partition("  #")[0] for line in changed} == {
        "firmware": set(),
        "mobile": {"FIRST_WAIT = 5.0", "LONGEST_WAIT = 20.0", "GIVE_UP = 240.0"},
    }[child]


def test_an_edit_in_the_middle_of_the_work_is_followed(fixed: Fixed, tmp_path: Path) -> None:
    def held(request: ModelRequest) -> Sequence[Step]:
        steps = LAMP.script(0.0)(request)
        patched = any(output.tool == "apply_patch" for output in request.outputs_since_last_user())
        return (Wait("patched"), *steps) if patched else steps

    _, model, codex, _ = fixed
    repo = LAMP.sample.create(tmp_path)["backend"]
    model.reset(held)
    thread = codex.ask("thread/start", cwd=str(repo), sandbox="workspace-write")["thread"]["id"]
    turn = codex.turn(thread, brief(plan(), "backend"), REPORT_SCHEMA)
    model.gate("patched").wait_reached(PATIENCE)
    codex.steer(thread, turn, edit("backend"))
    model.gate("patched").open()

    assert codex.end()["status"] == "completed"
    model.reset(LAMP.script(0.0))
    code = (repo / "backend/app.py").read_text(encoding="utf-8")
    assert ('STATUS_PATH = "/v1/registrations/{id}"' in code, "\nRETRY_AFTER = 5 " in code) == (True, True)
    assert suite(repo).returncode == 0


def test_a_task_outside_the_story_is_not_claimed_as_done(fixed: Fixed) -> None:
    folder, codex = fixed.folder, fixed.codex
    other = plan(
        LAMP.plan.replace("### T3 — Report before the self-test", "### T9 — Blink twice at power-on").replace(
            "- child: firmware\n- contracts: C1", "- child: firmware"
        )
    )
    report = run_turn(codex, folder / "firmware", brief(other, "firmware"))

    assert report.outcome is Outcome.BLOCKED
    assert "Blink twice" in report.summary
