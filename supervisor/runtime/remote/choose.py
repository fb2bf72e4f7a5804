"""Where a child lives decides who serves it. This is the one place that asks. What serves children on other machines is
imported only if there is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from supervisor.domain.child import Child
from supervisor.late import Late
from supervisor.runtime.codex.checks import LocalTree, WorkTree
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.config.model import Config
from supervisor.runtime.logs import Logs
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.form import ref_of

if TYPE_CHECKING:
    from supervisor.runtime.remote import ending, server, tree
else:
    ending = Late("supervisor.runtime.remote.ending")
    server = Late("supervisor.runtime.remote.server")
    tree = Late("supervisor.runtime.remote.tree")


def client_of(child: Child, **common: Any) -> ServerClient:
    """Return the client of a child's server; `common` is what all of them are given."""
    if child.runner is None:
        return ServerClient(child, **common)
    return server.RemoteServerClient(child, runner=child.runner, **common)


def tree_of(workspace: WorkspacePaths, child: Child) -> WorkTree:
    """Return the work tree of a child."""
    if child.runner is None:
        return LocalTree(Path(child.path), KeptTrees(Path(child.path), ref_of(workspace.id, child.name)))
    return tree.of_child(workspace, child)


async def end_strays(workspace: WorkspacePaths, config: Config, registry: Registry, logs: Logs) -> None:
    """End the servers on other machines whose children left the config, or live here now."""
    if registry.elsewhere():
        await ending.end_strays(workspace, config, registry, logs)
