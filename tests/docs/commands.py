"""The table of commands, made from the command line's own table."""

from __future__ import annotations

from collections.abc import Iterator

from supervisor.cli.command.parameters import Argument, parameters
from supervisor.cli.command.table import COMMANDS, GROUPS, Command


def table() -> str:
    """Every command with its arguments and the first line of its help, as a Markdown table."""
    rows = [f"| {_code(usage(command))} | {command.help.replace('|', '&#124;')} |" for command in COMMANDS]
    return "\n".join(["| command | does |", "|---|---|", *rows])


def usage(command: Command) -> str:
    """The command as it is typed, without options."""
    return " ".join(["orch", *_typed(command), *_arguments(command)])


def _typed(command: Command) -> list[str]:
    """Its words, without one that need not be typed."""
    words = command.words.split()
    implied = {(group.name, group.default) for group in GROUPS}
    return words[:-1] if tuple(words) in implied else words


def _arguments(command: Command) -> Iterator[str]:
    for one in parameters(command.load()):
        if isinstance(one.word, Argument):
            shown = one.word.metavar + " ..." * one.many
            yield shown if one.required else f"[{shown}]"


def _code(text: str) -> str:
    """Code in a cell. A bar is not written as `\\|`, because some renderers show the backslash."""
    return f"<code>{text.replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"
