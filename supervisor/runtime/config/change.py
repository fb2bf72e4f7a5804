"""Replace the text of the config on disk, and write its schema for editors."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from pathlib import Path

from supervisor.errors import ConfigError
from supervisor.regular_file import read_regular
from supervisor.runtime.config.read import read
from supervisor.runtime.config.schema import json_schema
from supervisor.runtime.workspace import WorkspacePaths, make_inside
from supervisor.shell.atomic import write_atomic


def text_of(workspace: WorkspacePaths) -> str:
    """Return the text of the config. Raises ConfigError if it cannot be read, or is not a valid config."""
    try:
        content = read_regular(workspace.config)
    except OSError as error:
        raise ConfigError(
            f"{workspace.config} cannot be read ({error.strerror})", "make it readable, then run this again"
        ) from error
    read(workspace.config, content)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{workspace.config} is not UTF-8", "save it as UTF-8, then run this again") from error


def replace_text(workspace: WorkspacePaths, before: str, after: str) -> None:
    """Replace the text `before` of the config by `after`.

    Raises ConfigError if the new text is not valid, or somebody else changed the file.
    """
    read(workspace.config, after.encode())
    path = workspace.config.resolve()  # through a link, which stays
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # for the moment in which another command of ours may do the same
        if text_of(workspace) != before:
            raise ConfigError(f"{workspace.config} was changed by somebody else meanwhile", "run this again")
        mode = stat.S_IMODE(path.stat().st_mode)
        write_atomic(path, after)
        os.chmod(path, mode)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        os.close(folder)


def write_schema(workspace: WorkspacePaths) -> None:
    """Write the schema that the config names to an editor, unless it is there. Raises OSError."""
    text = json.dumps(json_schema(), indent=2) + "\n"
    path = workspace.config_schema
    if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
        make_inside(path.parent)
        write_atomic(path, text)


def _unwritable(path: Path, error: OSError) -> ConfigError:
    next_step = "make it and its folder writable, then run this again"
    return ConfigError(f"{path} cannot be written ({error.strerror})", next_step)
