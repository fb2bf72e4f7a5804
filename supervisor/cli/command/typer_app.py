"""The commands as a typer app, for help, and what is loaded with it: the sentences about mistakes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from supervisor import __version__
from supervisor.cli.command.mistakes import explained, unknown
from supervisor.cli.command.parameters import Option, Parameter, call, parameters
from supervisor.cli.command.table import COMMANDS, GROUPS, HELP_OPTIONS, ROOT, Command, Group

__all__ = ["explained", "loaded", "show_help"]

_WHERE = (
    "-C DIR, before or after the command, names the workspace or a folder in it (default: ORCH_WORKSPACE, else the "
    "current folder). --color auto|always|never says when to colour."
)


def show_help(words: Sequence[str]) -> NoReturn:
    """Print the version, or the help of the program, a group or a command: whatever words that run no command are for.

    Raises SystemExit, or UsageError if they name no command.
    """
    named = [word for word in words[:2] if not word.startswith("-")]
    asked = next((word for word in words if word in HELP_OPTIONS), None)
    if words[:1] == ["--version"]:
        wanted = ["--version"]
    elif not words or words[0] in HELP_OPTIONS:
        wanted = [*words[:1]]
    elif named == [words[0]] and words[0] in [one.name for one in GROUPS] and (asked or len(words) == 1):
        wanted = [words[0], *([asked] if asked else [])]
    elif any(one.words == " ".join(named) for one in COMMANDS) and asked:
        wanted = [*named, asked]
    else:
        raise unknown(words)
    _run(wanted)
    raise AssertionError("typer ends every command line with SystemExit")


def _run(words: list[str]) -> None:
    root = _group(ROOT)
    groups = {group.name: _group(group) for group in GROUPS}
    for command in COMMANDS:
        first, _, second = command.words.partition(" ")
        if second:
            root.add_command(groups[first])
        (groups[first] if second else root).add_command(_Unloaded(command))
    root(words, prog_name="orch", obj=Path())


class _Group(TyperGroup):
    """A group whose help loads no pydantic."""

    def get_help_option(self, ctx: Any) -> Any:
        return _given_or_not(super().get_help_option(ctx))


class _Command(TyperCommand):
    """A command whose help loads no pydantic."""

    def get_help_option(self, ctx: Any) -> Any:
        return _given_or_not(super().get_help_option(ctx))


class _Unloaded(TyperCommand):
    """A command with only its name and one line of help; it is imported when it is called."""

    def __init__(self, command: Command) -> None:
        super().__init__(command.name, help=command.help, rich_markup_mode=None)
        self._command = command

    def make_context(self, *given: Any, **named: Any) -> Any:
        return loaded(self._command).make_context(*given, **named)


def _given_or_not(option: Any) -> Any:
    """Give the help option a default that typer need not convert: to convert `None` it imports pydantic (100 ms)."""
    if option is not None:
        option.default = False
    return option


def _group(group: Group) -> TyperGroup:
    app = typer.Typer(
        name=group.name,
        help=group.help,
        epilog=_epilog(group.examples),
        cls=_Group,
        no_args_is_help=True,
        rich_markup_mode=None,
        add_completion=False,
        context_settings={"help_option_names": list(HELP_OPTIONS)},
    )
    app.callback()(_version if group is ROOT else _nothing)
    return get_group(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"orch {__version__}")
        raise typer.Exit


def _version(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _nothing() -> None:
    pass


def loaded(command: Command) -> Any:
    """Build the typer command from the function's signature."""
    function = command.load()
    takes = parameters(function)

    def run(context: typer.Context, **values: Any) -> None:
        raise typer.Exit(call(function, takes, context.obj, values))

    ours = [inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    signature = inspect.Signature([*ours, *(_typed(one) for one in takes if one.word is not None)])
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    text = f"{command.help}\n\n{command.details}"
    app.command(command.name, cls=_Command, help=text, epilog=_epilog(command.examples))(run)
    return get_command(app)


def _typed(one: Parameter) -> inspect.Parameter:
    """Declare a parameter for typer."""
    word = one.word
    shown = one.default is not None
    if isinstance(word, Option):
        names = [name for name in (word.name, word.short) if name is not None]
        info = typer.Option(*names, help=word.help, metavar=word.metavar, min=word.least, show_default=shown)
    else:
        assert word is not None
        info = typer.Argument(metavar=word.metavar, help=word.help, show_default=shown)
    return inspect.Parameter(
        one.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if one.required else one.default,
        annotation=Annotated[one.annotation, info],
    )


def _epilog(examples: tuple[str, ...]) -> str:
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in examples) + f"\n\n{_WHERE}"
