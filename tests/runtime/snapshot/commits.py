"""Commits and conflicts of a repository, made as a person makes them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.gitrepo import commit, git


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def save(folder: Path, subject: str, **files: str) -> None:
    write(folder, **files)
    commit(folder, subject)


def dated(folder: Path, day: str, subject: str, **files: str) -> None:
    write(folder, **files)
    git(folder, "add", "-A")
    environment = {**os.environ, "GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
    name = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    command = ["git", *name, "commit", "-q", "--allow-empty", "-m", subject]
    subprocess.run(command, cwd=folder, check=True, env=environment, timeout=10)


def fails(folder: Path, *args: str) -> None:
    """Run a git command that stops half-way."""
    with pytest.raises(subprocess.CalledProcessError):
        git(folder, *args)


def diverge(repo: Path) -> None:
    """Make two branches, `main` and `other`, that changed `a` differently."""
    git(repo, "checkout", "-qb", "other")
    save(repo, "theirs", a="theirs\n")
    save(repo, "theirs again", a="theirs again\n")
    git(repo, "checkout", "-q", "main")
    save(repo, "ours", a="ours\n")
