"""`orch land`: make commits of what finished tasks changed, on one branch per repo, in all repos or in none."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

from supervisor import api
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Grid, Line
from supervisor.domain.change.entry import LandedRepo
from supervisor.domain.change.landing import LandingPlan, RepoPlan
from supervisor.domain.change.operation import OperationState
from supervisor.domain.status import Status
from supervisor.errors import OrchError, RequestRefused, SupervisorDown, UsageError
from supervisor.runtime.change import journal
from supervisor.runtime.change.landing import LandOptions, worked_out
from supervisor.runtime.change.landing_refs import HeadMoved, Landed, carry_out, left_branches, recover
from supervisor.runtime.change.recorded import read_operations
from supervisor.runtime.naming import checked
from supervisor.runtime.workspace import WorkspacePaths

_TRIES = 2  # somebody may commit while a landing is prepared


def land(
    workspace: WorkspacePaths,
    *,
    branch: Annotated[
        str | None, Option("--branch", "The branch to make in each repo (default: orch/TITLE-OF-THE-PLAN).", "NAME")
    ] = None,
    here: Annotated[
        bool, Option("--here", "Move the branch that is checked out in each repo, and its index with it.")
    ] = False,
    dry_run: Annotated[bool, Option("--dry-run", "Show the commits, and make no branch.")] = False,
    tasks: Annotated[
        str | None, Option("--tasks", "Only these tasks, and none that rests on another.", "ID,...")
    ] = None,
    allow_secrets: Annotated[bool, Option("--allow-secrets", "Land it though there seem to be secrets in it.")] = False,
    go_on: Annotated[bool, Option("--continue", "Only finish a landing that was interrupted.")] = False,
    abort: Annotated[
        bool, Option("--abort", "Only clear a landing that was interrupted, if it was not decided.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Land finished tasks. Returns 1 if nothing was landed, or not everywhere."""
    if go_on and abort:
        raise UsageError("--continue finishes a landing, and --abort clears it", "name one of them")
    if here and branch:
        raise UsageError("--here takes the branches that are checked out", "leave out --branch")
    if (go_on or abort) and (branch or here or dry_run or tasks or allow_secrets):
        raise UsageError("--continue and --abort are about a landing that began", "leave out the other options")
    try:
        if go_on or abort:
            return _recovered(workspace, as_json=as_json)
        status = _status(workspace)
        names = tuple(one.strip() for one in (tasks or "").split(",") if one.strip())
        for name in names:
            checked(name, [one.id for one in status.tasks], "task")
        if tasks is not None and not names:
            raise UsageError("--tasks names no task", "for example `orch land --tasks T1,T2`")
        options = LandOptions(branch, here, names, allow_secrets, dry_run)
        if dry_run:
            left = left_branches(journal.read_journal(workspace.operations))
            plan = worked_out(status, options, _undone(workspace), left)
            return _show_plan(plan, as_json=as_json)
        return _land(workspace, status, options, as_json=as_json)
    except UsageError:
        raise
    except OrchError as error:
        if not as_json:
            raise
        output.complain(error)
        output.emit_json({"state": "refused", "repos": [], "why": str(error)})
        return 1


def _land(workspace: WorkspacePaths, status: Status, options: LandOptions, *, as_json: bool) -> int:
    with journal.opened(workspace.operations) as book:
        if stuck := [one for one in _announced(recover(book)) if one.state == "landing"]:
            return _show(stuck[-1], as_json=as_json)
        for attempt in range(_TRIES):
            plan = worked_out(status, options, _undone(workspace), left_branches(book.entries))
            _say_notes(plan)
            moving = [one for one in plan.repos if one.old != one.tip]
            if not moving:
                return _nothing(plan, as_json=as_json)
            try:
                landed = carry_out(book, workspace, plan, _progress)
            except HeadMoved:
                if attempt + 1 == _TRIES:
                    raise
                continue
            return _show(landed, plan, as_json=as_json)
    raise AssertionError("the last try returns or raises")


