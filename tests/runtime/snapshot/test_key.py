"""The key of a state changes only with the repository, and takes almost no time."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from supervisor.runtime.snapshot.git import read_state
from supervisor.runtime.snapshot.git_calls import look
from tests.gitrepo import commit, git, new_repo
from tests.runtime.snapshot.commits import save, write

pytestmark = pytest.mark.timeout(30)


def test_the_key_changes_with_head_index_and_work_tree_and_with_nothing_else(repo: Path) -> None:
    seen = [look(repo).key]

    def changed() -> bool:
        seen.append(look(repo).key)
        assert seen[-1] == read_state(repo)[0].key
        return seen[-1] not in seen[:-1]

    (repo / "a").touch()
    assert not changed()
    write(repo, **{".git/info/exclude": "ignored\n", "ignored": "x"})
    assert not changed()
    write(repo, a="dirty\n")
    assert changed()
    write(repo, a="again\n")
    assert changed()
    git(repo, "add", "a")
    assert changed()
    write(repo, new="1")
    assert changed()
    write(repo, new="2")
    assert changed()
    commit(repo)
    assert changed()
    git(repo, "checkout", "-qb", "other")
    assert changed()


def test_the_key_follows_the_commits_of_a_submodule(repo: Path, tmp_path: Path) -> None:
    inner = new_repo(tmp_path / "inner")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    commit(repo)
    keys = [look(repo).key]
    for number in range(2):
        save(repo / "inner", "inside", c=f"{number}")
        keys.append(look(repo).key)
    assert len(set(keys)) == 3


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that were run."""
    commands: list[str] = []
    popen = subprocess.Popen.__init__

    def counted(self: Any, args: Any, *rest: Any, **options: Any) -> None:
        words = list(args)
        commands.append(words[words.index("-C") + 2] if "-C" in words else words[0])
        popen(self, args, *rest, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", counted)
    return commands


def test_a_key_takes_one_status_unless_the_configuration_may_name_filters(repo: Path, called: list[str]) -> None:
    look(repo)
    called.clear()
    look(repo)
    assert called == ["status"]
    git(repo, "config", "filter.x.clean", "cat")
    called.clear()
    look(repo)
    assert called == ["config", "status"]


def test_a_state_takes_few_calls_however_many_commits_there_are(repo: Path, called: list[str]) -> None:
    for number in range(20):
        save(repo, f"commit {number}", a=f"{number}")
    called.clear()
    read_state(repo)
    assert sorted(called) == ["config", "for-each-ref", "log", "log", "log", "ls-files", "rev-parse", "status"]
