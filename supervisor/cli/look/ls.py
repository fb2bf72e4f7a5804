"""`orch ls`: list all workspaces of this user that are up on this machine."""

from __future__ import annotations

from pathlib import Path

from supervisor.cli.command.parameters import Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Cell, Grid
from supervisor.runtime.presence.census import Running, census


def show_running(_: Path, *, as_json: Json = False) -> int:
    """Print each workspace with its state."""
    found = list(census())
    if as_json:
        output.emit_json([one._asdict() for one in found])
    elif found:
        output.show([Grid(("WORKSPACE", "STATE", "PID", "ASKS", "PLAN"), tuple(map(_row, found)))])
        for one in found:
            if one.problem:
                output.say(f"{one.workspace}: {one.problem}")
    else:
        output.say("nothing is up")
    return 0


def _row(one: Running) -> tuple[Cell, ...]:
    asks = str(one.asks) if one.asks else ""
    return (
        Cell(one.workspace),
        output.state(one.state),
        Cell(str(one.pid or "")),
        Cell(asks, "yellow"),
        Cell(one.title or "", "dim"),
    )
