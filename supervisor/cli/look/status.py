"""`orch status`: the picture, once or as it changes; the last known one when no supervisor answers."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

from supervisor.cli import calling
from supervisor.cli.calling import Picture
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.screen import blocks
from supervisor.cli.display.title import Attention, attention, kept_title, show_title
from supervisor.errors import SupervisorDown
from supervisor.runtime.workspace import Workspace

DOWN = 3  # the exit code when no supervisor answers


def status(
    workspace: Workspace,
    *,
    as_json: Json = False,
    watch: Annotated[bool, Option("--watch", "Show every change, until Ctrl-C.")] = False,
) -> int:
    """Print the picture. With the supervisor down: the last known one, and why on standard error."""
    if watch:
        return _watch(workspace, as_json=as_json)
    try:
        picture = calling.live(workspace)
    except SupervisorDown as error:
        picture = calling.last_known(workspace)
        _print(picture, as_json=as_json)
        output.complain(error)
        return DOWN
    _print(picture, as_json=as_json)
    return 0


def _watch(workspace: Workspace, *, as_json: bool) -> int:
    """Print the picture at every change until Ctrl-C: JSON lines, or on a terminal one screen redrawn.

    A new ask, or a task that is newly blocked, rings the terminal's bell; its title counts them. Raises SupervisorDown
    when the supervisor ends.
    """
    draw = _lines if as_json else _redraw if output.pretty(sys.stdout) else _screens
    with suppress(KeyboardInterrupt):
        draw(workspace)
    return 0


def _lines(workspace: Workspace) -> None:
    last = None
    for picture in calling.follow(workspace):
        if _still(picture) != last:
            output.emit_json(picture, indent=None)
        last = _still(picture)


def _screens(workspace: Workspace) -> None:
    shown = ""
    for picture in calling.follow(workspace):
        text = _text(picture)
        if text != shown:
            output.emit(f"{text}\n")
        shown = text


def _redraw(workspace: Workspace) -> None:
    from rich.console import Console  # 45 ms, on a terminal only
    from rich.live import Live

    console = Console(highlight=False, markup=False, emoji=False)
    known: Attention | None = None
    # Standard output stays our own: the title is no text for rich to draw.
    live = Live(console=console, screen=True, auto_refresh=False, vertical_overflow="ellipsis", redirect_stdout=False)
    with kept_title(), live as screen:
        for picture in calling.follow(workspace):
            screen.update(output.drawn(blocks(picture, datetime.now(UTC))), refresh=True)
            show_title(picture)
            if known is not None and attention(picture) - known:
                console.bell()
            known = attention(picture)


def _print(picture: Picture, *, as_json: bool) -> None:
    if as_json:
        output.emit_json(picture)
        return
    output.show(blocks(picture, datetime.now(UTC)))


def _text(picture: Picture) -> str:
    return output.plain(blocks(_still(picture), datetime.now(UTC)))


def _still(picture: Picture) -> Picture:
    """The picture without what changes by the mere passing of time."""
    children = [{**child, "since": None, "rss_bytes": None} for child in picture["children"]]
    return {**picture, "supervisor": {**picture["supervisor"], "since": None}, "children": children}
