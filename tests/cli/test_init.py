"""`orch init` makes a whole workspace, or nothing."""

from __future__ import annotations

import io
import os
import pty
import tomllib
from pathlib import Path

import pytest

from supervisor.cli.main import run
from supervisor.runtime.codex.mcp_config import mcp_servers
from supervisor.runtime.config import load as config
from supervisor.runtime.workspace import WorkspacePaths
from tests.gitrepo import empty_repo, git

IGNORED = "orchestrator.config.yaml\nplan.md\nruns.md\n.orchestrator/\n.codex/config.toml\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that becomes a workspace, with the repositories `backend` and `mobile` beside it."""
    empty_repo(tmp_path / "backend")
    empty_repo(tmp_path / "mobile")
    (tmp_path / "plain").mkdir()
    new = tmp_path / "ws"
    new.mkdir()
    monkeypatch.chdir(new)
    return new


def test_a_workspace_is_made_and_its_plan_is_fine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "backend=../backend", f"mobile={folder.parent / 'mobile'}"]) == 0
    assert capsys.readouterr() == (
        "wrote orchestrator.config.yaml (2 children)\n"
        "wrote plan.md (a template: nothing starts before you say `hold: no`)\n"
        "wrote .codex/config.toml (a `codex` started here gets the tools of orch)\n"
        "wrote .gitignore\n"
        "next: edit plan.md, then run `orch plan check`, `orch up` and `orch status`\n",
        "",
    )
    found = [(child.name, child.path) for child in config.load(WorkspacePaths(folder)).children]
    assert found == [(name, str(folder.parent / name)) for name in ("backend", "mobile")]
    assert "path: ../mobile\n" in (folder / "orchestrator.config.yaml").read_text(encoding="utf-8")
    assert "Children of this workspace: backend, mobile\n" in (folder / "plan.md").read_text(encoding="utf-8")
    assert (folder / ".gitignore").read_text(encoding="utf-8") == IGNORED
    assert run(["plan", "check"]) == 0


@pytest.mark.parametrize(
    ("pairs", "complaint"),
    [
        ([""], "a repo is named by an empty word: "),
        (["backend="], "`backend=` is not NAME=PATH: "),
        (["=../backend"], "`=../backend` is not NAME=PATH: "),
        (["backend=../backend", "mobile=../nowhere"], "the child `mobile`: "),
        (["plain=../plain"], "the child `plain`: "),
        (["a=../backend", "b=../backend"], "the children `a` and `b` are the same repo "),
        (["a=../backend", "a=../mobile"], "the child `a` is named twice: "),
        (["human=../backend"], "`human` is no name for a child "),
    ],
)
def test_a_pair_that_cannot_be_writes_nothing(
    pairs: list[str], complaint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", *pairs]) == 2
    out, err = capsys.readouterr()
    assert (out, err[: len(complaint) + 6], err.count("\n")) == ("", f"orch: {complaint}", 1)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "next_step"),
    [("orchestrator.config.yaml", "`orch add NAME=PATH` adds a repo"), ("plan.md", "edit it")],
)
def test_what_is_there_is_never_overwritten(
    name: str, next_step: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).write_text("mine", encoding="utf-8")
    assert run(["init", "backend=../backend"]) == 1
    assert capsys.readouterr() == (
        "",
        f"orch: {folder / name} exists already: {next_step}, or move it away and run `orch init` again\n",
    )
    assert {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir()} == {name: "mine"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (b"node_modules", f"node_modules\n{IGNORED}".encode(), "added to .gitignore\n"),
        (
            b"/plan.md\r\n.orchestrator\r\n",
            b"/plan.md\r\n.orchestrator\r\norchestrator.config.yaml\r\nruns.md\r\n.codex/config.toml\r\n",
            "added to .gitignore\n",
        ),
        (IGNORED.encode(), IGNORED.encode(), ""),
        (b"\xff\n", b"\xff\n" + IGNORED.encode(), "added to .gitignore\n"),
    ],
)
def test_a_gitignore_gets_only_the_lines_it_lacks(
    before: bytes, after: bytes, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".gitignore").write_bytes(before)
    assert run(["init", "backend=../backend"]) == 0
    assert (folder / ".gitignore").read_bytes() == after
    printed = [line for line in capsys.readouterr().out.splitlines(keepends=True) if ".gitignore" in line]
    assert "".join(printed) == expected


def test_a_repo_far_away_is_written_with_its_whole_path(folder: Path, tmp_path: Path) -> None:
    deep = tmp_path / "ws" / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert run(["-C", str(deep), "init", "backend=../../../../backend"]) == 0
    assert f"path: {tmp_path / 'backend'}\n" in (deep / "orchestrator.config.yaml").read_text(encoding="utf-8")


