"""What every command takes: the workspace and the colour, `orch help` and `orch version`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor import __version__
from supervisor.cli.main import run
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, child, spawned, status_json


def test_the_workspace_is_named_by_a_variable_and_minus_c_goes_first(
    workspace: WorkspacePaths,
    standin: Callable[..., Standin],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    standin(status_json())
    monkeypatch.chdir(tmp_path)
    assert run(["asks"]) == 1
    for given in (str(workspace.root), "ws"):
        monkeypatch.setenv("ORCH_WORKSPACE", given)
        assert run(["asks"]) == 0
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ORCH_WORKSPACE", "~/ws")
    assert run(["asks"]) == 0
    (tmp_path / "plain").mkdir()
    assert run(["-C", "plain", "asks"]) == 1
    monkeypatch.setenv("ORCH_WORKSPACE", "plain")
    capsys.readouterr()
    assert run(["asks"]) == 1
    assert capsys.readouterr().err.startswith(
        "orch: ORCH_WORKSPACE is set, and there is no orchestrator.config.yaml in "
    )
    assert run(["-C", "ws", "asks"]) == 0
    monkeypatch.setenv("ORCH_WORKSPACE", "nowhere")
    capsys.readouterr()
    assert run(["asks"]) == 2
    assert capsys.readouterr().err == (
        "orch: ORCH_WORKSPACE names nowhere, which is not a folder: correct it, unset it, or use -C\n"
    )
    monkeypatch.setenv("ORCH_WORKSPACE", "")
    monkeypatch.chdir(workspace.root)
    assert run(["asks"]) == 0


@pytest.mark.parametrize("words", [["--color", "always", "status"], ["status", "--color=always"]])
def test_colour_is_forced_even_into_a_pipe_and_nothing_is_cut(
    words: list[str], workspace: WorkspacePaths, standin: Callable[..., Standin]
) -> None:
    standin(status_json(children=(child("backend", problem="x" * 300), child("mobile"))))
    done = spawned("-C", str(workspace.root), *words)
    assert "\x1b[32mready\x1b[0m" in done.stdout
    assert "x" * 300 in done.stdout
    plain = spawned("-C", str(workspace.root), "--color", "never", "status")
    assert "\x1b" not in plain.stdout
    assert _uncoloured(done.stdout) == plain.stdout


def _uncoloured(text: str) -> str:
    for number in range(1, 40):
        text = text.replace(f"\x1b[{number}m", "")
    return "".join(f"{line.rstrip()}\n" for line in text.replace("\x1b[0m", "").splitlines())


def test_errors_are_coloured_alike(workspace: WorkspacePaths, orch: Orch) -> None:
    assert orch("asks", "--color", "always").err.startswith("\x1b[31morch:\x1b[0m the supervisor is not up")
    assert orch("asks", "--color", "auto").err.startswith("orch: the supervisor is not up")


@pytest.mark.parametrize("words", [["--color"], ["--color=red"], ["--color", "allways"], ["--color="]])
def test_an_unknown_way_to_colour_is_wrong_usage(words: list[str], orch: Orch) -> None:
    code, out, err = orch("asks", *words)
    assert (code, out, err.endswith(": use auto, always or never\n")) == (2, "", True)


def test_what_follows_two_dashes_is_left_alone(
    workspace: WorkspacePaths, standin: Callable[..., Standin], orch: Orch
) -> None:
    supervisor = standin(status_json())
    assert orch("note", "--", "--color", "-C").code == 0
    assert supervisor.calls[0][1]["text"] == "--color -C"


# ── help and version ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", [[], ["status"], ["plan"], ["plan", "check"], ["skill"], ["help"], ["plan write"]])
def test_help_is_that_of_the_command(words: list[str], orch: Orch) -> None:
    assert orch("help", *words) == orch(*" ".join(words).split(), "--help")


@pytest.mark.parametrize(("words", "hint"), [(["statsu"], "`status`"), (["plan", "chek"], "`plan check`")])
def test_help_for_an_unknown_command_names_the_nearest(words: list[str], hint: str, orch: Orch) -> None:
    assert orch("help", *words) == (
        2,
        "",
        f"orch: there is no command `{' '.join(words)}`: did you mean {hint}?\n",
    )


def codex(folder: Path, version: str) -> str:
    path = folder / "codex"
    path.write_text(f"#!/bin/sh\necho codex-cli {version}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_versions_are_told_apart(
    orch: Orch, standin: Callable[..., Standin], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = codex(tmp_path, "0.170.0")
    monkeypatch.setenv("ORCH_CODEX_BIN", path)
    assert orch("version") == (
        0,
        f"orch        {__version__}\nsupervisor  the supervisor is not up\ncodex       0.170.0 ({path})\n",
        "",
    )
    standin(status_json(children=(child("backend", codex="0.163.0"), child("mobile", codex="0.170.0"))))
    assert orch("version").out == (
        f"orch        {__version__}\nsupervisor  0.1.0 (process 7)\ncodex       0.170.0 ({path})\n"
        "            0.163.0 in the server of backend: `orch restart backend` takes the new one\n"
    )
    assert json.loads(orch("version", "--json").out) == {
        "orch": __version__,
        "supervisor": "0.1.0",
        "codex": "0.170.0",
        "codex_path": path,
        "servers": {"backend": "0.163.0", "mobile": "0.170.0"},
    }


def test_versions_are_shown_anywhere_and_without_a_codex(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORCH_CODEX_BIN", "/nowhere/codex")
    assert run(["-C", str(tmp_path), "version"]) == 0
    assert capsys.readouterr().out == (
        f"orch        {__version__}\nsupervisor  none: this is no workspace\n"
        "codex       ORCH_CODEX_BIN names /nowhere/codex, which is not a program: correct or remove it, then "
        "`orch down`, `orch up`\n"
    )
    assert run(["-C", str(tmp_path), "version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["codex"] is None


def test_the_codex_of_the_config_is_the_one(workspace: WorkspacePaths, orch: Orch, tmp_path: Path) -> None:
    path = codex(tmp_path, "0.168.0")
    with workspace.config.open("a", encoding="utf-8") as file:
        file.write(f"codex: {{bin: {path}}}\n")
    assert f"codex       0.168.0 ({path})\n" in orch("version").out
    workspace.config.write_text("children: 5\n", encoding="utf-8")
    code, out, _ = orch("version")
    assert (code, "codex       unknown: " in out) == (0, True)
