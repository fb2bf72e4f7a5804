"""`orch config`: show the config that counts, and where each value is from."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from supervisor.cli.command.everywhere import located
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Cell, Grid
from supervisor.errors import WorkspaceError
from supervisor.runtime.config.change import write_schema
from supervisor.runtime.config.origins import ConfigValue, settings_of
from supervisor.runtime.config.schema import json_schema


def config(
    folder: Path,
    *,
    schema: Annotated[bool, Option("--schema", "Print the JSON Schema of the file, for editors.")] = False,
    as_json: Json = False,
) -> int:
    """Print every setting; the schema also outside of a workspace. Raises ConfigError for a config with an error."""
    if schema:
        with suppress(OSError, WorkspaceError):  # only an editor misses it
            write_schema(located(folder))
        output.emit_json(json_schema())
        return 0
    workspace = located(folder)
    with suppress(OSError):
        write_schema(workspace)
    found = settings_of(workspace)
    if as_json:
        values = [{"key": one.key, "value": one.value, "from": one.source, "line": one.line} for one in found]
        output.emit_json({"workspace": str(workspace.root), "file": str(workspace.config), "values": values})
    else:
        output.show([Grid(("KEY", "FROM", "VALUE"), tuple(map(_row, found)))])
    return 0


def _row(one: ConfigValue) -> tuple[Cell, ...]:
    style = "dim" if one.source == "default" else ""
    return Cell(one.key, style), Cell(one.source, style), Cell(_text(one.value), style)


def _text(value: object) -> str:
    """Format a value as it would be written in the file."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, dict):
        return ", ".join(
            f"{key}: {{{_text(one)}}}" if isinstance(one, dict) else f"{key}: {_text(one)}"
            for key, one in value.items()
        )
    return value if isinstance(value, str) else json.dumps(value)
