"""`orch help`: show the help of a command."""

from __future__ import annotations

from typing import Annotated

from supervisor.cli.command import typer_app
from supervisor.cli.command.parameters import Argument
from supervisor.cli.command.table import COMMANDS, GROUPS, spelled_out
from supervisor.runtime.naming import checked


def show_help(
    command: Annotated[list[str] | None, Argument("COMMAND", "The command, for example `plan check`.")] = None,
) -> int:
    """Print the help of a command, or without one the list of commands. Raises UsageError for an unknown one."""
    words = [word for given in command or [] for word in given.split()]
    if words:
        checked(" ".join(words), [*(one.words for one in COMMANDS), *(group.name for group in GROUPS)], "command")
    typer_app.show_help([*spelled_out(words), "--help"] if len(words) > 1 else [*words, "--help"])
