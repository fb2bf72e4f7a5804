"""What every command takes: `-C DIR` or ORCH_WORKSPACE, the folder in which it runs, and `--color WHEN`.

Read here because typer would load pydantic to do so, for every command.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from supervisor.cli.display import color
from supervisor.errors import ConfigError, UsageError, WorkspaceError
from supervisor.runtime.workspace import WorkspacePaths, find

VARIABLE = "ORCH_WORKSPACE"

WHERE = (
    "-C DIR, before or after the command, names the workspace or a folder in it (default: ORCH_WORKSPACE, else the "
    "current folder). --color auto|always|never says when to colour."
)
"""What every help ends with."""


class Everywhere(NamedTuple):
    """The folder in which a command runs, when to colour, and the other arguments."""

    folder: Path
    color: str
    words: list[str]


def take(arguments: Sequence[str]) -> Everywhere:
    """Take -C and --color from the arguments, anywhere before a `--`.

    Each -C is relative to the one before it, as in git. Without any, the folder is the one that ORCH_WORKSPACE names.
    Raises UsageError for a -C without a folder, or a --color that is not of `color.WHEN`.
    """
    folder, when, rest = None, "auto", list[str]()
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word.startswith("-C"):
            named = word[2:] or next(words, "")
            if not named:
                raise UsageError("-C needs a folder", "name the workspace, for example `orch -C ../ws status`")
            folder = (folder or Path()) / Path(named).expanduser()
        elif word == "--color" or word.startswith("--color="):
            when = _when(word[len("--color=") :] if "=" in word else next(words, ""))
        else:
            rest.append(word)
    if folder is None:
        folder = Path(os.environ.get(VARIABLE, "")).expanduser()
    return Everywhere(folder, when, rest)


class NamedFolder(NamedTuple):
    """The folder of `-C`, or the current one, as it is named: it need not exist any more."""

    folder: Path


def checked(folder: Path) -> Path:
    """Return the path if it is a folder. Raises UsageError if not."""
    if not folder.is_dir():
        if _by_variable(folder):
            raise UsageError(f"{VARIABLE} names {folder}, which is not a folder", "correct it, unset it, or use -C")
        raise UsageError(f"{folder} is not a folder", "name an existing folder with -C")
    return folder


def located(folder: Path) -> WorkspacePaths:
    """Find the workspace of this folder. Raises WorkspaceError if it is in none."""
    try:
        return find(folder)
    except ConfigError:
        raise
    except WorkspaceError as error:
        if _by_variable(folder):
            raise WorkspaceError(f"{VARIABLE} is set, and there is {error.what}", error.next_step) from error
        raise


def _by_variable(folder: Path) -> bool:
    given = os.environ.get(VARIABLE)
    return bool(given) and folder == Path(given or "").expanduser()


def _when(word: str) -> str:
    if word not in color.WHEN:
        raise UsageError(f"--color takes no `{word}`" if word else "--color needs a word", "use auto, always or never")
    return word
