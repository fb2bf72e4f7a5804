"""The commands that send the supervisor one request and return: hold, go, restart, note."""

from __future__ import annotations

from typing import Annotated

from supervisor import api
from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.domain.json_value import JsonObject
from supervisor.errors import UsageError
from supervisor.runtime.workspace import WorkspacePaths


def hold(workspace: WorkspacePaths, *, as_json: Json = False) -> int:
    """Hold the plan: nothing new starts."""
    api.Workspace(workspace.root).hold()
    return _say({"held": True}, "held: nothing new starts, running work continues; `orch go` lifts the hold", as_json)


def go(
    workspace: WorkspacePaths,
    task: Annotated[str | None, Argument("TASK", "Try this blocked or failed task again.")] = None,
    fresh_thread: Annotated[bool, Option("--fresh-thread", "Have it go on with a new thread of Codex.")] = False,
    *,
    as_json: Json = False,
) -> int:
    """Lift the hold, and let the plan.md that waits for it in force; with a task, try that task again. Say what still
    keeps it from going on."""
    answer = api.Workspace(workspace.root).go_json(task, fresh_thread=fresh_thread)
    if as_json:
        output.emit_json({"task": task, "lifted": False, "released": None, "still": [], **answer}, answered=True)
        return 0
    if task is not None:
        output.emit(f"{task} goes on with a new thread" if fresh_thread else f"{task} will be tried again")
    elif (revision := answer.get("released")) is not None:
        output.emit(f"plan.md is in force: revision {revision}")
    else:
        output.emit("the hold is lifted" if answer.get("lifted") else "`orch hold` was not set")
    still = answer.get("still")
    for one in still if isinstance(still, list) else ():
        output.say(f"still: {one_line(str(one))}")
    return 0


def restart(
    workspace: WorkspacePaths,
    child: Annotated[str, Argument("CHILD", "The child whose server is restarted.")],
    *,
    as_json: Json = False,
) -> int:
    """Restart the server of one child."""
    api.Workspace(workspace.root).restart(child)
    return _say({"restarts": child}, f"{child} restarts; see `orch status`", as_json)


def note(
    workspace: WorkspacePaths,
    words: Annotated[list[str], Argument("TEXT", "What you learned.")],
    *,
    as_json: Json = False,
) -> int:
    """Record something learned."""
    text = " ".join(words).strip()
    if not text:
        raise UsageError("the note is empty", "write what you learned: `orch note TEXT`")
    api.Workspace(workspace.root).note(text)
    return _say({"noted": text}, "noted", as_json)


def _say(done: JsonObject, words: str, as_json: bool) -> int:
    """Print what a request did; return the exit code."""
    if as_json:
        output.emit_json(done)
    else:
        output.emit(words)
    return 0
