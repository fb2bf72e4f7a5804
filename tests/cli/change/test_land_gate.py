"""`orch land` runs the plan's Integration in a sandbox, with what every repo would be, and touches no repo by that."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from supervisor.cli.main import run
from supervisor.domain.plan import Integration
from supervisor.shell import process
from supervisor.shell.git.keep.form import ref_of
from tests import CHECKOUT
from tests.cli.conftest import Ran
from tests.cli.terminal import Terminal
from tests.gitrepo import commit, git
from tests.landscape import Landscape, write
from tests.sockets import HOMES


@pytest.fixture
def made(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Landscape:
    monkeypatch.setenv("CODEX_HOME", str(HOMES / "gate"))
    (HOMES / "gate").mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    landscape = Landscape(tmp_path, "api", "web-app")
    with landscape.workspace.config.open("a", encoding="utf-8") as file:
        file.write("sandbox:\n  exclude_tmp: true\n")
    return landscape


def land(made: Landscape, capsys: pytest.CaptureFixture[str], *commands: str, words: tuple[str, ...] = ()) -> Ran:
    made.integration = tuple(Integration(one, ("T1",)) for one in commands)
    made.save()
    capsys.readouterr()
    code = run(["-C", str(made.workspace.root), "land", *words])
    state = Path(os.environ["XDG_STATE_HOME"]) / "orch/landing"
    assert not state.exists() or os.listdir(state) == []
    assert process.marked(made.workspace.mark()) == []
    return Ran(code, *capsys.readouterr())


def test_each_repo_is_as_it_would_be_and_nothing_else_is_in_it(
    made: Landscape, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    api, web = made.repos["api"], made.repos["web-app"]
    for name in ("clean", "smudge"):
        git(api, "config", f"filter.evil.{name}", f"touch {tmp_path}/evil; cat")
    write(api, {".gitattributes": "*.dat filter=evil\n", "a.dat": "x\n", "part/x": "x\n"})
    commit(api, "Attributes")
    git(api, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(web), "sub")
    commit(api, "Submodule")
    git(api, "sparse-checkout", "set", "--no-cone", "/*", "!/part")
    write(api, {"mine.txt": "the person's\n"})
    write(web, {"mine.txt": "the person's\n"})
    made.ran("T1", {"api": {"a.txt": "a\n"}})
    before = [git(repo, "status", "--porcelain=v2", "--branch") for repo in (api, web)]
    (tmp_path / "evil").unlink(missing_ok=True)

    ran = land(
        made,
        capsys,
        'test -f "$ORCH_CHILD_API/a.txt" && test -f "$ORCH_CHILD_API/part/x" && test ! -e "$ORCH_CHILD_API/mine.txt"',
        'test -f "$ORCH_CHILD_WEB_APP/lines" && test ! -e "$ORCH_CHILD_WEB_APP/mine.txt"',
        'cd "$ORCH_CHILD_API" && test -z "$(git status --porcelain)" && git log -1 --format=%s | grep "Do T1"',
        f'! touch "{api}/x" && ! touch "{api}/.git/x" && ! git -C "{api}" tag x && echo x >> "$ORCH_CHILD_API/a.txt"',
        'test ! -e "$ORCH_CHILD_API/x" && test "$PWD" = "$(dirname "$ORCH_CHILD_API")"',
    )

    assert (ran.code, ran.err) == (0, "")
    assert not (tmp_path / "evil").exists()
    assert [git(repo, "status", "--porcelain=v2", "--branch") for repo in (api, web)] == before
    assert git(api, "tag") == ""
    assert git(api, "show", "orch/move-the-fleet:a.txt") == "a"


def test_what_fails_is_shown_by_its_end_and_nothing_is_landed(
    made: Landscape, capsys: pytest.CaptureFixture[str]
) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}})
    with made.workspace.config.open("a", encoding="utf-8") as file:
        file.write("limits: {verify_minutes: 0.05, output_megabytes: 0.1}\n")

    token = "ghp_" + "x7Kq9Zp2Lm4Nv6Rt8Yb1Wc3Df5Gh0Js2Au4E"
    flood = f"seq 100000; echo {token}; echo the end >&2; sleep 300 & disown; exit 3"
    ran = land(made, capsys, flood, "sleep 300", "true", words=("--json",))

    found = json.loads(ran.out)
    assert (ran.code, found["state"]) == (1, "refused")
    assert "exited with 3; `sleep 300` did not end in time, so nothing was landed; T1 not reopened" in found["why"]
    assert "`orch up`, then land again" in found["why"]
    assert "  the end\n" in ran.err
    assert token not in ran.err
    assert git(made.repos["api"], "branch", "--format=%(refname:short)") == "main"
    shown = land(made, capsys, flood, "true", words=("--dry-run",)).out
    assert "$ true (reopens T1): passed with these trees" in shown
    assert "exit 3 (reopens T1): to run" in shown


def test_the_checks_that_the_documents_of_a_repo_name_run_if_the_config_says_so(
    made: Landscape, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = "# API\n\n## Tests\n\n```sh\nmake lint\nmake test\nmake test-slow\n```\n"
    rules = "lint:\n\ttest -f a.txt\ntest:\n\ttest ! -f bad.txt\ntest-slow:\n\tfalse\n"
    write(made.repos["api"], {"CONTRIBUTING.md": guide, "Makefile": rules})
    commit(made.repos["api"], "Guide")
    made.ran("T1", {"api": {"a.txt": "a\n", "bad.txt": "x\n"}})
    lint, test = (f'cd "$ORCH_CHILD_API" && make {name}' for name in ("lint", "test"))
    assert json.loads(land(made, capsys, words=("--dry-run", "--json")).out)["checks"] == []
    with made.workspace.config.open("a", encoding="utf-8") as file:
        file.write("land: {checks: documented}\n")

    assert json.loads(land(made, capsys, words=("--dry-run", "--json")).out)["checks"] == [
        {"command": lint, "reopens": ["T1"], "passed": False},
        {"command": test, "reopens": ["T1"], "passed": False},
    ]
    red = land(made, capsys)
    assert (red.code, f"`{test}` exited with 2, so nothing was landed; T1 not reopened" in red.err) == (1, True)
    softer = {"CONTRIBUTING.md": guide.replace("make test", "true"), "LINT.md": "## Lint\n\n```sh\nruff check\n```\n"}
    made.ran("T2", {"api": softer}, title="Write what passes into the documents")
    checks = json.loads(land(made, capsys, words=("--dry-run", "--json")).out)["checks"]
    assert [one["command"] for one in checks] == [lint, test]
    made.ran("T3", {"api": {"bad.txt": None}})
    assert land(made, capsys).code == 0


def test_documented_checks_are_those_of_the_persons_own_documents_also_if_they_are_not_committed(
    made: Landscape, capsys: pytest.CaptureFixture[str]
) -> None:
    with made.workspace.config.open("a", encoding="utf-8") as file:
        file.write("land: {checks: documented}\n")
    api = made.repos["api"]
    write(api, {"CONTRIBUTING.md": "## Tests\n\n```sh\nmake test\n```\n", "Makefile": "test:\n\ttrue\n"})
    made.ran("T1", {"api": {"CONTRIBUTING.md": "## Tests\n\n```sh\ntrue\n```\n", "a.txt": "a\n"}})
    commit(api, "The child commits itself")
    made.ran("T2", {"api": {"b.txt": "b\n"}, "web-app": {"b.txt": "b\n"}})
    checks = json.loads(land(made, capsys, words=("--dry-run", "--json")).out)["checks"]
    assert [one["command"] for one in checks] == ['cd "$ORCH_CHILD_API" && make test']
    for repo in made.repos.values():  # as after `orch ops --prune`
        git(repo, "update-ref", "-d", f"{ref_of(made.workspace.id, repo.name)}")
        git(repo, "gc", "-q", "--prune=now")
    assert "is gone" in land(made, capsys, words=("--dry-run", "--json")).out


def test_a_sandbox_that_does_not_work_and_a_command_that_is_killed_reopen_nothing(
    made: Landscape, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}})
    broken = tmp_path / "codex"
    monkeypatch.setenv("ORCH_CODEX_BIN", str(broken))
    broken.write_text("#!/bin/sh\necho no namespaces here\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    ran = land(made, capsys, "true")
    assert (ran.code, "codex's sandbox does not work here (no namespaces here)" in ran.err) == (1, True)

    broken.write_text('#!/bin/sh\ncase "$*" in *"kill me"*) kill -9 $$;; esac\n', encoding="utf-8")
    ran = land(made, capsys, "kill me")
    assert (ran.code, "`kill me` was killed by signal 9" in ran.err) == (1, True)


def test_a_repo_without_a_commit_is_an_empty_folder_and_two_names_that_make_one_variable_are_refused(
    made: Landscape, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}})
    empty = tmp_path / "web_app"
    git(tmp_path, "init", "-q", str(empty))
    made.repos["new"] = empty
    assert land(made, capsys, 'test -z "$(ls -A "$ORCH_CHILD_NEW")"').code == 0
    del made.repos["new"]
    made.repos["web_app"] = empty
    ran = land(made, capsys, "true", words=("--branch", "two"))
    assert (ran.code, "web-app and web_app would have one variable" in ran.err) == (1, True)


def test_a_terminal_shows_how_far_it_is_and_ctrl_c_says_that_nothing_was_landed(made: Landscape) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}})
    made.integration = (Integration("true", ()), Integration("sleep 60; true", ()))
    made.save()
    words = [sys.executable, "-m", "supervisor.cli.main", "land"]
    environ = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm", "COLUMNS": "100"}
    environ.pop("NO_COLOR", None)
    with Terminal(words, cwd=made.workspace.root, environ=environ) as terminal:
        (line,) = (line for line in terminal.until("run sleep 60").splitlines() if "run sleep 60" in line)
        assert line.split() == ["checks", "━" * 18 + "╺" + "━" * 5, "run", "sleep", "60;", "true"], "three of four"
        terminal.type("\x03")
        assert terminal.end() == 130
        assert terminal.screen.splitlines()[-1] == "orch: interrupted: nothing was landed"
    assert "orch/" not in git(made.repos["api"], "branch")
    assert process.marked(made.workspace.mark()) == []
