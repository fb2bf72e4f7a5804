"""Filters of a repo that nobody trusts, switched off for its server.

Codex reads git in a repo outside of its sandbox, without being asked, and git then runs the filters that the repo's own
configuration names (tried with 0.163 and 0.171). Settings in the environment win over the repo's.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from supervisor.shell.git.folder import names_no_filter, place_of


def without_filters(repo: Path) -> dict[str, str]:
    """Return the variables that switch off the filters of the repo's own configuration. Raises WorkspaceError."""
    place = place_of(repo)
    if place is not None and names_no_filter(place):
        return {}
    config = importlib.import_module("supervisor.shell.git.config")  # late (4 ms): hardly any repo names a filter
    names: frozenset[str] = config.filters_of(config.read_config(repo))
    keys = [f"filter.{name}.{key}" for name in sorted(names) for key in ("clean", "smudge", "process", "required")]
    pairs = {f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(keys)}
    pairs |= {f"GIT_CONFIG_VALUE_{number}": "" for number in range(len(keys))}
    return {"GIT_CONFIG_COUNT": str(len(keys)), **pairs} if keys else {}