def _recovered(workspace: WorkspacePaths, *, as_json: bool) -> int:
    with journal.opened(workspace.operations) as book:
        found = recover(book)
    if not found:
        raise RequestRefused("no landing was interrupted", "see `orch ops`")
    return _show(found[-1], as_json=as_json)


def _status(workspace: WorkspacePaths) -> Status:
    orch = api.Workspace(workspace.root)
    try:
        return orch.status()
    except SupervisorDown:
        return orch.last_status()


def _undone(workspace: WorkspacePaths) -> frozenset[str]:
    return frozenset(one.id for one in read_operations(workspace) if one.state is OperationState.UNDONE)


def _announced(found: Sequence[Landed]) -> Sequence[Landed]:
    for one in found:
        if one.state != "landing":
            output.say(f"{one.id} was interrupted: {one.why or 'it is finished now'}")
    return found


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        output.say(text)


def _say_notes(plan: LandingPlan) -> None:
    for note in plan.notes:
        output.say(note)


def _nothing(plan: LandingPlan, *, as_json: bool) -> int:
    why = (
        "the branches are there already, with the same commits"
        if plan.repos
        else "what is checked out has all that the tasks changed"
    )
    if as_json:
        repos = [_of_plan(one) for one in plan.repos]
        output.emit_json({"state": "landed", "repos": repos, "why": why})
    else:
        output.say(f"nothing to land: {why}")
    return 0


def _show_plan(plan: LandingPlan, *, as_json: bool) -> int:
    if as_json:
        repos = [_of_plan(one) for one in plan.repos]
        output.emit_json({"state": "landing", "repos": repos, "why": "a dry run", "dry_run": True})
        _say_notes(plan)
        return 0
    _say_notes(plan)
    if not plan.repos:
        return _nothing(plan, as_json=False)
    output.show(list(_blocks(plan)))
    output.say("nothing was changed; `orch land` makes these branches")
    return 0


def _show(landed: Landed, plan: LandingPlan | None = None, *, as_json: bool) -> int:
    if as_json:
        repos = [_as_json(one) for one in landed.repos]
        output.emit_json({"state": landed.state, "repos": repos, "why": landed.why or None})
    elif landed.state == "landed":
        if plan is not None:
            output.show(list(_blocks(plan)))
        children = ", ".join(one.child for one in landed.repos)
        where = ", ".join(dict.fromkeys(one.branch for one in landed.repos))
        output.emit(f"landed on {where} in {children} ({landed.id})")
    elif landed.state == "landing":
        output.say(f"{landed.id} is decided and not finished: {landed.why}; then run `orch land --continue`")
    else:
        output.say(f"{landed.id}: {landed.why}")
    return 0 if landed.state == "landed" else 1


def _blocks(plan: LandingPlan) -> Iterator[Block]:
    for number, repo in enumerate(plan.repos):
        if number:
            yield Line()
        on = f"on {repo.base[:10]}" if repo.base else "the first commits"
        verb = "moves" if repo.old is not None else "is new"
        yield Line((Cell(f"{repo.child}: {repo.branch}, {on}", "bold"), Cell(f" ({verb})", "dim")))
        for commit in repo.commits:
            yield Line((Cell(commit.id[:10], "yellow"), Cell(f" {commit.task}: {commit.subject}")))
            yield Grid(
                ("FILE", "CHANGE", "+", "-"),
                tuple(
                    (
                        Cell(f"{file.source} -> {file.path}" if file.source else file.path),
                        Cell(str(file.status)),
                        Cell("binary" if file.additions is None else str(file.additions), "green"),
                        Cell("binary" if file.deletions is None else str(file.deletions), "red"),
                    )
                    for file in commit.files
                ),
            )


def _of_plan(one: RepoPlan) -> dict[str, object]:
    return _as_json(LandedRepo(one.child, one.branch, one.base, tuple(commit.id for commit in one.commits), ""))


def _as_json(one: LandedRepo) -> dict[str, object]:
    return {
        "child": one.child,
        "branch": one.branch,
        "commits": list(one.commits),
        "base": one.base,
        "pushed": False,
        "pr": None,
    }
