"""`orch up`: bring everything up. Light until the supervisor is started: what is loaded before delays it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

from supervisor.cli.command.parameters import Argument, Option
from supervisor.errors import OrchError
from supervisor.runtime.daemon import launch
from supervisor.runtime.naming import checked
from supervisor.runtime.workspace import WorkspacePaths


def up(
    workspace: WorkspacePaths,
    children: Annotated[list[str] | None, Argument("CHILD", "Start only these servers (default: all).")] = None,
    *,
    foreground: Annotated[bool, Option("--foreground", "Run the supervisor in the foreground.")] = False,
) -> int:
    """Have a supervisor, and the servers of these children (none named: of all); say what comes next. Codes and errors
    as for `bring_up`."""
    if foreground:
        return _in_foreground(workspace, children or [])
    code = bring_up(workspace, children or [])
    if code == 0:
        print("next: edit plan.md while it runs; `orch status` shows what happens", file=sys.stderr)
    return code


def bring_up(workspace: WorkspacePaths, children: Sequence[str]) -> int:
    """Have a supervisor, and the servers of these children (none named: of all). 0 if each is ready, else 1.

    Raises OrchError if the supervisor does not start, UsageError for a child that is not configured.
    """
    named = list(dict.fromkeys(children))
    if named:
        _check(workspace, named)
    starting = launch.begin(workspace, named)
    from supervisor.cli.steer.ready import taken_in, until_ready  # 15 ms, in which the supervisor starts

    if starting is not None:
        starting.wait()
    else:
        taken_in(workspace, named)
    return until_ready(workspace, named)


def _in_foreground(workspace: WorkspacePaths, children: Sequence[str]) -> int:
    """Run the supervisor in this process, with the servers of these children (none named: of all)."""
    from supervisor.runtime.daemon import ending, main  # 70 ms, for this only

    _check(workspace, children)
    if ending.supervisor_process(workspace) is not None:
        raise OrchError("a supervisor is up already", "run `orch down` first, or leave out --foreground")
    main.run(workspace, ready=lambda: None, up=children, mirror=sys.stderr)
    return 0


def _check(workspace: WorkspacePaths, names: Sequence[str]) -> None:
    """Raises UsageError for a child that is not configured. The supervisor itself would start, and be refused later."""
    from supervisor.runtime.config.load import load  # 60 ms, for whoever names children

    known = [child.name for child in load(workspace).children]
    for name in names:
        checked(name, known, "child")
