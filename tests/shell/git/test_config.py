"""The configuration of a repo is read once for a while, and anew when the repo's own files change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from supervisor.shell.git import config
from supervisor.shell.git.config import means_no, read_config
from tests.gitrepo import git


@pytest.fixture(autouse=True)
def setting(repo: Path) -> None:
    git(repo, "config", "orch.test", "one")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command of each call of git."""
    made: list[str] = []
    real = config.run_git

    def counting(path: Path, *args: str, **others: Any) -> Any:
        made.append(args[0])
        return real(path, *args, **others)

    monkeypatch.setattr(config, "run_git", counting)
    return made


def said(repo: Path, key: str = "orch.test") -> bytes | None:
    return next((one.value for one in reversed(read_config(repo)) if one.key == key), None)


def test_one_command_asks_git_once(repo: Path, reads: list[str]) -> None:
    assert [said(repo), said(repo), said(repo)] == [b"one"] * 3
    assert reads == ["config"]


def test_an_edit_of_the_repos_own_file_counts_at_once(repo: Path, reads: list[str]) -> None:
    assert said(repo) == b"one"
    file = repo / ".git" / "config"
    file.write_text(file.read_text(encoding="utf-8").replace("one", "two"), encoding="utf-8")
    assert said(repo) == b"two"
    git(repo, "config", "extensions.worktreeConfig", "true")
    git(repo, "config", "--worktree", "orch.test", "three")
    assert said(repo) == b"three"
    assert reads == ["config"] * 3


def test_an_edit_of_the_users_own_files_counts_at_once(
    repo: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, own = home / ".config" / "git" / "config", home / ".gitconfig"
    shared.parent.mkdir(parents=True)
    for file, value in ((shared, "ada"), (own, "bob"), (own, "eve")):
        file.write_text(f"[orch]\nuser = {value}\n", encoding="utf-8")
        assert said(repo, "orch.user") == value.encode()
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "other"))
    assert said(repo, "orch.user") is None


def test_an_edit_of_the_systems_file_counts_after_a_while(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_CONFIG_NOSYSTEM")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(system := tmp_path / "system"))
    for value in (b"ada", b"bob"):
        system.write_bytes(b"[orch]\nuser = " + value + b"\n")
        assert said(repo, "orch.user") == value
        monkeypatch.setattr(config, "FRESH", 0.0)


def test_what_includes_other_files_is_read_each_time(repo: Path, tmp_path: Path) -> None:
    included = tmp_path / "included"
    git(repo, "config", "include.path", str(included))
    for value in ("two", "three"):
        included.write_text(f"[orch]\ntest = {value}\n", encoding="utf-8")
        assert said(repo) == value.encode()


def test_a_yes_or_no_means_what_git_takes_it_for(repo: Path) -> None:
    for value in ("", "0", "00", "-0", "0x0", "0k", "no", "OFF", "False", "1", "2", "-1", "yes", "on"):
        git(repo, "config", "orch.test", value)
        assert means_no(value) == (git(repo, "config", "--type=bool", "orch.test") == "false"), value
