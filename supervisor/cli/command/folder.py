"""`-C DIR`: where a command counts from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from supervisor.errors import UsageError


def take_folder(arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """The folder that `-C DIR` names, wherever it stands before a `--`, and the other arguments.

    Each -C counts from the one before it, as with git. It is read here because typer would load pydantic to do so, for
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
    """The folder, if it is one. Raises UsageError."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "name an existing folder with -C")
    return folder
