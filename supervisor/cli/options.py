"""What the commands share: `--json`, an example in every help, and how they find their workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from supervisor.cli.folder import checked

if TYPE_CHECKING:
    from supervisor.runtime.workspace import Workspace

Json = Annotated[bool, typer.Option("--json", help="As JSON, on standard output.")]


class Command(TyperCommand):
    """A command that loads pydantic (100 ms) for what needs it only: not for `--help`, nor for text."""

    def get_help_option(self, ctx: Any) -> Any:
        return _given_or_not(super().get_help_option(ctx))

    def get_params(self, ctx: Any) -> Any:
        params: list[Any] = super().get_params(ctx)
        for param in params:
            if getattr(param, "_runtime_param", param) is None:  # another typer has another way: it is left alone
                param._runtime_param = _Sparing()
        return params


class Group(TyperGroup):
    """The same for a group of commands."""

    def get_help_option(self, ctx: Any) -> Any:
        return _given_or_not(super().get_help_option(ctx))


def example(*lines: str) -> str:
    """The end of a command's help."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines) + f"\n\n{_WHERE}"


def end(code: int) -> NoReturn:
    """End the command with this exit code."""
    raise typer.Exit(code)


def workspace_at(context: typer.Context) -> Workspace:
    """The workspace of this call. Raises UsageError if -C names no folder, WorkspaceError if there is no workspace."""
    from supervisor.runtime.workspace import find

    return find(folder_of(context))


def folder_of(context: typer.Context) -> Path:
    """The folder of this call. Raises UsageError if -C names none."""
    return checked(context.obj or Path())


class _Sparing:
    """Takes text, and a default, as it is; leaves the rest to typer, which loads pydantic for it."""

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        kind = param.type_descriptor.annotation
        if kind == list[str]:
            return list(value or ())
        if value is None or (isinstance(kind, type) and isinstance(value, kind)):
            return value
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _given_or_not(option: Any) -> Any:
    """The option with a default that typer takes as it is."""
    if option is not None:
        option.default = False
    return option


_WHERE = "-C DIR, before or after the command, names the workspace (or a folder in it); without it, the current folder."
