"""The table of commands, read off the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from supervisor.cli.commands import app
from supervisor.cli.plancommands import WRITE


def table() -> str:
    """Every command with its arguments and the first sentence of its help, as a Markdown table."""
    rows = [f"| `{_cell(usage)}` | {_cell(meaning)} |" for usage, meaning in every()]
    return "\n".join(["| command | does |", "|---|---|", *rows])


def every() -> Iterator[tuple[str, str]]:
    """Each command as one types it, without options, and what it does; in the order of the help."""
    yield from _below(typer.main.get_command(app), "orch")


def _below(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """`command` is one of click's, wherever this version of typer has them from."""
    for word, one in getattr(command, "commands", {}).items():
        if not one.hidden:
            yield from _below(one, name if word == WRITE else f"{name} {word}")
    if not hasattr(command, "commands"):
        arguments = [_argument(one) for one in command.params if one.param_type_name == "argument"]
        yield " ".join([name, *arguments]), command.help.partition("\n\n")[0].replace("\n", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _argument(argument: Any) -> str:
    shown = f"{argument.metavar}{' ...' if argument.nargs == -1 else ''}"
    return shown if argument.required else f"[{shown}]"
