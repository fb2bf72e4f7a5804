"""`orch status --watch`: show the status as it changes."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime

from msgspec.structs import replace
from rich.console import Console
from rich.live import Live

from supervisor import api
from supervisor.cli.display import output
from supervisor.cli.display.drawing import drawn
from supervisor.cli.display.screen import View, blocks
from supervisor.cli.display.title import Attention, attention, kept_title, show_notice, show_title
from supervisor.domain.status import Status
from supervisor.domain.thread import Tokens
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.plain import plain


def watch(workspace: WorkspacePaths, *, as_json: bool, every: bool = False, wide: bool = False) -> int:
    """Print the status at every change until Ctrl-C: as JSON lines, as text, or on a terminal as one screen redrawn.

    A new ask or a newly blocked task rings the terminal's bell, and the title counts them. Raises SupervisorDown when
    the supervisor ends.
    """
    with suppress(KeyboardInterrupt):
        if as_json:
            _lines(workspace)
        else:
            draw = _redraw if output.drawable(sys.stdout) else _screens
            draw(workspace, View(every=every, wide=wide))
    return 0


def _lines(workspace: WorkspacePaths) -> None:
    last = None
    for status in api.Workspace(workspace.root).changes():
        still = _still(status)
        if still != last:
            output.emit_json(plain(status), one_line=True, answered=True)
        last = still


def _screens(workspace: WorkspacePaths, view: View) -> None:
    shown = ""
    for status in api.Workspace(workspace.root).changes():
        text = output.plain(blocks(_quiet(status), datetime.now(UTC)))
        if text != shown:
            columns, lines = output.room(sys.stdout)
            print(output.plain(blocks(status, datetime.now(UTC), _sized(view, columns, lines)), sys.stdout))
            print(flush=True)
        shown = text


def _sized(view: View, columns: int | None, lines: int | None) -> View:
    """Return the view for a screen of this size."""
    return View(columns, lines, view.every, view.wide)


def _redraw(workspace: WorkspacePaths, view: View) -> None:
    console = Console(highlight=False, markup=False, emoji=False, no_color=False)
    known: Attention | None = None
    # rich must not redirect standard output: we write the title to it as an escape sequence.
    live = Live(console=console, screen=True, auto_refresh=False, vertical_overflow="ellipsis", redirect_stdout=False)
    with kept_title(), live as screen:
        for status in api.Workspace(workspace.root).changes():
            sized = _sized(view, console.width, console.height)
            screen.update(drawn(blocks(status, datetime.now(UTC), sized)), refresh=True)
            show_title(status)
            if known is not None and attention(status) - known:
                show_notice(status)
            known = attention(status)


def _still(status: Status) -> Status:
    """Return the status without the fields that change all the time."""
    return replace(
        status,
        supervisor=replace(status.supervisor, since=None),
        children=tuple(replace(child, since=None, rss_bytes=None) for child in status.children),
    )


def _quiet(status: Status) -> Status:
    """Return the status without the fields that change while a turn goes on: they alone are no reason for a screen."""
    still = _still(status)
    tasks = (replace(task, since=None, minutes=0.0, tokens=Tokens(0, 0), doing=None) for task in still.tasks)
    orchestrator = still.orchestrator and replace(still.orchestrator, doing=None)
    return replace(still, tasks=tuple(tasks), orchestrator=orchestrator)
