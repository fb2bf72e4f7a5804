"""The children of a workspace, without checking a config that is as it was (pydantic and YAML cost 0.1 s)."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from supervisor import __version__
from supervisor.domain.child import Child
from supervisor.domain.plan import Budget
from supervisor.runtime.workspace import Workspace
from supervisor.shell.atomic import write_atomic


def children_of(workspace: Workspace) -> tuple[Child, ...]:
    """What `config.named` says of the workspace. Raises ConfigError, as that does."""
    key = _key(workspace)
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(workspace.children_named.read_bytes())
        if key and kept["key"] == key:
            return tuple(_child(**one) for one in kept["children"])
    from supervisor.runtime.config import named

    found = named(workspace)
    with suppress(OSError):  # it only costs more the next time
        workspace.state.mkdir(mode=0o700, exist_ok=True)
        write_atomic(workspace.children_named, json.dumps({"key": key, "children": [asdict(one) for one in found]}))
    return found


def _child(budget: dict[str, Any] | None, **fields: Any) -> Child:
    return Child(**fields, budget=Budget(**budget) if budget is not None else None)


def _key(workspace: Workspace) -> str:
    """What the children depend on; "" for a config that cannot be read."""
    try:
        text = workspace.config.read_bytes()
    except OSError:
        return ""
    around = f"{__version__}\0{workspace.root}\0{os.path.expanduser('~')}\0"
    return hashlib.sha256(os.fsencode(around) + text).hexdigest()
