"""`orch completion`: what may stand where, and the script of bash in a real bash."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.cli.command.table import COMMANDS
from supervisor.cli.setup.completion import Shell, completion
from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, ask, child, status_json, task
from tests.cli.terminal import Terminal
from tests.programs import require

WORDS = (
    "plan",
    "check",
    "--",
    "-",
    "-C",
    "--color",
    "help",
    "logs",
    "--child",
    "--level=",
    "skill",
    "completion",
    "bash",
)


@pytest.fixture
def up(standin: Callable[..., Standin]) -> None:
    standin(
        status_json(
            children=(child("backend"), child("mobile", "failed")),
            tasks=(task("T1", "needs_human", title="Say: a\nb"), task("T20")),
            asks=(ask("A3", text="Which\x1b[31m port?"),),
        )
    )


def words(orch: Orch, workspace: WorkspacePaths, line: str) -> list[str]:
    """What the last word of a line may be."""
    code, out, err = orch("completion", "bash", "--", "-C", str(workspace.root), *line.split(" "))
    assert (code, err) == (0, "")
    return out.split()


@pytest.mark.usefixtures("up")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("st", ["status"]),
        ("pl", ["plan"]),
        ("plan ", ["check", "history", "diff", "stop"]),
        ("plan ch", ["check"]),
        ("plan --re", ["--review"]),
        ("plan text --re", ["--review"]),
        ("plan check --js", ["--json"]),
        ("skill ", ["install"]),
        ("help pl", ["plan"]),
        ("help plan d", ["diff"]),
        ("status --wa", ["--watch"]),
        ("status --json --js", []),
        ("init --trust x --tr", ["--trust"]),
        ("logs --level w", ["warning"]),
        ("logs --child ", ["backend", "mobile"]),
        ("logs --task T", ["T1", "T20"]),
        ("up backend m", ["mobile"]),
        ("up -- --", []),
        ("remove ", ["backend", "mobile"]),
        ("restart backend ", []),
        ("attach ", ["backend", "mobile", "T1", "T20"]),
        ("go T2", ["T20"]),
        ("answer ", ["A3"]),
        ("answer A3 ", ["accept", "decline", "reply"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("demo --story l", ["lamp"]),
        ("--color a", ["auto", "always"]),
        ("status --color ", ["auto", "always", "never"]),
        ("--co", ["--color"]),
        ("-C ", []),
        ("init ../", []),
        ("plan check dra", []),
        ("nonsense ", []),
        ("--color loud ", []),
    ],
)
def test_what_may_stand_there_is_offered(line: str, expected: list[str], workspace: WorkspacePaths, orch: Orch) -> None:
    assert words(orch, workspace, line) == expected


def test_every_command_is_offered(workspace: WorkspacePaths, orch: Orch) -> None:
    assert set(words(orch, workspace, "")) == {one.words.split()[0] for one in COMMANDS}


def test_names_are_known_without_a_supervisor_and_nothing_without_a_workspace(
    workspace: WorkspacePaths, orch: Orch, tmp_path: Path
) -> None:
    assert words(orch, workspace, "restart ") == ["backend", "mobile"]
    for folder in (str(tmp_path), "/nowhere"):
        assert orch("completion", "bash", "--", "-C", folder, "restart", "") == (0, "", "")


@pytest.mark.usefixtures("up")
def test_meanings_are_shown_in_the_form_of_each_shell(orch: Orch, workspace: WorkspacePaths) -> None:
    line = ["-C", str(workspace.root), "attach", ""]
    assert orch("completion", "fish", "--", *line).out == (
        "backend\tchild, ready\nmobile\tchild, failed\nT1\tSay: a b (needs human)\nT20\tTitle of T20 (waiting)\n"
    )
    assert orch("completion", "zsh", "--", *line[:2], "answer", "").out == "A3:Which port?\n"


@pytest.mark.parametrize("shell", [one.value for one in Shell])
def test_each_shell_has_a_script_that_asks_orch(shell: str, orch: Orch) -> None:
    code, out, err = orch("completion", shell)
    assert (code, err) == (0, "")
    assert f"completion {shell} -- " in out


def test_another_shell_is_wrong_usage(orch: Orch) -> None:
    code, out, err = orch("completion", "tcsh")
    assert (code, out) == (2, "")
    assert "bash" in err


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell that finds `orch`."""
    program = tmp_path / "orch"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m supervisor.cli.main "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    own = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(CHECKOUT), "HOME": str(tmp_path)}
    return {**os.environ, **own, "TERM": "xterm"}


def _printed(command: list[str], workspace: WorkspacePaths, environ: dict[str, str]) -> str:
    return subprocess.run(
        command, cwd=workspace.root, env=environ, capture_output=True, text=True, check=True, timeout=30
    ).stdout


def test_bash_completes_with_it(workspace: WorkspacePaths, installed: dict[str, str]) -> None:
    script = (
        'eval "$(orch completion bash)"; complete -p orch; '
        'COMP_WORDS=(orch restart mo) COMP_CWORD=2; _orch_complete; printf "<%s>" "${COMPREPLY[@]}"; '
        'COMP_WORDS=(orch status --) COMP_CWORD=2; _orch_complete; printf "<%s>" "${COMPREPLY[@]}"'
    )
    assert _printed(["bash", "--norc", "-c", script], workspace, installed) == (
        "complete -o default -F _orch_complete orch\n<mobile><--json><--watch><--all><--wide><--color><--help>"
    )


def test_fish_completes_with_it(workspace: WorkspacePaths, installed: dict[str, str]) -> None:
    script = "orch completion fish | source; complete -C'orch restart mo'; complete -C'orch init ./plan'"
    (workspace.root / "planned").mkdir()
    found = _printed([require("fish"), "--no-config", "-c", script], workspace, installed)
    assert found == "mobile\tchild, stopped\n./planned/\n"


def test_zsh_completes_with_it(workspace: WorkspacePaths, installed: dict[str, str]) -> None:
    start = 'PROMPT="> "; autoload -Uz compinit; compinit -D -u; eval "$(orch completion zsh)"; echo rea""dy\r'
    with Terminal([require("zsh"), "-f", "-i"], cwd=workspace.root, environ=installed) as zsh:
        zsh.type(start)
        zsh.until("ready")
        zsh.type("orch restart mo\t")
        zsh.until("orch restart mobile")
        zsh.type("\x15orch completion \t\t")
        zsh.until("bash  zsh   fish")
        assert "orch completion" in zsh.screen.splitlines()[-2], zsh.screen


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), min_size=1, max_size=5))
def test_whatever_was_typed_is_completed_or_not_but_never_fails(line: list[str]) -> None:
    assert completion(Shell.BASH, ["-C", "/", *line]) == 0
