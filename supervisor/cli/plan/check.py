"""`orch plan check`: check plan.md, compare it with the revision in force, and show what it would do."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from msgspec import to_builtins

from supervisor.cli.command.parameters import Argument, Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Grid, Line, one_line
from supervisor.cli.plan.history import revisions
from supervisor.core.engine.foresee import describe_picture
from supervisor.core.plan.diff import describe
from supervisor.core.plan.diff import diff as compare
from supervisor.domain.plan import Effect, Foreseen, Plan, Problem, Rejection
from supervisor.domain.status import LimitInfo
from supervisor.errors import OrchError, UsageError
from supervisor.runtime import calling
from supervisor.runtime.config.load import load_present, named
from supervisor.runtime.plan.outlook import Outlook, outlook
from supervisor.runtime.plan.read import check as check_plan
from supervisor.runtime.plan.read import read
from supervisor.runtime.presence.roster import holder
from supervisor.runtime.templates import is_untouched
from supervisor.runtime.workspace import CONFIG_NAME, WorkspacePaths
from supervisor.wire.status import read_status


def check(
    workspace: WorkspacePaths,
    file: Annotated[Path | None, Argument("FILE", "Check this file instead of plan.md.")] = None,
    *,
    as_json: Json = False,
) -> int:
    """Print every problem with its line, or what the plan contains, changes and would do. Returns 0 if it is valid,
    else 1.

    Raises UsageError if `file` does not exist or is a folder.
    """
    name, content = content_of(workspace, file)
    children = [child.name for child in named(workspace)]
    revision = max(revisions(workspace), default=None)
    old = _kept(workspace, revision, children)
    plan = content if isinstance(content, Rejection) else check_plan(content, children, old)
    if isinstance(plan, Rejection):
        problems = [{"line": one.line, "message": one.message} for one in plan.problems]
        if as_json:
            output.emit_json(
                {"ok": False, "problems": problems, "warnings": [], "title": None, "hold": None, "tasks": []}
            )
        else:
            for one in plan.problems:
                output.emit(f"{name}:{one.line}: {one_line(one.message)}")
        return 1
    assert isinstance(content, bytes), "what is not read is rejected"
    found = Checked(
        plan,
        revision,
        describe(compare(old, plan)) if old else None,
        is_untouched("plan.template.md", content.decode("utf-8-sig")),
        _outlook(workspace, content, plan),
    )
    if as_json:
        output.emit_json(_as_json(found))
    else:
        _show(name, found)
        for one in plan.warnings:
            output.say(f"{name}:{one.line}: warning: {one_line(one.message)}")
        for words in found.outlook.warnings if isinstance(found.outlook, Outlook) else ():
            output.say(f"warning: {one_line(words)}")
    return 0


class Checked(NamedTuple):
    """A valid plan, and what is known of it."""

    plan: Plan
    revision: int | None  # the newest one; None: there is none
    changes: str | None  # since that revision
    template: bool  # it is the template of `orch init`, and nobody has written a plan yet
    outlook: Outlook | str  # what it would do, or why that is not known


def _outlook(workspace: WorkspacePaths, content: bytes, plan: Plan) -> Outlook | str:
    up = holder(workspace) is not None
    limits = _limits(workspace) if up else ()
    try:
        return outlook(workspace, load_present(workspace), content, plan, up=up, limits=limits)
    except OrchError as error:
        return str(error)


def _limits(workspace: WorkspacePaths) -> tuple[LimitInfo, ...]:
    """Return the limits of the account, as far as a supervisor that is up tells them at once."""
    try:
        with calling.connect(workspace) as client:
            return read_status(client.status()).limits
    except OrchError:
        return ()


def content_of(workspace: WorkspacePaths, file: Path | None) -> tuple[str, bytes | Rejection]:
    """Return the name to show, and the bytes of `file` or plan.md (or why they cannot be read)."""
    path = workspace.plan if file is None else file
    if file is not None and file.is_dir():
        raise UsageError(f"{file} is a folder", _instead_of_folder(file))
    content = read(path)
    if content is None and file is not None:
        raise UsageError(f"{file} does not exist", "name an existing file")
    if content is None:
        content = Rejection(
            (Problem(1, "plan.md does not exist: write one with `# Plan: TITLE` and a `## Working Plan`"),)
        )
    return "plan.md" if file is None else str(file), content


def _instead_of_folder(folder: Path) -> str:
    if (folder / CONFIG_NAME).is_file():
        return f"check the plan of that workspace with `orch -C {shlex.quote(str(folder))} plan check`"
    draft = next(iter(sorted(folder.glob("*.md"))), None)
    return f"name a file, for example `orch plan check {shlex.quote(str(draft or folder / 'plan.md'))}`"


def _kept(workspace: WorkspacePaths, revision: int | None, children: list[str]) -> Plan | None:
    """Return a kept revision; None if there is none, or it no longer fits the config."""
    if revision is None:
        return None
    old = check_plan(revisions(workspace)[revision].read_bytes(), children)
    return old if isinstance(old, Plan) else None


def _as_json(found: Checked) -> dict[str, object]:
    plan, seen = found.plan, found.outlook if isinstance(found.outlook, Outlook) else None
    return {
        "ok": True,
        "problems": [],
        "warnings": to_builtins(plan.warnings),
        "title": plan.title,
        "hold": plan.hold,
        "tasks": [to_builtins(task) for task in plan.tasks],
        "contracts": [to_builtins(contract) for contract in plan.contracts],
        "budget": to_builtins(plan.budget),
        "revision": found.revision,
        "changes": found.changes,
        "template": found.template,
        "in_force": seen is not None and seen.revision is not None,
        "when": ("now" if seen.up else "orch up") if seen is not None else None,
        "picture": to_builtins(seen.picture) if seen is not None else None,
        "waits": seen.waits if seen is not None else None,
        "may_not_fit": seen.warnings if seen is not None else (),
    }


def _show(name: str, found: Checked) -> None:
    plan, seen = found.plan, found.outlook
    counts = f"{_count(plan.tasks, 'task')}, {_count(plan.contracts, 'contract')}"
    held = ", held (`hold: yes`)" if plan.hold else ""
    if found.template:
        next_step = "say in it what should change, then write `hold: no`"
        output.show([Line((Cell(f"{name} is the untouched template", "yellow"), Cell(f": {next_step}")))])
        return
    blocks: list[Block] = [Line((Cell(f"{name} is fine", "green"), Cell(f": {plan.title}: {counts}{held}")))]
    blocks += _tasks(plan, seen.picture if isinstance(seen, Outlook) else ())
    if found.changes is not None:
        blocks.append(Line((Cell(f"compared with revision {found.revision}: {found.changes}"),)))
    blocks += (Line((Cell(line),)) for line in _in_words(seen))
    output.show(blocks)


def _tasks(plan: Plan, picture: Sequence[Foreseen]) -> Iterator[Block]:
    """Show the tasks of the plan, then those that it retires, each with what happens to it."""
    titles = {task.id: task for task in plan.tasks}
    then = {one.task: one for one in picture}
    rows = [(task.id, task.child, ", ".join(task.after), task.title, _then(then.get(task.id))) for task in plan.tasks]
    rows += [(one.task, one.child, "", "", _then(one)) for one in picture if one.task not in titles]
    if rows:
        yield Grid(("TASK", "CHILD", "AFTER", "TITLE", "THEN"), tuple(tuple(map(Cell, row)) for row in rows)).filled()


def _then(one: Foreseen | None) -> str:
    if one is None:
        return ""
    if one.effect is Effect.UNCHANGED:
        return f"unchanged ({one.why})" if one.why else "unchanged"
    return f"{one.effect}: {one.why}" if one.why else str(one.effect)


def _in_words(seen: Outlook | str) -> Iterator[str]:
    if isinstance(seen, str):
        yield f"what it would do is not known: {one_line(seen)}"
        return
    does = describe_picture(seen.picture) or "changes nothing that runs or waits"
    if seen.revision is not None:
        yield f"it is revision {seen.revision}, which is in force"
    elif seen.up:
        yield f"once it is in force, it {does}"
    if not seen.up:
        yield f"no supervisor is up: the next `orch up` {does}"
    if seen.waits is not None:
        yield f"it waits for `orch go`: {seen.waits}"


def _count(things: tuple[object, ...], noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"
