"""The table of commands, read off the command line's own."""

from __future__ import annotations

from collections.abc import Iterator

from supervisor.cli.command.parameters import Argument, parameters
from supervisor.cli.command.table import COMMANDS, GROUPS, Command


def table() -> str:
    """Every command with its arguments and the one line of its help, as a Markdown table."""
    rows = [f"| {_code(usage(command))} | {command.help.replace('|', '&#124;')} |" for command in COMMANDS]
    return "\n".join(["| command | does |", "|---|---|", *rows])


def usage(command: Command) -> str:
    """The command as one types it, without options."""
    return " ".join(["orch", *_typed(command), *_arguments(command)])


def _typed(command: Command) -> list[str]:
    """Its words, without one that nobody need type."""
    words = command.words.split()
    implied = {(group.name, group.default) for group in GROUPS}
    return words[:-1] if tuple(words) in implied else words


def _arguments(command: Command) -> Iterator[str]:
    for one in parameters(command.load()):
        if isinstance(one.word, Argument):
            shown = one.word.metavar + " ..." * one.many
            yield shown if one.required else f"[{shown}]"


def _code(text: str) -> str:
    """Code in a cell; a bar in it is not written `\\|`, which some show as it stands."""
    return f"<code>{text.replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"
