"""A repository, and a user without any configuration."""

from __future__ import annotations

from tests.gitrepo import home, repo

__all__ = ["home", "repo"]
