"""`orch service`: the unit that brings a workspace up after a reboot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from supervisor.cli.setup import service
from supervisor.runtime.presence.service import unit_name, unit_text
from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.conftest import Orch


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, with stand-ins for the programs of systemd that write down how they were called."""
    home, programs = tmp_path / "home", tmp_path / "bin"
    programs.mkdir()
    for name, answer in (("systemctl", ""), ("loginctl", "no")):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/calls\necho {answer}\n', encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return home


def test_it_is_installed_replaced_and_removed(
    home: Path, workspace: WorkspacePaths, orch: Orch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = home / ".config/systemd/user" / unit_name(workspace)
    link = unit.parent / "default.target.wants" / unit.name
    assert orch("service", "install") == (
        0,
        f"installed {unit}\n",
        "orch: it starts at your login; to start it at boot, run `loginctl enable-linger`\n",
    )
    assert (link.is_symlink(), link.resolve()) == (True, unit)
    assert f'-C" "{workspace.root}" up\n' in unit.read_text(encoding="utf-8")
    assert (unit.stat().st_mode & 0o777) == 0o600
    assert orch("service", "install").out == f"is installed already: {unit}\n"
    monkeypatch.setenv("CODEX_HOME", "/srv/codex")
    assert json.loads(orch("service", "install", "--json").out)["state"] == "replaced"
    assert 'Environment="CODEX_HOME=/srv/codex"\n' in unit.read_text(encoding="utf-8")
    assert orch("service", "remove") == (0, f"removed {unit}\n", "")
    assert not os.path.lexists(link)
    assert orch("service", "remove") == (0, f"there was none: {unit}\n", "")
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert calls.count("systemctl --user daemon-reload") == 4


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ("echo 'Failed to connect to bus' >&2; exit 1", "systemd did not take it in (Failed to connect to bus)"),
        (None, "there is no systemctl on PATH: the unit counts once systemd runs here"),
    ],
)
def test_without_a_running_systemd_the_unit_is_there_and_what_is_left_is_said(
    script: str | None,
    left: str,
    home: Path,
    workspace: WorkspacePaths,
    orch: Orch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = tmp_path / "bin" / "systemctl"
    if script is None:
        program.unlink()
        monkeypatch.setenv("PATH", str(program.parent))
    else:
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    done = orch("service", "install")
    assert (done.code, left in done.err) == (0, True)
    assert (home / ".config/systemd/user" / unit_name(workspace)).is_file()


def test_without_a_console_script_python_finds_the_package(
    home: Path, workspace: WorkspacePaths, orch: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "this_orch", lambda: ["/usr/bin/python3", "-m", "supervisor.cli.main"])
    assert orch("service", "install").code == 0
    text = (home / ".config/systemd/user" / unit_name(workspace)).read_text(encoding="utf-8")
    assert f'Environment="PYTHONPATH={CHECKOUT}"\n' in text
    assert 'ExecStart="/usr/bin/python3" "-m" "supervisor.cli.main" "-C"' in text


def test_variables_in_paths_of_the_config_are_kept_and_no_others(
    home: Path, workspace: WorkspacePaths, orch: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPOS", str(workspace.root.parent))
    monkeypatch.setenv("TOKEN", "not-for-a-file")
    workspace.config.write_text(
        "children:\n  backend: $REPOS/backend\nnotify:\n  command: [sh, -c, 'curl -H $TOKEN x']\n", encoding="utf-8"
    )
    assert orch("service", "install").code == 0
    text = (home / ".config/systemd/user" / unit_name(workspace)).read_text(encoding="utf-8")
    assert f'Environment="REPOS={workspace.root.parent}"\n' in text
    assert "not-for-a-file" not in text


@pytest.mark.parametrize("name", ["ws", "a b", "50% \"off\" $HOME 'x'", "tab\tand\\n", "ünï"])
def test_systemd_reads_the_unit_of_any_folder(name: str, tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path / name)
    text = unit_text(workspace, ["/bin/true"], {"PATH": "/a b:/c%d", "X": 'q"u\\o$te'})
    (file := tmp_path / "orch-x.service").write_text(text, encoding="utf-8")
    checker = shutil.which("systemd-analyze")
    if checker is not None:
        done = subprocess.run([checker, "--user", "verify", str(file)], capture_output=True, text=True, timeout=60)
        assert "orch-x" not in done.stderr, done.stderr
    assert text.isprintable() or "\t" not in text
