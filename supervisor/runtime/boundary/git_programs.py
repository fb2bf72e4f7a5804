"""What git runs for a repo because the repo says so: Codex reads git outside of its sandbox."""

from __future__ import annotations

import os
from pathlib import Path

from supervisor.core.boundary.programs import programs
from supervisor.core.text.redact import redact
from supervisor.domain.repo.pathname import shown
from supervisor.shell.git.config import read_config
from supervisor.shell.git.hooks import hooks_of
from supervisor.shell.git.submodules import submodules_of


def git_programs(repo: Path) -> tuple[str, ...]:
    """List the programs that the git configuration and the hooks of a repo and its submodules name, a line each.

    All of them, however many: nobody can agree to what they were not shown. Raises WorkspaceError.
    """
    found = list(_of(repo))
    for inner in submodules_of(repo):
        found += [f"{shown(os.fsencode(inner.relative_to(repo)))}: {line}" for line in _of(inner)]
    return tuple(found)


def _of(repo: Path) -> tuple[str, ...]:
    settings = read_config(repo)
    own = [(one.key, redact(shown(one.value))) for one in settings if one.of_repo]
    return programs(own, hooks_of(repo, settings))
