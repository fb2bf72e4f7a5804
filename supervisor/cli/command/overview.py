"""The help of the program and of its groups, and what is loaded with it: the sentences about mistakes.

It is made from the list of commands alone. The help of one command is typer's, whose import takes 35 ms.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence

from supervisor import __version__
from supervisor.cli.command.everywhere import WHERE
from supervisor.cli.command.mistakes import explained, unknown
from supervisor.cli.command.table import COMMANDS, GROUPS, HELP_OPTIONS, ROOT, Command, Group, loaded
from supervisor.cli.display.output import room

__all__ = ["explained", "page", "show_help"]

WIDEST = 80  # columns: longer lines are hard to read
USAGE = 2  # the exit code where no command is named


def show_help(words: Sequence[str]) -> int:
    """Print the version, or the help of the program, a group or a command: whatever words that run no command are for.

    Returns the exit code. Raises UsageError if they name no command.
    """
    named = [word for word in words[:2] if not word.startswith("-")]
    asked = any(word in HELP_OPTIONS for word in words)
    if words[:1] == ["--version"]:
        print(f"orch {__version__}")
        return 0
    group = next((one for one in GROUPS if named == [one.name] == [*words[:1]]), None)
    if not words or words[0] in HELP_OPTIONS:
        group = ROOT
    if group is not None and (asked or len(words) <= 1):
        stream = sys.stdout if asked else sys.stderr
        print(page(group, min(room(stream)[0] or WIDEST, WIDEST)), end="", file=stream)
        return 0 if asked else USAGE
    command = next((one for one in COMMANDS if one.words == " ".join(named)), None)
    if command is None or not asked:
        raise unknown(words)
    return loaded("command.typer_app:show_help")(command)


def page(group: Group, width: int) -> str:
    """Return the help of the program or of a group, in lines of at most `width` columns."""
    return "\n".join(_lines(group, max(width, 50) - 2)) + "\n"


def _lines(group: Group, width: int) -> Iterator[str]:
    yield f"Usage: {' '.join(filter(None, ('orch', group.name)))} [OPTIONS] COMMAND [ARGS]...\n"
    yield f"{_wrapped(group.help, width)}\n"
    options = {"--version": "Print the version and exit."} if group is ROOT else {}
    options[", ".join(HELP_OPTIONS)] = "Show this message and exit."
    yield from ("Options:", *_table([*options.items()], width))
    yield from ("\nCommands:", *_table([(name, one.help) for name, one in _below(group).items()], width))
    yield "\n  Example:"
    yield from (f"    {line}" for line in group.examples)
    yield f"\n{_wrapped(WHERE, width)}"


def _below(group: Group) -> dict[str, Command | Group]:
    """The commands of a group by name, in the order of the list; those of the program have groups among them."""
    if group is not ROOT:
        return {one.name: one for one in COMMANDS if one.words.startswith(f"{group.name} ")}
    groups = {one.name: one for one in GROUPS}
    return {(first := one.words.partition(" ")[0]): groups.get(first, one) for one in COMMANDS}


def _table(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    widest = max(len(name) for name, _ in rows)
    for name, text in rows:
        indent = " " * (widest + 4)
        yield textwrap.fill(text, width, initial_indent=f"  {name:{widest}}  ", subsequent_indent=indent)


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
