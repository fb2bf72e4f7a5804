"""`orch help`: show the help of a command."""

from __future__ import annotations

from typing import Annotated

from supervisor.cli.command import manual, overview
from supervisor.cli.command.parameters import Argument, Json, Option, Parameter, parameters
from supervisor.cli.command.table import COMMANDS, GROUPS, Command
from supervisor.cli.command.words import spelled_out
from supervisor.cli.display import output
from supervisor.runtime.naming import checked


def show_help(
    command: Annotated[list[str] | None, Argument("COMMAND", "The command, for example `plan check`.")] = None,
    *,
    man: Annotated[bool, Option("--man", "Print the manual page of orch, for `man -l -`.")] = False,
    as_json: Json = False,
) -> int:
    """Print the help of a command, or without one the list of commands. Raises UsageError for an unknown one."""
    words = [word for given in command or [] for word in given.split()]
    if words:
        checked(" ".join(words), [*(one.words for one in COMMANDS), *(group.name for group in GROUPS)], "command")
    if man:
        print(manual.page(), end="")
    elif as_json:
        chosen = [one for one in COMMANDS if [*one.words.split()][: len(words)] == words]
        output.emit_json([_described(one) for one in chosen])
    else:
        return overview.show_help([*spelled_out(words), "--help"] if len(words) > 1 else [*words, "--help"])
    return 0


def _described(command: Command) -> dict[str, object]:
    takes = [one for one in parameters(command.load()) if one.word is not None]
    return {
        "command": command.words.removesuffix(" write"),
        "help": command.help,
        "details": command.details,
        "examples": list(command.examples),
        "arguments": [_taken(one) for one in takes if isinstance(one.word, Argument)],
        "options": [_taken(one) for one in takes if isinstance(one.word, Option)],
    }


def _taken(one: Parameter) -> dict[str, object]:
    word = one.word
    names = [word.name, *([word.short] if word.short else [])] if isinstance(word, Option) else []
    metavar = word.metavar if word is not None else None
    value = None if one.type is bool else metavar or one.name.upper()
    about = {"help": word.help if word is not None else "", "required": one.required, "many": one.many}
    return {"names": names, "value": value, **about} if names else {"value": value, **about}
