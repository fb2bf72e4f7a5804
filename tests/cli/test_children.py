"""`orch add` and `orch remove` while no supervisor is up. With one: `tests/e2e/test_children.py`."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from supervisor.cli.main import run
from supervisor.domain.json_value import JsonObject
from supervisor.runtime.config import load as config
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.cli.scene import status_json, task
from tests.gitrepo import empty_repo, git

PLAN = "# Plan: P\n\n## Working Plan\n\n### T1 — One\n- child: {}\n\nDo it.\n"


@pytest.fixture
def web(workspace: WorkspacePaths) -> Path:
    return empty_repo(workspace.root.parent / "web") or workspace.root.parent / "web"


def names(workspace: WorkspacePaths) -> list[str]:
    return [child.name for child in config.load(workspace).children]


def known(workspace: WorkspacePaths, status: JsonObject) -> None:
    """Leave a last status, as a supervisor does."""
    workspace.state.mkdir(exist_ok=True)
    workspace.last_status.write_text(json.dumps(status), encoding="utf-8")


def test_a_child_is_added_and_all_else_stays(workspace: WorkspacePaths, web: Path, orch: Orch) -> None:
    text = "# mine\nchildren:\n  mobile: ../mobile # second\n  backend: ../backend\n\nlimits: {stall_minutes: 20}\n"
    workspace.config.write_text(text, encoding="utf-8")
    workspace.config.chmod(0o640)
    assert orch("add", "page=../web") == (0, "added page (../web)\nnext: `orch up` starts its server\n", "")
    assert workspace.config.read_text(encoding="utf-8") == text.replace(
        "  backend: ../backend\n", "  backend: ../backend\n  page: ../web\n"
    )
    assert stat.S_IMODE(workspace.config.stat().st_mode) == 0o640


def test_paths_are_relative_to_the_current_folder_and_named_after_theirs(
    workspace: WorkspacePaths, web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = workspace.root / "notes"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert run(["add", "../../web"]) == 0
    assert "  web: ../web\n" in workspace.config.read_text(encoding="utf-8")
    empty_repo(inner / "x" / "web")
    assert run(["add", "x/web"]) == 0
    assert names(workspace) == ["backend", "mobile", "web", "x-web"]


def test_several_are_added_at_once_and_reported_as_json(workspace: WorkspacePaths, web: Path, orch: Orch) -> None:
    docs = workspace.root.parent / "docs"
    empty_repo(docs)
    code, out, err = orch("add", "../web", "../docs", "--json")
    assert (code, err, json.loads(out)) == (
        0,
        "",
        {
            "added": [
                {"name": "web", "path": str(web), "trusted": False},
                {"name": "docs", "path": str(docs), "trusted": False},
            ],
            "supervisor": "down",
        },
    )
    assert names(workspace) == ["backend", "mobile", "web", "docs"]


def test_a_link_to_the_config_stays_one(workspace: WorkspacePaths, web: Path, orch: Orch) -> None:
    real = workspace.root.parent / "config.yaml"
    workspace.config.rename(real)
    workspace.config.symlink_to(real)
    assert orch("add", "../web").code == 0
    assert workspace.config.is_symlink()
    assert "web: ../web" in real.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("backend=../web", "there is a child `backend` already ("),
        ("x=../backend", "/backend is the child `backend` already: see `orch config`"),
        ("human=../web", "`human` is no name for a child "),
        ("a b=../web", "`a b` is no name for a child: "),
        ("x=../nowhere", "/nowhere does not exist: "),
        ("x=", "`x=` is not NAME=PATH: name the repo, for example `orch add web=../web`"),
        ("web", "/ws/web does not exist: did you mean `../web`?"),
        ("../backend/vendored", " lies in the child `backend` ("),
        ("..", " is not in a git repository: "),
    ],
)
def test_a_repo_that_cannot_be_a_child_changes_nothing(
    word: str, complaint: str, workspace: WorkspacePaths, web: Path, orch: Orch
) -> None:
    empty_repo(workspace.root.parent / "backend" / "vendored")
    before = workspace.config.read_bytes()
    code, out, err = orch("add", word)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert complaint in err
    assert workspace.config.read_bytes() == before


def test_the_workspace_itself_is_not_added(workspace: WorkspacePaths, orch: Orch) -> None:
    git(workspace.root, "init", "-q")
    code, _, err = orch("add", "self=.")
    assert (code, "whose commands may write" in err) == (2, True)


def test_a_repo_is_added_though_another_one_is_missing(workspace: WorkspacePaths, web: Path, orch: Orch) -> None:
    (workspace.root.parent / "mobile").rename(workspace.root.parent / "gone")
    assert orch("add", "../web").code == 0
    assert "web: ../web" in workspace.config.read_text(encoding="utf-8")


@pytest.mark.promise("repo trust")
def test_trust_is_given_by_name_or_not_at_all(workspace: WorkspacePaths, web: Path, orch: Orch) -> None:
    (web / ".codex").mkdir()
    docs = workspace.root.parent / "docs"
    empty_repo(docs)
    (docs / ".codex").mkdir()
    assert orch("add", "../web", "--trust", "webb")[::2] == (
        2,
        "orch: there is no child `webb`: did you mean `web`?\n",
    )
    code, _, err = orch("add", "../web", "../docs", "--trust", "web")
    assert (code, "docs has a .codex folder of its own" in err, "web has" in err) == (0, True, False)
    assert {child.name: child.trusted for child in config.load(workspace).children} == {
        **dict.fromkeys(("backend", "mobile", "docs"), False),
        "web": True,
    }


def test_a_config_in_a_form_of_its_own_is_left_to_the_person(workspace: WorkspacePaths, web: Path, orch: Orch) -> None:
    text = "children:\n  backend: &b {path: ../backend}\n  x: *b\n"
    workspace.config.write_text(text.replace("  x: *b\n", "  <<: {mobile: ../mobile}\n"), encoding="utf-8")
    before = workspace.config.read_bytes()
    code, _, err = orch("remove", "mobile")
    assert (code, workspace.config.read_bytes()) == (1, before)
    assert f"{workspace.config} was left alone: its `children:` are written in a form that only you can edit" in err


@pytest.mark.parametrize("words", [("add", "../web"), ("remove", "mobile")])
def test_a_config_with_an_error_is_not_edited(
    words: tuple[str, ...], workspace: WorkspacePaths, web: Path, orch: Orch
) -> None:
    workspace.config.write_text("children: {backend: ../backend, mobile: ../mobile}\nlimit: {}\n", encoding="utf-8")
    code, out, err = orch(*words)
    assert (code, out) == (1, "")
    assert "orchestrator.config.yaml:2: the key `limit` is not known: did you mean `limits`?" in err


@pytest.mark.parametrize("words", [("add", "../web"), ("remove", "mobile")])
def test_a_child_does_not_change_the_config(
    words: tuple[str, ...], workspace: WorkspacePaths, web: Path, orch: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = workspace.config.read_bytes()
    monkeypatch.setenv("ORCH_SERVER", workspace.mark("backend"))
    assert orch(*words) == (
        1,
        "",
        "orch: this is the shell of a child: only the person changes the config: use a terminal of your own\n",
    )
    assert workspace.config.read_bytes() == before


# ── remove ───────────────────────────────────────────────────────────────────────────────────────


def test_a_child_is_removed_and_its_repo_stays(workspace: WorkspacePaths, orch: Orch) -> None:
    assert orch("remove", "backend") == (0, "removed backend: its repo stays\n", "")
    assert workspace.config.read_text(encoding="utf-8") == "children:\n  mobile: ../mobile\n"
    assert (workspace.root.parent / "backend" / ".git").is_dir()


def test_a_removal_is_reported_as_json(workspace: WorkspacePaths, orch: Orch) -> None:
    code, out, _ = orch("remove", "backend", "--json")
    assert (code, json.loads(out)) == (0, {"removed": "backend", "server": "none", "supervisor": "down"})


def test_an_unknown_child_gets_the_nearest_name(workspace: WorkspacePaths, orch: Orch) -> None:
    assert orch("remove", "mobil") == (2, "", "orch: there is no child `mobil`: did you mean `mobile`?\n")


def test_the_last_child_stays(workspace: WorkspacePaths, orch: Orch) -> None:
    assert orch("remove", "mobile").code == 0
    assert orch("remove", "backend") == (
        1,
        "",
        "orch: backend is the only child, and a workspace needs one: `orch add NAME=PATH` another one first\n",
    )
    assert names(workspace) == ["backend"]


def test_a_child_with_tasks_stays_until_the_plan_no_longer_has_them(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.plan.write_text(PLAN.format("mobile"), encoding="utf-8")
    known(workspace, status_json(tasks=(task("T1", "needs_human", child="mobile"),)))
    before = workspace.config.read_bytes()
    code, out, err = orch("remove", "mobile")
    assert (code, out, workspace.config.read_bytes()) == (1, "", before)
    assert err == (
        "orch: the plan has tasks for mobile: T1 (needs human): take them out of plan.md (what runs is interrupted, "
        "and its changes stay), or give them to another child; then run `orch remove mobile` again\n"
    )
    workspace.plan.write_text(PLAN.format("backend"), encoding="utf-8")
    assert orch("remove", "mobile").code == 0


def test_a_plan_that_cannot_be_read_leaves_what_was_in_force(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.plan.write_text(PLAN.format("mobil"), encoding="utf-8")
    retired = task("T0", "retired", child="mobile")
    known(workspace, status_json(tasks=(task("T1", "done", child="mobile"), retired)))
    code, _, err = orch("remove", "mobile")
    assert (code, "tasks for mobile: T1 (done): " in err) == (1, True)
    known(workspace, status_json(tasks=(task("T1", "done", child="backend"), retired)))
    assert orch("remove", "mobile").code == 0


def test_a_contract_that_names_the_child_is_pointed_out(workspace: WorkspacePaths, orch: Orch) -> None:
    contract = "## Contracts\n\n### C1 — Answer\n- between: backend, mobile\n\nA text.\n\n## Working"
    workspace.plan.write_text(PLAN.format("backend").replace("## Working", contract), encoding="utf-8")
    code, _, err = orch("remove", "mobile")
    assert (code, err[:30], err[-31:]) == (1, "orch: plan.md:6 names mobile: ", "run `orch remove mobile` again\n")


def test_a_rule_that_names_the_child_is_pointed_out(workspace: WorkspacePaths, orch: Orch) -> None:
    text = workspace.config.read_text(encoding="utf-8")
    rule = "rules:\n  - accept: {command: git status}\n    child: mobile\n"
    workspace.config.write_text(f"{text}{rule}", encoding="utf-8")
    assert orch("remove", "mobile") == (
        1,
        "",
        f"orch: {workspace.config}:5: rule 1 is for mobile: remove that rule, then run `orch remove mobile` again\n",
    )
