"""`-C DIR`: the folder in which a command runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from supervisor.errors import UsageError


def take_folder(arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the folder that `-C DIR` names, anywhere before a `--`, and the other arguments.

    Each -C is relative to the one before it, as in git. It is read here because typer would load pydantic to do so, for
    every command. Raises UsageError if a -C has no folder.
    """
    folder, rest = Path(), list[str]()
    words = iter(arguments)
    for word in words:
        if word == "--":
            return folder, [*rest, word, *words]
        if not word.startswith("-C"):
            rest.append(word)
            continue
        named = word[2:] or next(words, "")
        if not named:
            raise UsageError("-C needs a folder", "name the workspace, for example `orch -C ../ws status`")
        folder /= Path(named).expanduser()
    return folder, rest


def checked(folder: Path) -> Path:
    """Return the path if it is a folder. Raises UsageError if not."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "name an existing folder with -C")
    return folder
