"""Find the git folder, read its small files, and check the configuration for filters, all without running git."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.errors import WorkspaceError
from supervisor.shell.git import run
from supervisor.shell.git.config import read_config
from supervisor.shell.git.folder import GitDir, names_no_filter, place_of, read_small
from supervisor.shell.git.run import run_git
from tests.gitrepo import git

pytestmark = pytest.mark.timeout(10)


def real(path: Path, *words: str) -> str:
    return os.path.realpath(path / git(path, "rev-parse", *words))


def test_the_git_folder_is_found_as_git_finds_it(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo), "inner")
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare")
    git(tmp_path, "init", "-q", "--separate-git-dir", str(tmp_path / "kept"), "separate")
    for path in (repo, tmp_path / "linked", repo / "inner", tmp_path / "bare", tmp_path / "separate"):
        place = place_of(path)
        assert place is not None
        assert os.path.realpath(place.git) == real(path, "--absolute-git-dir")
        assert os.path.realpath(place.common) == real(path, "--git-common-dir")


def test_a_folder_that_is_no_root_has_no_git_dir(repo: Path, tmp_path: Path) -> None:
    (repo / "sub").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / ".git").write_text("nonsense", encoding="utf-8")
    assert [place_of(path) for path in (repo / "sub", tmp_path / "odd", tmp_path / "gone")] == [None, None, None]


def test_only_the_beginning_of_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 10_000)
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").write_bytes(b"inner")
    (tmp_path / "linked").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    assert len(read_small(tmp_path, "file") or b"") == 4096
    assert read_small(tmp_path, "folder", "inner", limit=3) == b"inn"
    names = (("link",), ("linked", "inner"), ("folder",), ("pipe",), ("gone",), ("file", "below"), ("nul\0",))
    assert [read_small(tmp_path, *name) for name in names] == [None] * len(names)


def test_a_configuration_is_trusted_without_git_only_when_nothing_in_it_can_name_a_filter(repo: Path) -> None:
    config = repo / ".git" / "config"
    plain = config.read_text(encoding="utf-8")
    place = GitDir(repo / ".git", repo / ".git")
    assert names_no_filter(place)
    for more in (
        '[filter "x"]\n\tclean = x\n',
        "[FILTER.x]\n\tclean = x\n",
        '[Filter   "x"] clean = x\n',
        "[include]\n\tpath = other\n",
        '[includeIf "onbranch:main"]\n\tpath = other\n',
        '[lfs "extension.x"]\n\tclean = x\n',
        f"# {'x' * 70_000}\n",
    ):
        config.write_text(plain + more, encoding="utf-8")
        assert not names_no_filter(place), more
    config.write_text(plain, encoding="utf-8")
    (repo / ".git" / "config.worktree").write_text('[filter "x"]\n\tclean = x\n', encoding="utf-8")
    assert not names_no_filter(place)
    (repo / ".git" / "config.worktree").unlink()
    config.rename(repo / ".git" / "moved")
    config.symlink_to("moved")
    assert not names_no_filter(place)


def test_settings_are_read_and_those_of_the_repo_are_marked(repo: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n[x]\n\tyes\n", encoding="utf-8")
    git(repo, "config", "remote.o.url", "two\nlines")
    settings = {setting.key: setting for setting in read_config(repo)}
    assert (settings["user.name"].value, settings["user.name"].of_repo) == (b"Ada", False)
    assert (settings["remote.o.url"].value, settings["remote.o.url"].of_repo) == (b"two\nlines", True)
    assert settings["x.yes"].value == b"true"


def test_a_git_that_reads_an_endless_file_is_killed_before_it_has_all_memory(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "MEMORY_LIMIT", 100 << 20)
    endless = ("diff.orderFile=/dev/zero",)
    with pytest.raises(WorkspaceError, match="git log took more than 100 MB of memory"):
        run_git(repo, "log", "--name-only", settings=endless)
    answer = run_git(repo, "log", "--name-only", settings=endless, partial=True)
    assert (answer.cut, answer.stopped) == (True, "took more than 100 MB of memory")
