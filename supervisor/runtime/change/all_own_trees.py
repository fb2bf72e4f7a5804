"""The linked work trees of all children. What makes and merges them is imported only if there are some."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from supervisor.domain.action import MakeTree, MergeTree
from supervisor.domain.child import Child
from supervisor.domain.event import Event
from supervisor.late import Late
from supervisor.runtime.config.model import Config
from supervisor.runtime.workspace import WorkspacePaths

if TYPE_CHECKING:
    from supervisor.runtime.change import own_trees
    from supervisor.runtime.change.land import place
    from supervisor.runtime.codex.checks import WorkTree
else:
    own_trees = Late("supervisor.runtime.change.own_trees")
    place = Late("supervisor.runtime.change.land.place")


class AllOwnTrees:
    """Carries out what is decided about them."""

    def __init__(self, workspace: WorkspacePaths, config: Config) -> None:
        self._workspace = workspace
        self._config = config
        self._known: dict[str, own_trees.OwnTrees] = {}

    async def carry_out(
        self,
        action: MakeTree | MergeTree,
        child: Child,
        tree: WorkTree,
        post: Callable[[Event], None],
        now: Callable[[], datetime],
    ) -> None:
        """Make the work tree of a run, or merge it."""
        if child.name not in self._known:
            what = "a work tree of a task"
            refuse = partial(place.refuse_writable, workspace=self._workspace, config=self._config, what=what)
            self._known[child.name] = own_trees.OwnTrees(child, tree, self._workspace, refuse, post, now)
        await self._known[child.name].carry_out(action)
