"""`orch asks` and `orch answer`: list what waits on a human, and answer it."""

from __future__ import annotations

from typing import Annotated

from supervisor import api
from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.screen import ask_blocks
from supervisor.errors import UsageError
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.glance import glance


def asks(workspace: WorkspacePaths, *, as_json: Json = False) -> int:
    """Print what waits on a human."""
    found = api.Workspace(workspace.root).status_json()
    if as_json:
        output.emit_json(found["asks"])
    elif asks := glance(found).asks:
        output.show(block for ask in asks for block in ask_blocks(ask))
    else:
        output.emit("nothing waits on you")
    return 0


def answer(
    workspace: WorkspacePaths,
    ask: Annotated[str, Argument("ID", "The id of the ask, as `orch asks` shows it.")],
    words: Annotated[list[str], Argument("accept|decline|TEXT", "Your answer.")],
    *,
    for_session: Annotated[
        bool, Option("--for-session", "With `accept`: accept the same for the rest of the Codex session.")
    ] = False,
) -> int:
    """Answer an ask: exactly `accept` or `decline` is a decision, anything else is text."""
    text = " ".join(words).strip()
    if not text:
        raise UsageError("the answer is empty", f"`orch answer {ask} accept`, `decline`, or your words")
    decided = text in ("accept", "decline")
    if for_session and text != "accept":
        raise UsageError("--for-session works only with `accept`", f"`orch answer {ask} accept --for-session`")
    orch = api.Workspace(workspace.root)
    match text:
        case "accept" | "decline":
            orch.answer(ask, text, for_session=for_session)
        case _:
            orch.answer(ask, "text", text)
    output.emit(f"{ask}: {text if decided else 'answered'}" + (", for the rest of the session" if for_session else ""))
    return 0
