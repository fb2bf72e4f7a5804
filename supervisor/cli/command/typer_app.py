"""The help of one command, by typer."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from supervisor.cli.command.everywhere import WHERE
from supervisor.cli.command.parameters import Option, Parameter, call, parameters
from supervisor.cli.command.table import HELP_OPTIONS, Command


def show_help(command: Command) -> int:
    """Print the help of a command. Returns the exit code."""
    loaded(command)([HELP_OPTIONS[1]], prog_name=f"orch {command.words}", standalone_mode=False)
    return 0


class _Command(TyperCommand):
    """A command whose help loads no pydantic."""

    def get_help_option(self, ctx: Any) -> Any:
        """Give it a default that typer need not convert: to convert `None`, typer imports pydantic (100 ms)."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option


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
    app = typer.Typer(
        add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": list(HELP_OPTIONS)}
    )
    examples = "\n".join(f"  {line}" for line in command.examples)
    text, epilog = f"{command.help}\n\n{command.details}", f"\b\nExample:\n{examples}\n\n{WHERE}"
    app.command(command.name, cls=_Command, help=text, epilog=epilog)(run)
    return get_command(app)


def _typed(one: Parameter) -> inspect.Parameter:
    """Declare a parameter for typer."""
    word = one.word
    shown = one.default is not None
    if isinstance(word, Option):
        names = [name for name in (word.name, word.short) if name is not None]
        info = typer.Option(
            *names, help=word.help, metavar=word.metavar, min=word.least, max=word.most, show_default=shown
        )
    else:
        assert word is not None
        info = typer.Argument(metavar=word.metavar, help=word.help, show_default=shown, min=word.least, max=word.most)
    return inspect.Parameter(
        one.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if one.required else one.default,
        annotation=Annotated[one.annotation, info],
    )
