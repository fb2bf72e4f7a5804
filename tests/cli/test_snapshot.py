"""`orch snapshot` on one screen, as JSON and as a digest, with and without a supervisor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.gitrepo import commit


@pytest.fixture(autouse=True)
def repos(workspace: WorkspacePaths) -> Path:
    """Two repos: the backend has a commit, the other child has none."""
    backend = workspace.root.parent / "backend"
    (backend / "README.md").write_text(
        "# Shop\n\nThe shop's backend answers \x1b[31mall\x1b[0m requests.\n\n    pytest -q\n", encoding="utf-8"
    )
    commit(backend)
    return workspace.root.parent


def test_every_child_has_a_screen(orch: Orch, repos: Path) -> None:
    code, out, err = orch("snapshot")
    assert code == 0
    assert err in ("", "repos: 0 of 2 read, reading backend, mobile\n")  # printed only if it takes a while
    assert f"backend  {repos}/backend\n" in out
    assert f"mobile  {repos}/mobile\n" in out
    assert "test: pytest -q (README.md:5)" in out
    assert "no commit yet" in out
    assert "\x1b" not in out


def test_a_single_child_can_be_shown(orch: Orch) -> None:
    _, out, _ = orch("snapshot", "mobile")
    assert out.startswith("mobile  ")
    assert "backend" not in out


def test_json_holds_all_children_or_the_one(orch: Orch) -> None:
    _, out, err = orch("snapshot", "--json")
    both = json.loads(out)
    assert [one["child"] for one in both["children"]] == ["backend", "mobile"]
    assert both["children"][0]["docs"]["commands"] == [
        {"text": "pytest -q", "purpose": "test", "path": "README.md", "line": 5}
    ]
    assert json.loads(orch("snapshot", "backend", "--json").out) == both["children"][0]
    assert err == ""


def test_tokens_ask_for_a_digest_within_the_budget(orch: Orch) -> None:
    _, out, _ = orch("snapshot", "backend", "--tokens", "150")
    assert out.startswith("# backend\n\n`")
    assert "- test: `pytest -q` (`README.md:5`)" in out
    assert len(out) <= 600


def test_the_error_for_an_unknown_child_names_the_nearest_one(orch: Orch) -> None:
    assert orch("snapshot", "backen") == (2, "", "orch: there is no child `backen`: did you mean `backend`?\n")


def test_two_forms_at_once_are_wrong_usage(orch: Orch) -> None:
    code, out, err = orch("snapshot", "--json", "--tokens", "5")
    assert (code, out) == (2, "")
    assert "choose one" in err


def test_a_child_that_cannot_be_read_is_reported_and_the_others_are_shown(orch: Orch, repos: Path) -> None:
    (repos / "mobile").rename(repos / "moved")
    code, out, err = orch("snapshot")
    assert code == 0
    assert out.startswith("backend  ")
    problem = f"{repos}/mobile does not exist"
    assert err == f"orch: mobile could not be read: {problem}: correct the child's path\n"
    assert json.loads(orch("snapshot", "mobile", "--json").out) == {
        "child": "mobile",
        "path": f"{repos}/mobile",
        "problem": problem,
        "next_step": "correct the child's path",
    }
    assert orch("snapshot", "mobile").code == 1
