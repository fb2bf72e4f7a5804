"""What the tests of `orch land` share: how it is called, and what they look at in repos and remotes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.conftest import Ran
from tests.gitrepo import git
from tests.landscape import Landscape

BRANCH = "orch/move-the-fleet"
REF = f"refs/heads/{BRANCH}"
Land = Callable[..., Ran]
"""Calls `orch land` with these words."""


def answer(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.out)
    return found


def subjects(repo: Path, branch: str = BRANCH) -> list[str]:
    return git(repo, "log", "--format=%s", branch).splitlines()


def branches(made: Landscape) -> dict[str, str]:
    found = {
        name: git(repo, "for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}")
        for name, repo in made.repos.items()
    }
    return {name: oid for name, oid in found.items() if oid}


def locks(made: Landscape) -> list[Path]:
    return [path for repo in made.repos.values() for path in (repo / ".git").rglob("*.lock")]


def with_remote(repo: Path, bare: Path) -> Path:
    git(repo.parent, "init", "-q", "--bare", "-b", "main", str(bare))
    git(repo, "remote", "add", "origin", f"file://{bare}")
    git(repo, "push", "-q", "-u", "origin", "main")
    return bare


def there(bare: Path, ref: str = REF) -> str:
    return git(bare, "for-each-ref", "--format=%(objectname)", ref)


def hook(repo: Path, name: str, text: str) -> None:
    folder = repo / "hooks" if repo.suffix == ".git" else repo / ".git" / "hooks"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def tip(repo: Path) -> str:
    return git(repo, "rev-parse", BRANCH)
