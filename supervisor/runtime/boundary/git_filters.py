"""Filters of a repo that nobody trusts, switched off for its server.

Codex reads git in a repo outside of its sandbox, without being asked, and git then runs the filters that the repo's own
configuration names (tried with 0.163 and 0.171); those of its submodules, too (0.163). Settings in the environment win
over the repo's.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from supervisor.shell.git.folder import names_no_filter, place_of


def without_filters(repo: Path) -> dict[str, str]:
    """Return the variables that switch off the filters that the repo and its submodules name. Raises WorkspaceError."""
    names = _filters(repo)
    if os.path.lexists(repo / ".gitmodules"):
        submodules = importlib.import_module("supervisor.shell.git.submodules")  # late (4 ms), as below
        names = names.union(*map(_filters, submodules.submodules_of(repo)))
    keys = [f"filter.{name}.{key}" for name in sorted(names) for key in ("clean", "smudge", "process", "required")]
    pairs = {f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(keys)}
    pairs |= {f"GIT_CONFIG_VALUE_{number}": "" for number in range(len(keys))}
    return {"GIT_CONFIG_COUNT": str(len(keys)), **pairs} if keys else {}


def _filters(repo: Path) -> frozenset[str]:
    place = place_of(repo)
    if place is not None and names_no_filter(place):
        return frozenset()
    config = importlib.import_module("supervisor.shell.git.config")  # late (4 ms): hardly any repo names a filter
    found: frozenset[str] = config.filters_of(config.read_config(repo))
    return found
