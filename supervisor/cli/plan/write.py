"""`orch plan "PROBLEM"`: have the orchestrator understand the repos and write plan.md, and show how it gets on."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

from supervisor import api
from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Cell, Grid, one_line
from supervisor.cli.display.progress import Progress
from supervisor.cli.display.screen import ask_blocks
from supervisor.cli.steer.up import bring_up
from supervisor.domain.status import AskInfo, OrchestratorInfo, Status
from supervisor.errors import OrchError, SupervisorDown, UsageError
from supervisor.runtime import calling
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.plain import plain
from supervisor.wire.status import read_status

DONE, FAILED, WAITS = 0, 1, 4
LOOK = 1.0  # seconds between two looks at what the orchestrator is doing
LONGEST = 200_000  # characters of a problem
YOLO = (
    "--yolo: the orchestrator runs without a sandbox and without approvals: its commands may change anything that you "
    "can change. The children keep their sandboxes."
)


def write(
    workspace: WorkspacePaths,
    problem: Annotated[str | None, Argument("PROBLEM", "What is wrong, or should be different.")] = None,
    *,
    file: Annotated[Path | None, Option("--from", "Read the problem from FILE (-: standard input).", "FILE")] = None,
    review: Annotated[bool, Option("--review", "Start no task before `orch go`.")] = False,
    yolo: Annotated[bool, Option("--yolo", "Run the orchestrator without sandbox and approvals.")] = False,
    as_json: Json = False,
) -> int:
    """Ask for a plan and see it come: 0 once it is in force, 1 if that fails, 4 if the orchestrator needs a human.

    Starts the supervisor and the servers as `orch up` does. Ctrl-C leaves the orchestrator at work.
    """
    wanted = _problem(problem, file)
    if yolo:
        output.say(f"orch: {YOLO}")
    with redirect_stdout(sys.stderr):
        bring_up(workspace, [])
    api.Workspace(workspace.root).plan(wanted, review=review, yolo=yolo)
    picture, lead = _follow(workspace)
    if as_json:
        output.emit_json(plain(picture))
    return _told(picture, lead, review=review, quiet=as_json)


def _problem(words: str | None, file: Path | None) -> str:
    """The problem as given: in words, in a file, or (`-`) on standard input. Raises UsageError for none, or both."""
    if (words is None) == (file is None):
        raise UsageError("state the problem once", 'as `orch plan "PROBLEM"` or `orch plan --from FILE`')
    if file is None:
        text = words or ""
    elif str(file) == "-":
        text = sys.stdin.read(LONGEST + 1)
    else:
        try:
            with file.open(encoding="utf-8") as stream:
                text = stream.read(LONGEST + 1)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise UsageError(f"{file} cannot be read ({reason})", "name a text file with --from") from error
    if not text.strip():
        raise UsageError("the problem is empty", "say what should be different afterwards, and what you know of it")
    if len(text) > LONGEST:
        raise UsageError(f"the problem is longer than {LONGEST:,} characters", "say what matters, and name the files")
    return text.strip()


def _follow(workspace: WorkspacePaths) -> tuple[Status, OrchestratorInfo]:
    """The status once the orchestrator has a plan, needs a human, or has failed."""
    progress = Progress()
    try:
        for picture in map(read_status, calling.follow(workspace, every=LOOK)):
            lead = picture.orchestrator
            if lead is None:
                continue  # it was asked for, and so it is about to be there
            progress.show({"orchestrator": _said(lead)})
            over = lead.state in ("failed", "blocked") or (lead.state == "idle" and lead.planned)
            if over or lead.server == "failed" or _asks(picture):
                return picture, lead
    except SupervisorDown as error:
        raise OrchError(
            f"while the orchestrator was working, {error.what}", "run `orch up`: the orchestrator continues by itself"
        ) from error
    except KeyboardInterrupt:
        output.say("orch: the orchestrator keeps working; see `orch status`, talk to it with `orch attach`")
        raise
    finally:
        progress.end()
    raise AssertionError("following a supervisor ends only with it")


def _told(picture: Status, lead: OrchestratorInfo, *, review: bool, quiet: bool) -> int:
    """Say what came of it; the exit code."""
    plan = picture.plan
    if asks := _asks(picture):
        if not quiet:
            output.show(block for ask in asks for block in ask_blocks(ask))
        return WAITS
    if not (lead.state == "idle" and lead.planned):
        output.say(f"orch: there is no plan: {one_line(lead.why or lead.state)}")
        return FAILED
    if not quiet:
        output.emit(f"plan.md, revision {plan.revision}: {one_line(plan.title or '')}")
        rows = [[one_line(word) for word in (task.id, task.child, task.title)] for task in picture.tasks]
        output.show([Grid(("TASK", "CHILD", "TITLE"), tuple(tuple(Cell(text) for text in row) for row in rows))])
    held = review or plan.state == "held"
    output.say(
        "next: read plan.md, change what you like, then `orch go`"
        if held
        else "next: `orch status --watch`; edit plan.md at any moment"
    )
    return DONE


def _asks(picture: Status) -> list[AskInfo]:
    """What the orchestrator itself needs a human for."""
    return [ask for ask in picture.asks if ask.child == "orchestrator"]


def _said(lead: OrchestratorInfo) -> str:
    doing = lead.doing or (lead.summary if lead.state == "idle" else None) or lead.why or ""
    return f"{lead.state}: {one_line(doing)}" if doing else lead.state
