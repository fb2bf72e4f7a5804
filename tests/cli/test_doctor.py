"""`orch doctor` with the real codex: a failed check comes with its remedy, and nothing is left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from supervisor.runtime.codex.binary import called, locate
from tests.e2e.lab import Lab
from tests.gitrepo import git

CHECKS = [
    "config",
    "places",
    "others",
    "trust",
    "disk",
    "ledger",
    "git",
    "sockets",
    "watching",
    "codex",
    "codex-config",
    "login",
    "sandbox",
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab("backend") as made:
        yield made


def found(lab: Lab, **environ: str) -> tuple[int, dict[str, dict[str, str]]]:
    done = lab.orch("doctor", "--json", check=False, **environ)
    return done.returncode, {one["check"]: one for one in json.loads(done.stdout)}


def test_a_passed_check_says_what_it_found_and_leaves_nothing_behind(lab: Lab, tmp_path: Path) -> None:
    code, checks = found(lab, TMPDIR=str(tmp_path))
    assert (code, list(checks), [one["ok"] for one in checks.values()]) == (0, CHECKS, [True] * len(CHECKS))
    assert {one["remedy"] for one in checks.values()} == {""}
    assert checks["sandbox"]["detail"] == "commands run in it and cannot write"
    assert [file.name for file in tmp_path.iterdir() if "codex" not in file.name] == []  # codex has a folder there
    assert [one.pid for one in psutil.process_iter() if _temporary(one) == str(tmp_path)] == []


def _temporary(one: psutil.Process) -> str | None:
    try:
        return one.environ().get("TMPDIR")
    except psutil.Error:
        return None


def test_a_program_that_is_not_codex_is_reported_and_the_other_checks_run(lab: Lab) -> None:
    code, checks = found(lab, ORCH_CODEX_BIN="/bin/false")
    assert code == 1
    assert {name for name, one in checks.items() if not one["ok"]} == {"codex", "codex-config", "login", "sandbox"}
    assert "is not codex" in checks["codex"]["detail"]
    assert "ORCH_CODEX_BIN" in checks["codex"]["remedy"]


def test_a_missing_login_is_reported_with_the_command(lab: Lab, tmp_path: Path) -> None:
    home = lab.folder / "nobody"
    home.mkdir(exist_ok=True)
    code, checks = found(lab, CODEX_HOME=str(home))
    assert (code, checks["login"]["detail"], checks["login"]["remedy"]) == (
        1,
        "codex is not logged in",
        f"run `{called(locate(None))} login`",
    )


def test_without_a_workspace_the_machine_is_checked(lab: Lab) -> None:
    done = lab.orch("-C", str(lab.folder), "doctor", check=False)
    assert "were not checked" in done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines()] == CHECKS[6:]


def test_a_broken_config_is_reported(lab: Lab) -> None:
    text = lab.workspace.config.read_text(encoding="utf-8")
    try:
        lab.workspace.config.write_text(text + "\nlimit: {}\n", encoding="utf-8")
        code, checks = found(lab, ORCH_CODEX_BIN="/bin/false")
    finally:
        lab.workspace.config.write_text(text, encoding="utf-8")
    assert (code, checks["config"]["remedy"]) == (1, "did you mean `limits`?")


@pytest.mark.promise("git trust")
def test_what_a_repo_has_git_run_is_listed_until_a_person_decides(lab: Lab) -> None:
    git(lab.repos["backend"], "config", "credential.helper", "!f() { echo password=hunter2hunter2; }; f")
    good = lab.workspace.config.read_text(encoding="utf-8")
    try:
        code, checks = found(lab)
        assert (code, checks["trust"]["ok"]) == (1, False)
        assert checks["trust"]["detail"].startswith("backend has git run credential.helper = !f() {")
        assert checks["trust"]["remedy"] == (
            "look at them, then write `trusted_git: yes` or `no` under backend in orchestrator.config.yaml"
        )
        for word, said in (("yes", "(trusted)"), ("no", "(its filters are off for Codex)")):
            decided = good.replace("path: ../backend", f"path: ../backend\n    trusted_git: {word}")
            lab.workspace.config.write_text(decided, encoding="utf-8")
            code, checks = found(lab)
            assert (code, checks["trust"]["ok"], checks["trust"]["detail"].endswith(said)) == (0, True, True)
    finally:
        lab.workspace.config.write_text(good, encoding="utf-8")
        git(lab.repos["backend"], "config", "--unset", "credential.helper")


@pytest.mark.promise("another user plants nothing")
def test_a_workspace_that_everybody_may_write_is_a_failure_with_the_remedy(lab: Lab) -> None:
    root = lab.workspace.root
    before = root.stat().st_mode
    root.chmod(0o777)
    try:
        code, checks = found(lab, ORCH_CODEX_BIN="/bin/false")
    finally:
        root.chmod(before)
    assert (code, checks["others"]["ok"], checks["others"]["remedy"]) == (1, False, f"run `chmod o-w {root}`")
    assert checks["others"]["detail"] == f"every user of this machine may write {root}, and so steer the supervisor"
