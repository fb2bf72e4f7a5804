"""A user without any configuration."""

from __future__ import annotations

from tests.gitrepo import home

__all__ = ["home"]
