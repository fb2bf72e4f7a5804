"""The commands that show what waits on a human, and those that tell the supervisor something and return."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.cli import calling, output
from supervisor.errors import UsageError
from supervisor.runtime.workspace import Workspace
from supervisor.shell.control_client import ControlClient


def asks(workspace: Workspace, *, as_json: bool) -> int:
    """Print what waits on a human."""
    picture = calling.live(workspace)
    if as_json:
        output.emit_json(picture["asks"])
        return 0
    from supervisor.cli.screen import ask_blocks

    if picture["asks"]:
        output.show(block for ask in picture["asks"] for block in ask_blocks(ask))
    else:
        output.emit("nothing waits on you")
    return 0


def answer(workspace: Workspace, ask: str, words: Sequence[str], *, for_session: bool) -> int:
    """Answer an ask: exactly `accept` or `decline` is a decision, anything else is text."""
    text = " ".join(words).strip()
    if not text:
        raise UsageError("the answer is empty", f"`orch answer {ask} accept`, `decline`, or your words")
    decided = text in ("accept", "decline")
    if for_session and text != "accept":
        raise UsageError("--for-session goes with `accept`", f"`orch answer {ask} accept --for-session`")
    with ControlClient(workspace.control_socket) as client:
        calling.picture(client)
        client.call(
            "answer",
            ask=ask,
            decision=text if decided else "text",
            text="" if decided else text,
            for_session=for_session,
        )
    output.emit(f"{ask}: {text if decided else 'answered'}" + (", also the next time" if for_session else ""))
    return 0


def hold(workspace: Workspace) -> int:
    """Let nothing new start."""
    with ControlClient(workspace.control_socket) as client:
        calling.picture(client)
        client.call("hold")
    output.emit("held: what runs goes on, nothing new starts; `orch go` lifts it")
    return 0


def go(workspace: Workspace, task: str | None) -> int:
    """Lift the hold; with a task: try it again."""
    with ControlClient(workspace.control_socket) as client:
        picture = calling.picture(client)
        if task is not None:
            calling.checked(task, calling.names(picture, "tasks"), "task")
        client.call("go", task=task)
    output.emit("going on" if task is None else f"{task} is tried again")
    if task is None and picture["plan"]["state"] in ("rejected", "missing"):
        output.say(f"the plan is {picture['plan']['state']}: see `orch plan check`")
    return 0


def restart(workspace: Workspace, child: str) -> int:
    """Restart the server of one child."""
    with ControlClient(workspace.control_socket) as client:
        calling.checked(child, calling.names(calling.picture(client), "children"), "child")
        client.call("restart", child=child)
    output.emit(f"{child} restarts; see `orch status`")
    return 0


def note(workspace: Workspace, words: Sequence[str]) -> int:
    """Record something learned."""
    text = " ".join(words).strip()
    if not text:
        raise UsageError("the note is empty", "say what was learned: `orch note TEXT`")
    with ControlClient(workspace.control_socket) as client:
        calling.picture(client)
        client.call("note", text=text)
    output.emit("noted")
    return 0