def test_a_workspace_behind_a_link_names_its_repos_by_their_whole_path(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    link = tmp_path / "else" / "link"
    link.symlink_to(folder)
    assert run(["-C", str(link), "init", f"backend={tmp_path / 'backend'}"]) == 0
    assert f"path: {tmp_path / 'backend'}\n" in (link / "orchestrator.config.yaml").read_text(encoding="utf-8")
    assert [child.path for child in config.load(WorkspacePaths(link)).children] == [str(tmp_path / "backend")]


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="no folder where even root may not write")
def test_a_folder_that_cannot_be_written_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", "/sys/kernel", "init", f"backend={folder.parent / 'backend'}"]) == 1
    assert "orchestrator.config.yaml cannot be written" in capsys.readouterr().err


# ── the tools for the user's own codex ───────────────────────────────────────────────────────────


def test_the_codex_config_starts_this_very_orch(folder: Path) -> None:
    assert run(["init", "backend=../backend"]) == 0
    with (folder / ".codex" / "config.toml").open("rb") as file:
        assert tomllib.load(file) == {"mcp_servers": mcp_servers(WorkspacePaths(folder))}


def test_a_codex_config_that_is_there_is_left_alone_and_the_lines_are_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".codex").mkdir()
    (folder / ".codex" / "config.toml").write_text('model = "mine"\n', encoding="utf-8")
    assert run(["init", "backend=../backend"]) == 0
    assert (folder / ".codex" / "config.toml").read_text(encoding="utf-8") == 'model = "mine"\n'
    out = capsys.readouterr().out
    message, _, rest = out.partition("\n\n")
    assert message.endswith(
        ".codex/config.toml exists already; for the tools of orch in a `codex` started here, add these lines:"
    )
    lines, _, _ = rest.partition("\nwrote .gitignore")
    assert tomllib.loads(lines) == {"mcp_servers": mcp_servers(WorkspacePaths(folder))}
    assert ".codex" not in (folder / ".gitignore").read_text(encoding="utf-8")


def test_a_codex_config_that_has_the_tools_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".codex").mkdir()
    (folder / ".codex" / "config.toml").write_text("[mcp_servers.orch]\n", encoding="utf-8")
    assert run(["init", "backend=../backend"]) == 0
    assert ".codex/config.toml already names the tools of orch\n" in capsys.readouterr().out


def test_a_codex_folder_that_cannot_be_written_does_not_stop_init(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".codex").write_text("a file", encoding="utf-8")
    assert run(["init", "backend=../backend"]) == 0
    assert ".codex/config.toml exists already; for the tools" in capsys.readouterr().out
    assert run(["plan", "check"]) == 0


def test_the_lines_are_printed_at_any_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "backend=../backend"]) == 0
    capsys.readouterr()
    assert run(["mcp", "--config"]) == 0
    assert tomllib.loads(capsys.readouterr().out) == {"mcp_servers": mcp_servers(WorkspacePaths(folder))}


