"""Repositories for the tests that read git: an ordinary one and a hostile one. Also a shell script instead of git."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from supervisor.shell.git import run


def without_configuration(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use no configuration of the user."""
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return without_configuration(tmp_path / "home", monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return new_repo(tmp_path / "repo")


_templates = TemporaryDirectory(prefix="orch-repos-")
"""A repo of each kind, of which the tests get copies: hundreds of them, and git takes many processes for each."""


def new_repo(folder: Path) -> Path:
    """Make a repository with one commit of `a` and `b`."""
    template = Path(_templates.name) / "new"
    if not template.exists():
        empty_repo(template)
        (template / "a").write_text("one\n", encoding="utf-8")
        (template / "b").write_text("two\n", encoding="utf-8")
        commit(template)
    return _copied(template, folder)


def empty_repo(folder: Path) -> Path:
    template = Path(_templates.name) / "empty"
    if not template.exists():
        template.mkdir()
        git(template, "init", "-q", "-b", "main")
        for sample in (template / ".git/hooks").iterdir():
            sample.unlink()
    return _copied(template, folder)


def _copied(template: Path, folder: Path) -> Path:
    shutil.copytree(template, folder)
    if (folder / ".git/index").exists():
        git(folder, "update-index", "-q", "--refresh")  # it knows the files by their inodes
    return folder


def git(folder: Path, *args: str) -> str:
    name = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")
    name += ("-c", "maintenance.auto=false")
    done = subprocess.run(
        ["git", *name, *args], cwd=folder, check=True, capture_output=True, text=True, encoding="utf-8", timeout=20
    )
    return done.stdout.strip()


def commit(folder: Path, subject: str = "work") -> None:
    """Commit everything, even if nothing changed."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", subject)


def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """Put a shell script in the place of git."""
    runner, _ = run.installed_git()
    program = tmp_path / "stand-in"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(run, "installed_git", lambda: (runner, str(program)))


class Hostile:
    """A repository in which every program that git may run while it reads touches a canary."""

    def __init__(self, folder: Path, canaries: Path) -> None:
        self.folder = folder
        self.canaries = canaries
        canaries.mkdir()
        evil = {
            "core.fsmonitor": "fsmonitor",
            "filter.evil.clean": "clean",
            "filter.evil.process": "process",
            "filter.evil.smudge": "smudge",
            "filter.a=b.clean": "clean-of-a-name-with-an-equals-sign",
            "filter..clean": "clean-of-no-name",
            "diff.external": "external",
            "diff.evil.command": "command",
            "diff.evil.textconv": "textconv",
            "core.pager": "pager",
            "pager.status": "pager-of-status",
            "core.sshCommand": "ssh",
            "gpg.program": "gpg",
            "alias.status": "!alias",
        }
        for key, name in evil.items():
            git(folder, "config", key, ("!" if name[0] == "!" else "") + self.touch(name.lstrip("!")))
        git(folder, "config", "filter.evil.required", "true")
        git(folder, "config", "log.showSignature", "true")
        included = folder / ".git" / "included"
        included.write_text(f'[filter "inc"]\n\tclean = {self.touch("clean-of-an-include")}\n', encoding="utf-8")
        git(folder, "config", "include.path", str(included))
        attributes = "a filter=evil diff=evil\nb filter=a=b diff=evil\nc filter=inc\nd filter=\n"
        (folder / ".gitattributes").write_text(attributes, encoding="utf-8")
        hooks = folder / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        for hook in ("post-index-change", "fsmonitor-watchman", "post-checkout", "reference-transaction"):
            (hooks / hook).write_text(f"#!/bin/sh\n{self.touch('hook-' + hook)}\n", encoding="utf-8")
            (hooks / hook).chmod(0o755)

    def touch(self, name: str) -> str:
        return f"touch {self.canaries}/{name}; cat"

    def make_everything_dirty(self) -> None:
        for name in ("a", "b", "c", "d"):
            file = self.folder / name
            size = file.stat().st_size
            file.write_text(
                "x" * size, encoding="utf-8"
            )  # With the same size, git has to read and filter it to notice the change.

    def ran(self) -> set[str]:
        return {path.name for path in self.canaries.iterdir()}
