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
from supervisor.cli.display.screen import blocks
from supervisor.cli.display.title import Attention, attention, kept_title, show_title
from supervisor.domain.status import Status
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.plain import plain


def watch(workspace: WorkspacePaths, *, as_json: bool) -> int:
    """Print the status at every change until Ctrl-C: as JSON lines, as text, or on a terminal as one screen redrawn.

    A new ask or a newly blocked task rings the terminal's bell, and the title counts them. Raises SupervisorDown when
    the supervisor ends.
    """
    draw = _lines if as_json else _redraw if output.drawable(sys.stdout) else _screens
    with suppress(KeyboardInterrupt):
        draw(workspace)
    return 0


def _lines(workspace: WorkspacePaths) -> None:
    last = None
    for status in api.Workspace(workspace.root).changes():
        still = _still(status)
        if still != last:
            output.emit_json(plain(status), indent=None, answered=True)
        last = still


def _screens(workspace: WorkspacePaths) -> None:
    shown = ""
    for status in api.Workspace(workspace.root).changes():
        text = output.plain(blocks(_still(status), datetime.now(UTC)))
        if text != shown:
            output.emit(f"{text}\n")
        shown = text


def _redraw(workspace: WorkspacePaths) -> None:
    console = Console(highlight=False, markup=False, emoji=False, no_color=False)
    known: Attention | None = None
    # rich must not redirect standard output: we write the title to it as an escape sequence.
    live = Live(console=console, screen=True, auto_refresh=False, vertical_overflow="ellipsis", redirect_stdout=False)
    with kept_title(), live as screen:
        for status in api.Workspace(workspace.root).changes():
            screen.update(drawn(blocks(status, datetime.now(UTC))), refresh=True)
            show_title(status)
            if known is not None and attention(status) - known:
                console.bell()
            known = attention(status)


def _still(status: Status) -> Status:
    """Return the status without the fields that change all the time."""
    return replace(
        status,
        supervisor=replace(status.supervisor, since=None),
        children=tuple(replace(child, since=None, rss_bytes=None) for child in status.children),
    )