@pytest.mark.promise("repo trust")
def test_a_repo_that_makes_codex_run_programs_is_shown_and_not_trusted(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = folder.parent / "backend" / ".codex"
    (own / "rules").mkdir(parents=True)
    (own / "rules" / "x.rules").touch()
    (own / "hooks.json").touch()
    (own / "config.toml").write_text(
        'notify = ["sh", "-c", "say \\u001b[31m"]\nmodel = "m"\n'
        '[mcp_servers.tools]\ncommand = "run me"\nargs = ["-x"]\n'
        '[mcp_servers.far]\nurl = "https://example.com"\n[hooks.Stop]\n',
        encoding="utf-8",
    )
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # no terminal: nobody is asked
    assert run(["init", "backend=../backend", "mobile=../mobile"]) == 0
    assert capsys.readouterr().err == (
        "backend has a .codex folder of its own. If you trust it, Codex takes from it:\n"
        "  at the end of each turn: sh -c 'say '\n"
        "  the setting model\n"
        "  the MCP server tools: 'run me' -x\n"
        "  the MCP server far: https://example.com\n"
        "  hooks: Stop\n"
        "  hooks: hooks.json\n"
        "  rules for commands: x.rules\n"
        "not trusted: Codex ignores it; to trust it, write `trusted: true` under backend in orchestrator.config.yaml\n"
    )
    assert [child.trusted for child in config.load(WorkspacePaths(folder)).children] == [False, False]


@pytest.mark.promise("repo trust")
@pytest.mark.parametrize(("answer", "trusted"), [("y", True), ("", False), ("n", False)])
def test_in_a_terminal_the_human_is_asked(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: str, trusted: bool
) -> None:
    (folder.parent / "backend" / ".codex").mkdir()
    typed, seen = pty.openpty()
    os.write(typed, f"{answer}\n".encode())
    with os.fdopen(seen, encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        assert run(["init", "backend=../backend", "mobile=../mobile"]) == 0
    os.close(typed)
    assert capsys.readouterr().err.endswith("  nothing that orch knows to run anything\ntrust backend? [y/N] ")
    assert [child.trusted for child in config.load(WorkspacePaths(folder)).children] == [trusted, False]


def test_repos_that_are_named_or_trusted_already_are_not_asked_about(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("backend", "mobile"):
        (folder.parent / name / ".codex").mkdir()
    (tmp_path / "config.toml").write_text(
        f'[projects."{folder.parent / "mobile"}"]\ntrust_level = "trusted"\n', encoding="utf-8"
    )
    monkeypatch.setenv("CODEX_HOME", str(tmp_path))
    assert run(["init", "--trust", "back", "backend=../backend"]) == 2
    assert "did you mean `backend`?" in capsys.readouterr().err
    assert run(["init", "--trust", "backend", "backend=../backend", "mobile=../mobile"]) == 0
    assert capsys.readouterr().err == ""
    assert [child.trusted for child in config.load(WorkspacePaths(folder)).children] == [True, True]


def filtered(repo: Path) -> None:
    """Have a repo name programs of its own."""
    git(repo, "config", "filter.x.clean", "./tool --clean")
    (repo / ".git" / "hooks" / "pre-commit").write_text("#!/bin/sh\n", encoding="utf-8")
    (repo / ".git" / "hooks" / "pre-commit").chmod(0o755)


GIT_PROGRAMS = (
    "backend has git run programs of its own, also when Codex reads git, outside of its sandbox:\n"
    "  filter.x.clean = ./tool --clean\n"
    "  the hook pre-commit\n"
)


@pytest.mark.promise("git trust")
def test_what_a_repo_has_git_run_is_shown_and_not_trusted(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    filtered(folder.parent / "backend")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # no terminal: nobody is asked
    assert run(["init", "backend=../backend", "mobile=../mobile"]) == 0
    assert capsys.readouterr().err == (
        f"{GIT_PROGRAMS}filters are off for Codex; to trust them, write `trusted_git: yes` under backend in "
        "orchestrator.config.yaml\n"
    )
    assert config.load(WorkspacePaths(folder)).trusted_git == {}


@pytest.mark.promise("git trust")
@pytest.mark.parametrize(("answer", "trusted"), [("y", True), ("", False)])
def test_in_a_terminal_the_human_is_asked_about_git_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: str, trusted: bool
) -> None:
    filtered(folder.parent / "backend")
    typed, seen = pty.openpty()
    os.write(typed, f"{answer}\n".encode())
    with os.fdopen(seen, encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        assert run(["init", "backend=../backend", "mobile=../mobile"]) == 0
    os.close(typed)
    assert capsys.readouterr().err == f"{GIT_PROGRAMS}trust the git programs of backend? [y/N] "
    assert config.load(WorkspacePaths(folder)).trusted_git == {"backend": trusted}


def test_a_repo_that_is_named_as_trusted_is_not_asked_about(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filtered(folder.parent / "backend")
    assert run(["init", "--trust", "backend", "backend=../backend", "mobile=../mobile"]) == 0
    assert capsys.readouterr().err == ""
    assert config.load(WorkspacePaths(folder)).trusted_git == {"backend": True}


def test_a_repo_on_another_machine_is_named_by_its_address(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "backend=../backend", "firmware=ssh://me@lab:2222/home/me/firmware"]) == 0
    assert "`orch doctor --child firmware` looks whether me@lab:/home/me/firmware" in capsys.readouterr().out
    backend, firmware = config.load(WorkspacePaths(folder)).children
    assert (backend.runner, firmware.path) == (None, "/home/me/firmware")
    assert firmware.runner is not None
    assert firmware.runner.connect == ("ssh", "-p", "2222", "me@lab", "--")
    assert run(["plan", "check"]) == 0
    assert run(["add", "ssh://gpu/srv/model"]) == 0
    added = config.load(WorkspacePaths(folder)).children[2]
    assert (added.name, added.where) == ("model", "gpu:/srv/model")
    assert run(["add", "again=ssh://gpu/srv/model/"]) == 2
    assert run(["remove", "model"]) == 0
    assert [child.name for child in config.load(WorkspacePaths(folder)).children] == ["backend", "firmware"]


@pytest.mark.parametrize(
    "word", ["a=ssh://lab/", "a=ssh://-oProxyCommand=x/srv", "a=ssh://lab/~/x", "a=ssh://lab/srv/x.git", "ssh://lab"]
)
def test_an_address_that_names_no_folder_is_refused(folder: Path, word: str) -> None:
    assert run(["init", word]) == 2
    assert list(folder.iterdir()) == []
