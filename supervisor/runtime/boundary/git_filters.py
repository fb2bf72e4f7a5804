"""Filters of a repo that nobody trusts, switched off for its server.

Codex reads git in a repo outside of its sandbox, without being asked, and git then runs the filters that the repo's own
configuration names (tried with 0.163 and 0.171); those of its submodules, too (0.163). Settings in the environment win
over the repo's.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.late import Late
from supervisor.shell.git.folder import names_no_filter, place_of

if TYPE_CHECKING:
    from supervisor.shell.git import config, submodules
else:  # 4 ms each: hardly any repo names a filter, or has submodules
    config = Late("supervisor.shell.git.config")
    submodules = Late("supervisor.shell.git.submodules")


def without_filters(repo: Path) -> dict[str, str]:
    """Return the variables that switch off the filters that the repo and its submodules name. Raises WorkspaceError."""
    names = _filters(repo)
    if os.path.lexists(repo / ".gitmodules"):
        names = names.union(*map(_filters, submodules.submodules_of(repo)))
    keys = [f"filter.{name}.{key}" for name in sorted(names) for key in ("clean", "smudge", "process", "required")]
    pairs = {f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(keys)}
    pairs |= {f"GIT_CONFIG_VALUE_{number}": "" for number in range(len(keys))}
    return {"GIT_CONFIG_COUNT": str(len(keys)), **pairs} if keys else {}


def _filters(repo: Path) -> frozenset[str]:
    place = place_of(repo)
    if place is not None and names_no_filter(place):
        return frozenset()
    return config.filters_of(config.read_config(repo))
