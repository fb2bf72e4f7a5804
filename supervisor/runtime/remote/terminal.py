"""Codex's own terminal UI on a thread of another machine: it runs there, beside the server."""

from __future__ import annotations

from supervisor.errors import CodexError
from supervisor.runtime.config.load import named
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.place.answers import SOCKET
from supervisor.wire.place.scripts import words
from supervisor.wire.place.terminal import with_terminal


def terminal_command(workspace: WorkspacePaths, name: str, thread: str) -> list[str]:
    """Prepare the UI on the machine of a child, and return the command that opens it there, in a terminal.

    Nothing of it runs on this machine but the runner. Blocks. Raises OrchError.
    """
    child = next((one for one in named(workspace) if one.name == name), None)
    if child is None or child.runner is None:
        raise CodexError(f"{name} lives elsewhere than the config says", "run `orch up`, which reads it anew")
    place = ChildPlace(workspace, child.name, child.runner, child.path)
    file = place.ask(lambda script: script.attach(thread)).text
    if not SOCKET.fullmatch(file) or " " in file:
        raise CodexError(f"{child.runner.name} says what orch does not understand", "see `orch logs`")
    return [*words(with_terminal(place.allocation.connect)), file]
