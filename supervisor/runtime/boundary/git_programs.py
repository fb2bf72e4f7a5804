"""What git runs for a repo because the repo says so: Codex reads git outside of its sandbox."""

from __future__ import annotations

from pathlib import Path

from supervisor.core.boundary.programs import programs
from supervisor.core.text.redact import redact
from supervisor.domain.repo.pathname import shown
from supervisor.shell.git.config import read_config
from supervisor.shell.git.hooks import hooks_of


def git_programs(repo: Path) -> tuple[str, ...]:
    """The programs that the repo's own git configuration and its hooks name, a line each. Raises WorkspaceError."""
    settings = read_config(repo)
    own = [(one.key, redact(shown(one.value))) for one in settings if one.of_repo]
    return programs(own, hooks_of(repo, settings))
