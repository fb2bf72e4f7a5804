"""The help of the program, of a group and of a command, made from the table and from what each command takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from textwrap import fill, wrap

from supervisor import __version__
from supervisor.cli.command.mistakes import unknown
from supervisor.cli.command.parameters import Argument, Option, Parameter, parameters
from supervisor.cli.command.table import COMMANDS, GROUPS, HELP_OPTIONS, ROOT, Command, Group
from supervisor.cli.command.words import found

WIDEST, NARROWEST = 80, 40  # columns of a page
NAMES_WIDEST = 30  # columns of the names in a list; what is said of a longer one begins on a line of its own

_HELP = (", ".join(HELP_OPTIONS), "Show this message and exit.")
_VERSION = ("--version", "Print the version and exit.")
_WHERE = (
    "-C DIR, before or after the command, names the workspace or a folder in it (default: ORCH_WORKSPACE, else the "
    "current folder). --color auto|always|never says when to colour."
)


def show(words: Sequence[str]) -> int:
    """Print the version, or the help of the program, a group or a command: whatever words that run no command are for.

    Returns the exit code: 2 where a command is missing. Raises UsageError if the words name no command.
    """
    named = [word for word in words[:2] if not word.startswith("-")]
    asked = any(word in HELP_OPTIONS for word in words)
    group = next((one for one in GROUPS if named == [one.name] == list(words[:1])), None)
    if words[:1] == ["--version"]:
        print(f"orch {__version__}")
        return 0
    if words[:1] and words[0] in HELP_OPTIONS:
        page, missing = _of_group(ROOT), False
    elif not words or (group is not None and (asked or len(words) == 1)):
        page, missing = _of_group(group or ROOT), not asked
    elif (command := found(named)) is not None and asked:
        page, missing = _of_command(command[0]), False
    else:
        raise unknown(words)
    print("\n".join(page), file=sys.stderr if missing else sys.stdout)
    return 2 if missing else 0


def _of_group(group: Group) -> Iterator[str]:
    """The help of the program, or of commands that begin with the same word."""
    if group is ROOT:
        firsts = dict.fromkeys(one.words.partition(" ")[0] for one in COMMANDS)
        rows = [(name, next(one.help for one in (*GROUPS, *COMMANDS) if one.name == name)) for name in firsts]
    else:
        rows = [(one.name, one.help) for one in COMMANDS if one.words.startswith(f"{group.name} ")]
    yield " ".join(["Usage: orch", *([] if group is ROOT else [group.name]), "[OPTIONS] COMMAND [ARGS]..."])
    yield from _paragraphs(group.help)
    yield from _list("Options", [_VERSION, _HELP] if group is ROOT else [_HELP])
    yield from _list("Commands", rows)
    yield from _end(group.examples)


def _of_command(command: Command) -> Iterator[str]:
    takes = [one for one in parameters(command.load()) if one.word is not None]
    places = [(one, one.word) for one in takes if isinstance(one.word, Argument)]
    usage = [_place(one, word) for one, word in places]
    yield " ".join(["Usage: orch", command.words.removesuffix(" write"), "[OPTIONS]", *usage])
    yield from _paragraphs(command.help)
    yield from _paragraphs(command.details)
    yield from _list("Arguments", [(word.metavar, word.help) for _, word in places])
    options = [_option(one, one.word) for one in takes if isinstance(one.word, Option)]
    yield from _list("Options", [*options, _HELP])
    yield from _end(command.examples)


def _place(one: Parameter, word: Argument) -> str:
    shown = word.metavar if one.required else f"[{word.metavar}]"
    return f"{shown}..." if one.many else shown


def _option(one: Parameter, word: Option) -> tuple[str, str]:
    """Return how an option is typed, and what is said of it."""
    names = ", ".join(name for name in (word.short, word.name) if name is not None)
    if one.type is bool:
        return names, word.help
    choices = "|".join(str(choice.value) for choice in one.type) if issubclass(one.type, Enum) else ""
    bounds = [f"[at least {word.least}]"] if word.least is not None else []
    default = [f"[default: {one.default}]"] if one.default not in (None, "") and not one.many else []
    return f"{names} {choices or word.metavar or one.name.upper()}", " ".join([word.help, *bounds, *default])


def _paragraphs(text: str) -> Iterator[str]:
    if text:
        yield from ("", fill(text, _columns(), initial_indent="  ", subsequent_indent="  "))


def _list(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    rows = list(rows)
    if not rows:
        return
    yield from ("", f"{title}:")
    wide = min(NAMES_WIDEST, max(len(name) for name, _ in rows)) + 4
    for name, meaning in rows:
        first, *rest = wrap(meaning, max(_columns() - wide, NARROWEST // 2))
        if len(name) + 4 > wide:
            yield f"  {name}"
            name = ""
        yield f"  {name:<{wide - 2}}{first}"
        yield from (" " * wide + line for line in rest)


def _end(examples: Sequence[str]) -> Iterator[str]:
    yield from ("", "  Example:", *(f"    {line}" for line in examples))
    yield from _paragraphs(_WHERE)


def _columns() -> int:
    try:
        columns = int(os.environ.get("COLUMNS", "")) or WIDEST
    except ValueError:
        try:
            columns = os.get_terminal_size(sys.stdout.fileno()).columns or WIDEST
        except (OSError, ValueError):  # no terminal, or no file
            columns = WIDEST
    return max(NARROWEST, min(columns, WIDEST)) - 2
