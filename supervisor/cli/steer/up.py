"""`orch up`: bring everything up. Imports little before the supervisor starts, because each import would delay it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Annotated

from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.command.table import loaded
from supervisor.errors import OrchError, SupervisorDown, SupervisorHangs, UsageError
from supervisor.regex import regex
from supervisor.runtime.daemon import launch
from supervisor.runtime.naming import checked, children_of
from supervisor.runtime.workspace import WorkspacePaths

_BEGAN = regex(rb'^\{"entry":"began","number":(\d+),', re.MULTILINE)
_ENDED = regex(rb'^\{"entry":"ended","number":(\d+),', re.MULTILINE)


def up(
    workspace: WorkspacePaths,
    children: Annotated[list[str] | None, Argument("CHILD", "Start only these servers (default: all).")] = None,
    *,
    foreground: Annotated[bool, Option("--foreground", "Run the supervisor in the foreground.")] = False,
    restart: Annotated[
        bool,
        Option("--restart", "Restart a supervisor that is up, in place: as after an update. Servers and turns go on."),
    ] = False,
    as_json: Json = False,
) -> int:
    """Start the supervisor and the servers of these children (none: of all), and say what to do next.

    Exit codes and errors are those of `bring_up`.
    """
    if foreground and as_json:
        raise UsageError("`--json` does not go with `--foreground`", "read the events with `orch logs --follow --json`")
    if _interrupted(workspace):
        loaded("change.finishing:finish_left")(workspace)
    if foreground:
        return _in_foreground(workspace, children or [])
    code = bring_up(workspace, children or [], restart=restart, as_json=as_json)
    if code == 0 and not as_json:
        print("next: edit plan.md while it runs; `orch status` shows what happens", file=sys.stderr)
    return code


def _interrupted(workspace: WorkspacePaths) -> bool:
    """Whether a landing, an undo, a redo or a restore began and did not end; it may go on.

    Looks for it in the text: parsing takes modules.
    """
    try:
        text = workspace.operations.read_bytes()
    except OSError:
        return False
    return bool(set(_BEGAN.findall(text)) - set(_ENDED.findall(text)))


def bring_up(
    workspace: WorkspacePaths, children: Sequence[str], *, restart: bool = False, as_json: bool = False
) -> int:
    """Start the supervisor and the servers of these children (none: of all). Returns 0 if each is ready, else 1.

    With `restart`, a supervisor that is up starts over. Raises OrchError if the supervisor does not start, UsageError
    for a child that is not configured.
    """
    named = list(dict.fromkeys(children))
    if named:
        _check(workspace, named)
    try:
        starting = launch.begin(workspace, named)
        # Import late (15 ms): the supervisor starts meanwhile.
        from supervisor.cli.steer.ready import taken_in, until_ready

        if starting is None:
            try:
                taken_in(workspace, named, restart=restart)
            except SupervisorHangs:
                raise
            except SupervisorDown:  # it was about to end
                starting = launch.begin(workspace, named)
        if starting is not None:
            starting.wait()
        return until_ready(workspace, named, as_json=as_json)
    except KeyboardInterrupt:
        begin = "\n" if sys.stderr.isatty() else ""  # the terminal has shown `^C` in this line
        print(f"{begin}orch: interrupted: {_what_goes_on(workspace)}", file=sys.stderr, flush=True)
        raise


def _what_goes_on(workspace: WorkspacePaths) -> str:
    if not launch.locked(workspace):
        return "nothing was started"
    return "the supervisor stays up and goes on starting the servers: see `orch status`; `orch down` stops all"


def _in_foreground(workspace: WorkspacePaths, children: Sequence[str]) -> int:
    """Start a supervisor with the servers of these children (none named: of all), show its events, and return once it
    has ended: 0 in order, else 1. SIGINT and SIGTERM end it."""
    from supervisor.cli.steer.foreground import end_early, follow_to_the_end

    _check(workspace, children)
    try:
        starting = None if launch.locked(workspace) else launch.begin(workspace, children, mirrored=True)
        if starting is None:
            raise OrchError("a supervisor is up already", "run `orch down` first, or leave out --foreground")
        starting.wait()
    except KeyboardInterrupt:
        return end_early(workspace)
    return follow_to_the_end(workspace)


def _check(workspace: WorkspacePaths, names: Sequence[str]) -> None:
    """Check that the children are configured, before a supervisor is started for them. Raises UsageError if not."""
    known = children_of(workspace) if names else ()
    for name in names:
        checked(name, known, "child")
