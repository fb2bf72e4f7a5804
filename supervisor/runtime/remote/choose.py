"""Where a child lives decides who serves it. This is the one place that asks. What serves children on other machines is
imported only if there is one."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from supervisor.domain.child import Child
from supervisor.runtime.codex.checks import LocalTree, WorkTree
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.config.model import Config
from supervisor.runtime.logs import Logs
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.form import ref_of


def client_of(child: Child, **common: Any) -> ServerClient:
    """Return the client of a child's server; `common` is what all of them are given."""
    if child.runner is None:
        return ServerClient(child, **common)
    remote = importlib.import_module("supervisor.runtime.remote.server")
    client: ServerClient = remote.RemoteServerClient(child, runner=child.runner, **common)
    return client


def tree_of(workspace: WorkspacePaths, child: Child) -> WorkTree:
    """Return the work tree of a child."""
    if child.runner is None:
        return LocalTree(Path(child.path), KeptTrees(Path(child.path), ref_of(workspace.id, child.name)))
    remote = importlib.import_module("supervisor.runtime.remote.tree")
    tree: WorkTree = remote.of_child(workspace, child)
    return tree


async def end_strays(workspace: WorkspacePaths, config: Config, registry: Registry, logs: Logs) -> None:
    """End the servers on other machines whose children left the config, or live here now."""
    if registry.elsewhere():
        await importlib.import_module("supervisor.runtime.remote.ending").end_strays(workspace, config, registry, logs)
