"""The environment variables that point a git command to one repo, and mislead it in every other one."""

from __future__ import annotations

from collections.abc import Mapping

from supervisor.regex import regex

LOCAL = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""What `git rev-parse --local-env-vars` prints, of all versions of git, and the folder of a push that is checked."""

_COUNTED = regex(r"GIT_CONFIG_(KEY|VALUE)_\d+")
"""The settings that GIT_CONFIG_COUNT counts."""


def without_repo(environ: Mapping[str, str]) -> dict[str, str]:
    """Copy an environment without the variables that name one repo. A git hook, for example, sets them."""
    return {name: value for name, value in environ.items() if name not in LOCAL and not _COUNTED.fullmatch(name)}
