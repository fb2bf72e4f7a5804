"""The environment variables that point a git command to one repo, and mislead it in every other one."""

from __future__ import annotations

from collections.abc import Mapping

from supervisor.domain.process import OF_ONE_REPO
from supervisor.regex import regex

_COUNTED = regex(r"GIT_CONFIG_(KEY|VALUE)_\d+")
"""The settings that GIT_CONFIG_COUNT counts."""


def without_repo(environ: Mapping[str, str]) -> dict[str, str]:
    """Copy an environment without the variables that name one repo. A git hook, for example, sets them."""
    return {name: value for name, value in environ.items() if name not in OF_ONE_REPO and not _COUNTED.fullmatch(name)}
