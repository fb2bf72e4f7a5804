"""The place in which a landing tries what it makes: throw-away checkouts in a folder that no sandbox may write.

What is started there has a mark, by which it is found after a stop.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from supervisor.core.guard.standing import LANDING
from supervisor.domain.child import Child
from supervisor.errors import RequestRefused
from supervisor.runtime.boundary.codex_config import MANAGED, SYSTEM, codex_home, writable_roots
from supervisor.runtime.config.model import Config
from supervisor.runtime.workspace import WorkspacePaths, state_folder
from supervisor.shell import process
from supervisor.shell.git.reach.hooks import Writable


@contextmanager
def stopped_in_order() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end this process as Ctrl-C does, so that what it began is cleared."""

    def stop(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def clear(workspace: WorkspacePaths) -> None:
    """End what a gate left running, and remove its checkouts. Only while no other landing goes on. Raises OrchError."""
    folder = folder_of(workspace)
    if not os.path.lexists(folder):
        return
    asyncio.run(process.sweep(workspace.mark(LANDING)))
    for place, folders, _ in os.walk(folder):  # a command may have made a folder that cannot be emptied
        for one in (os.path.join(place, name) for name in folders):
            if not os.path.islink(one):
                os.chmod(one, stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        raise RequestRefused(f"{folder} cannot be removed", "remove it, then land again")


def folder_of(workspace: WorkspacePaths) -> Path:
    """The folder of a workspace. It is there only while a landing tries something."""
    return state_folder() / "landing" / workspace.id


def refuse_writable(
    folder: Path, workspace: WorkspacePaths, config: Config, what: str = "what is checked for a landing"
) -> None:
    """Raise RequestRefused if a sandbox of this workspace may write the folder: then it could change what runs."""
    found = writable_by([one for one in config.children if one.runner is None], config)
    shared = ("/tmp", os.environ.get("TMPDIR") or "/tmp") if found.temporary else ()
    configs = (*((codex_home() / "config.toml",) if found.own_config else ()), *map(Path, found.configs))
    named = (root for path in configs for root in writable_roots(path))
    own = os.path.realpath(folder)
    for place in (str(workspace.root), *found.folders, *shared, *named):
        if Path(own).is_relative_to(os.path.realpath(place)):
            raise RequestRefused(
                f"{what} would lie in {place}, where a child may write",
                "set XDG_STATE_HOME to another folder",
            )


def writable_by(children: Sequence[Child], config: Config) -> Writable:
    """Return what the sandboxes of these children may write on their machine."""
    named = not config.exclude_roots
    own = [Path(one.path) / ".codex" / "config.toml" for one in children if named and one.trusted]
    counting = (*((SYSTEM,) if named else ()), MANAGED, *own)
    folders = tuple(one.path for one in children)
    return Writable(folders, not config.exclude_tmp, named, tuple(map(str, counting)))
