"""The parameters of a command: its function's signature, in which each parameter declares its name and its help.

    def go(workspace: WorkspacePaths, task: Annotated[str | None, Argument("TASK", "Try this again.")] = None) -> int

We fill in a parameter that is neither an `Option` nor an `Argument`: a `WorkspacePaths` is the workspace in which the
command was called, a `Path` the folder of `-C`, a `NamedFolder` that folder though it may be gone.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, NamedTuple, get_args, get_origin

from supervisor.cli.command.everywhere import NamedFolder, checked, located
from supervisor.runtime.workspace import WorkspacePaths


class Option(NamedTuple):
    """`--name VALUE`, or `--name` alone for a bool. `least` and `most` are the bounds of a number, both valid."""

    name: str
    help: str
    metavar: str | None = None
    short: str | None = None
    least: int | None = None
    most: int | None = None


class Argument(NamedTuple):
    """A positional argument; a list takes all that are left. `least` and `most` are the bounds of a number."""

    metavar: str
    help: str
    least: int | None = None
    most: int | None = None


Json = Annotated[bool, Option("--json", "Print JSON.")]


class Parameter(NamedTuple):
    """One parameter of a command. `type` is that of a single value. `word` is None for one that we fill in."""

    name: str
    annotation: object
    type: type
    many: bool
    required: bool
    default: object
    word: Option | Argument | None


def parameters(function: Callable[..., int]) -> tuple[Parameter, ...]:
    """Return the parameters of this command, in the order of its signature."""
    code, defaults = function.__code__, function.__defaults__ or ()
    by_place = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    known = {**dict(zip(by_place, defaults, strict=True)), **(function.__kwdefaults__ or {})}
    # `typing.get_type_hints` compiles what `eval` reads: with the first text that is compiled, Python makes its syntax
    # tree's classes, for 1 ms.
    written = function.__annotations__.items()
    hints = {name: eval(one, function.__globals__) if isinstance(one, str) else one for name, one in written}
    return tuple(_parameter(name, hint, known) for name, hint in hints.items() if name != "return")


def _parameter(name: str, hint: object, defaults: Mapping[str, object]) -> Parameter:
    annotation, word = get_args(hint) if get_origin(hint) is Annotated else (hint, None)
    plain = annotation
    if get_origin(plain) is UnionType:
        plain = next(one for one in get_args(plain) if one is not type(None))
    many = get_origin(plain) is list
    if many:
        (plain,) = get_args(plain)
    return Parameter(name, annotation, plain, many, name not in defaults, defaults.get(name), word)


def call(function: Callable[..., int], takes: Iterable[Parameter], folder: Path, values: Mapping[str, object]) -> int:
    """Run a command, which `takes` these parameters, with the parsed values; return its exit code.

    Raises UsageError if `folder` is not a folder, WorkspaceError if it is in no workspace.
    """
    ours = {one.name: _given(one.type, folder) for one in takes if one.word is None}
    return function(**ours, **values)


def _given(kind: type, folder: Path) -> Path | NamedFolder | WorkspacePaths:
    if kind is NamedFolder:
        return NamedFolder(folder)
    return located(checked(folder)) if kind is WorkspacePaths else checked(folder)
