"""The console entry: help, usage, exit codes, and how little it imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor import __version__
from supervisor.cli.command.overview import page
from supervisor.cli.command.table import COMMANDS, GROUPS, ROOT
from supervisor.cli.main import run
from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.conftest import Orch
from tests.cli.scene import spawned, status_json

DOWN = "orch: the supervisor is not up: run `orch up`\n"


@pytest.mark.parametrize("command", ["", *(one.name for one in GROUPS), *(one.words for one in COMMANDS)])
def test_every_command_helps_with_an_example(command: str, orch: Orch) -> None:
    code, out, err = orch(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert f"\n  Example:\n    orch {command.removesuffix(' write')}".rstrip() in out
    assert "...\n" not in out.partition("\nCommands:\n")[2], "a summary of a command has no room in 80 columns"


@pytest.mark.parametrize("width", [20, 60, 80])
def test_the_help_of_the_program_fits_the_terminal_and_leaves_nothing_out(width: int) -> None:
    text = page(ROOT, width)
    assert max(map(len, text.splitlines())) <= max(width, 50)
    assert [one.help for one in COMMANDS if " " not in one.words and one.help not in " ".join(text.split())] == []


def test_the_version_is_printed(orch: Orch) -> None:
    assert orch("--version") == (0, f"orch {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("status", "--nonsense"),
        ("wait", "--timeout", "soon"),
        ("wait", "--timeout", "-1"),
        ("logs", "--level", "loud"),
        ("logs", "--since", "yesterday"),
        ("answer", "A1"),
        ("restart",),
        ("note",),
        ("init",),
        ("plan", "diff", "1", "2", "3"),
        ("snapshot", "--tokens", "0"),
        ("status", "-C"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(arguments: tuple[str, ...], orch: Orch) -> None:
    code, out, err = orch(*arguments)
    assert (code, out) == (2, "")
    assert err


@pytest.mark.parametrize(
    "arguments",
    [
        ("asks",),
        ("asks", "--json"),
        ("wait",),
        ("hold",),
        ("go",),
        ("go", "T1"),
        ("restart", "backend"),
        ("note", "x"),
        ("answer", "A1", "accept"),
        ("status", "--watch"),
    ],
)
def test_commands_that_need_a_supervisor_exit_with_3_when_none_is_up(arguments: tuple[str, ...], orch: Orch) -> None:
    assert orch(*arguments) == (3, "", DOWN)


@pytest.mark.parametrize("arguments", [("status",), ("plan", "check"), ("logs",), ("up",), ("down",)])
def test_outside_of_a_workspace_the_next_step_is_named(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(tmp_path), *arguments]) == 1
    assert capsys.readouterr() == (
        "",
        f"orch: no orchestrator.config.yaml in {tmp_path} or above it: run `orch init NAME=PATH ...` here, "
        "or name the workspace with -C\n",
    )


def test_a_folder_that_does_not_exist_is_wrong_usage(orch: Orch, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert orch("status", "-C", str(nowhere)) == (
        2,
        "",
        f"orch: {nowhere} is not a folder: name an existing folder with -C\n",
    )


@pytest.mark.parametrize("arguments", [["-C", "{}", "asks"], ["asks", "-C", "{}"], ["-C{}", "asks"]])
def test_the_workspace_is_named_before_or_after_the_command(
    arguments: list[str], workspace: WorkspacePaths, standin: Callable[..., object], capsys: pytest.CaptureFixture[str]
) -> None:
    standin(status_json())
    assert run([one.format(workspace.root) for one in arguments]) == 0
    assert capsys.readouterr() == ("nothing waits on you\n", "")


def test_the_workspace_is_found_from_a_folder_in_it(
    workspace: WorkspacePaths, standin: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    standin(status_json())
    inner = workspace.root / "docs" / "deep"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert run(["asks"]) == 0


def test_the_module_can_be_run_directly(workspace: WorkspacePaths) -> None:
    done = spawned("-C", str(workspace.root), "asks")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", DOWN)


@pytest.mark.promise("light status")
@pytest.mark.parametrize(
    "words",
    ["status --json", "asks", "logs --task T1", "logs --json", "wait --task T1", "hold", "go T1", "answer A1 yes"],
)
def test_a_command_that_only_sends_a_request_imports_little(
    words: str, workspace: WorkspacePaths, standin: Callable[..., object]
) -> None:
    standin(status_json())
    workspace.state.mkdir()
    workspace.ledger.write_text(
        '{"ts":"2026-11-23T10:00:00Z","level":"info","event":"e","task":"T1"}\n', encoding="utf-8"
    )
    heavy = {
        "typer",
        "asyncio",
        "pydantic",
        "rich",
        "ruamel",
        "websockets",
        "watchdog",
        "markdown_it",
        "psutil",
    }
    script = "import sys; from supervisor.cli.main import run; run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script, "-C", str(workspace.root), *words.split()],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        check=True,
    )
    assert heavy & set(done.stderr.split()) == set()


def test_a_status_compiles_no_text(workspace: WorkspacePaths, standin: Callable[..., object]) -> None:
    """The first text that is compiled takes 1 ms: Python makes the classes of its syntax tree. typing compiles each
    annotation of a NamedTuple that is a text."""
    standin(status_json())
    script = (
        "import builtins, sys; sys.setprofile(lambda frame, event, what:"
        " event == 'c_call' and what is builtins.compile and 'importlib' not in frame.f_code.co_filename"
        " and print(frame, file=sys.stderr)); from supervisor.cli.main import run; run(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "-C", str(workspace.root), "status"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert (done.stderr, done.stdout.splitlines()[-1:]) == ("", ["children    backend, mobile ready"])


def test_a_reader_that_goes_away_is_not_an_error(workspace: WorkspacePaths) -> None:
    lines = "".join(f'{{"ts":"2026-11-23T10:00:00Z","level":"info","event":"e{n}"}}\n' for n in range(20_000))
    workspace.state.mkdir()
    workspace.ledger.write_text(lines, encoding="utf-8")
    with subprocess.Popen(["head", "-n", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        done = spawned("-C", str(workspace.root), "logs", "--json", stdout=reader.stdin, stderr=subprocess.PIPE)
        assert reader.stdin is not None
        assert reader.stdout is not None
        reader.stdin.close()
        assert reader.stdout.read() == '{"ts": "2026-11-23T10:00:00Z", "level": "info", "event": "e0"}\n'
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_output_that_cannot_be_written_is_a_failure(workspace: WorkspacePaths) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = spawned("-C", str(workspace.root), "status", "--json", stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, "orch: [Errno 28] No space left on device\n")
