"""`orch plan "PROBLEM"`: have the orchestrator understand the repos and write plan.md, and show its progress."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

from supervisor import api
from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.command.table import COMMANDS as ALL_COMMANDS
from supervisor.cli.display import output
from supervisor.cli.display.ask_lines import ask_blocks
from supervisor.cli.display.blocks import Cell, Grid, one_line
from supervisor.cli.display.interrupt import on_interrupt
from supervisor.cli.display.progress import Progress
from supervisor.cli.steer.up import bring_up
from supervisor.core.plan.diagnostics import nearest
from supervisor.domain.status import AskInfo, OrchestratorInfo, Status
from supervisor.errors import OrchError, SupervisorDown, UsageError
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.plain import plain

DONE, FAILED, WAITS = 0, 1, 4
COMMANDS = ("check", "diff", "history", "stop")  # the other commands below `orch plan`
_GOES_ON = (
    "the orchestrator keeps working: see `orch status`, talk to it with `orch attach`, end its effort with "
    "`orch plan stop`"
)
LOOK = 1.0  # seconds between two polls of what the orchestrator is doing
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
    """Ask for a plan and wait for it: 0 once it is in force, 1 if that fails, 4 if the orchestrator needs a human.

    Starts the supervisor and the servers as `orch up` does. After Ctrl-C the orchestrator keeps working.
    """
    wanted = _problem(problem, file)
    if yolo:
        output.say(f"orch: {YOLO}")
    with redirect_stdout(sys.stderr), on_interrupt(lambda: "the orchestrator was not asked yet: run `orch plan` again"):
        bring_up(workspace, [])
    api.Workspace(workspace.root).plan(wanted, review=review, yolo=yolo)
    with on_interrupt(lambda: _GOES_ON):
        status, orchestrator = _follow(workspace)
    if as_json:
        output.emit_json(plain(status))
    return _result(status, orchestrator, review=review, quiet=as_json)


def _problem(argument: str | None, file: Path | None) -> str:
    """Return the problem: the argument, the text of a file, or (`-`) of standard input.

    Raises UsageError if both or neither are given, or if the text is empty, too long or unreadable.
    """
    if (argument is None) == (file is None):
        raise UsageError("state the problem once", 'as `orch plan "PROBLEM"` or `orch plan --from FILE`')
    if file is None:
        text = argument or ""
        _check_not_a_command(text.strip())
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
        raise UsageError("the problem is empty", "say what should be different afterwards, and what you know about it")
    if len(text) > LONGEST:
        raise UsageError(
            f"the problem is longer than {LONGEST:,} characters",
            "shorten it, and name the files instead of quoting them",
        )
    return text.strip()


def _check_not_a_command(text: str) -> None:
    """Raises UsageError for one bare word: a mistyped `orch plan check` starts no orchestrator, which costs tokens."""
    if not text or len(text.split()) > 1:
        return
    near = nearest(text, COMMANDS)
    meant = f"did you mean `orch plan {near}`? " if near else ""
    if text in (one.words for one in ALL_COMMANDS):
        meant = f"did you mean `orch {text}`? "
    next_step = f"{meant}say in a sentence what should be different"
    raise UsageError(f"`{one_line(text, 60)}` is no problem statement", next_step)


def _follow(workspace: WorkspacePaths) -> tuple[Status, OrchestratorInfo]:
    """Return the status once the orchestrator has a plan, needs a human, rests without one, or has failed."""
    progress = Progress()
    try:
        for status in api.Workspace(workspace.root).changes(every=LOOK):
            orchestrator = status.orchestrator
            if orchestrator is None:
                continue  # the request was just made: it appears in the next status
            progress.show({"orchestrator": _described(orchestrator)})
            over = orchestrator.state in ("failed", "blocked", "stopped", "resting") or (
                orchestrator.state == "idle" and (orchestrator.planned or _waits_for_go(status, orchestrator))
            )
            if over or orchestrator.server == "failed" or _asks(status):
                return status, orchestrator
    except SupervisorDown as error:
        raise OrchError(
            f"while the orchestrator was working, {error.what}", "run `orch up`: the orchestrator continues by itself"
        ) from error
    finally:
        progress.end()
    raise AssertionError("`changes` ends only when the supervisor does")


def _waits_for_go(status: Status, orchestrator: OrchestratorInfo) -> bool:
    """Whether the orchestrator wrote a plan that would stop so much that it waits for the human."""
    return status.plan.state == "waiting" and orchestrator.state == "idle" and not orchestrator.busy


def _result(status: Status, orchestrator: OrchestratorInfo, *, review: bool, quiet: bool) -> int:
    """Print the outcome; return the exit code."""
    plan = status.plan
    if asks := _asks(status):
        if not quiet:
            output.show(block for ask in asks for block in ask_blocks(ask))
        return WAITS
    if orchestrator.state == "stopped" and orchestrator.planned:
        output.say(f"orch: {one_line(orchestrator.why or orchestrator.state)}; revision {plan.revision} is in force")
        return FAILED
    if not orchestrator.planned and _waits_for_go(status, orchestrator):
        output.say(f"orch: plan.md waits for `orch go`: {one_line(plan.why or '')}")
        return WAITS
    if not (orchestrator.state == "idle" and orchestrator.planned):
        output.say(f"orch: there is no plan: {one_line(orchestrator.why or orchestrator.state)}")
        return FAILED
    if not quiet:
        output.emit(f"plan.md, revision {plan.revision}: {one_line(plan.title or '')}")
        rows = [[one_line(word) for word in (task.id, task.child, task.title)] for task in status.tasks]
        output.show([Grid(("TASK", "CHILD", "TITLE"), tuple(tuple(Cell(text) for text in row) for row in rows))])
    held = review or plan.state == "held"
    output.say(
        "next: read plan.md, change what you like, then `orch go`"
        if held
        else "next: `orch status --watch`; edit plan.md at any moment"
    )
    return DONE


def _asks(status: Status) -> list[AskInfo]:
    """Return the asks of the orchestrator itself."""
    return [ask for ask in status.asks if ask.child == "orchestrator"]


def _described(info: OrchestratorInfo) -> str:
    text = info.doing or (info.summary if info.state == "idle" else None) or info.why or ""
    return f"{info.state}: {one_line(text)}" if text else info.state
