"""`orch land`: make commits of what finished tasks changed, on one branch per repo, in all repos or in none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from msgspec.structs import replace

from supervisor.cli.change import gate as shown
from supervisor.cli.change import hooks
from supervisor.cli.change.finishing import finish
from supervisor.cli.change.remote import (
    as_row,
    given_up,
    landing_of,
    of_plan,
    push_and_show,
    waiting,
    where_to,
)
from supervisor.cli.change.standing import status_of
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Grid, Line
from supervisor.cli.display.interrupt import on_interrupt
from supervisor.cli.display.progress import Progress
from supervisor.core.change.pushing import PushProgress
from supervisor.domain.change.entry import Entry, LandedRepo
from supervisor.domain.change.landing import LandingPlan, RepoPlan
from supervisor.domain.change.operation import OperationState
from supervisor.domain.status import Status
from supervisor.errors import OrchError, RequestRefused, UsageError
from supervisor.runtime.change import journal
from supervisor.runtime.change.land.commits import LandOptions, worked_out
from supervisor.runtime.change.land.gate import GatedCommand, LandingGate, RedCommand
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.runtime.change.land.place import clear
from supervisor.runtime.change.land.pushing import check_plan
from supervisor.runtime.change.land.refs import HeadMoved, Landed, carry_out, left_branches
from supervisor.runtime.change.land.reverting import reverted, standing_revert
from supervisor.runtime.change.recorded import read_operations
from supervisor.runtime.change.recovery import Recovered
from supervisor.runtime.naming import checked
from supervisor.runtime.remote.roots import roots_of
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
    trust_hooks: Annotated[
        bool, Option("--trust-hooks", "Run hooks though a task may have written what they run; it is shown.")
    ] = False,
    no_verify: Annotated[bool, Option("--no-verify", "Run no hook of the repos.")] = False,
    push: Annotated[bool, Option("--push", "Push the branches, those that others rest on first.")] = False,
    requests: Annotated[
        bool, Option("--pr", "Push, and open draft pull requests that name each other, with gh or glab.")
    ] = False,
    revert: Annotated[
        bool, Option("--revert", "Make commits that take the latest landing back, on a branch of their own.")
    ] = False,
    go_on: Annotated[bool, Option("--continue", "Only finish a landing or a push that was interrupted.")] = False,
    abort: Annotated[
        bool, Option("--abort", "Only clear a landing that was not decided, and give up what is left to push.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Land finished tasks. Returns 1 if nothing was landed, or not everywhere."""
    if go_on and abort:
        raise UsageError("--continue finishes a landing, and --abort clears it", "name one of them")
    if here and branch:
        raise UsageError("--here takes the branches that are checked out", "leave out --branch")
    if (go_on or abort) and (branch or here or dry_run or tasks or allow_secrets or no_verify):
        raise UsageError("--continue and --abort are about a landing that began", "leave out the other options")
    if abort and (push or requests):
        raise UsageError("--abort pushes nothing", "leave out --push and --pr")
    if revert and (here or tasks or allow_secrets or go_on or abort):
        raise UsageError("--revert takes the whole landing back", "leave out the other options")
    if here and requests:
        raise UsageError("--here moves the branch that a pull request would be merged into", "leave out --pr")
    push = push or requests
    try:
        if go_on or abort:
            return _recovered(
                workspace, abort=abort, push=push, requests=requests, trust_hooks=trust_hooks, as_json=as_json
            )
        status = status_of(workspace)
        names = tuple(one.strip() for one in (tasks or "").split(",") if one.strip())
        for name in names:
            checked(name, [one.id for one in status.tasks], "task")
        if tasks is not None and not names:
            raise UsageError("--tasks names no task", "for example `orch land --tasks T1,T2`")
        options = LandOptions(
            branch, here, names, allow_secrets, dry_run, push, requests, revert, trust_hooks, not no_verify
        )
        if dry_run:
            return _dry_run(workspace, status, options, as_json=as_json)
        return _land(workspace, status, options, as_json=as_json)
    except UsageError:
        raise
    except OrchError as error:
        if not as_json:
            raise
        output.complain(error)
        output.emit_json({"state": "refused", "repos": [], "why": str(error)})
        return 1


def _dry_run(workspace: WorkspacePaths, status: Status, options: LandOptions, *, as_json: bool) -> int:
    found = hooks.hooks_of(workspace, options)
    with roots_of(workspace, status) as roots:
        plan = _worked_out(workspace, status, roots, options, journal.read_journal(workspace.operations), found)
        steps = () if options.revert else LandingGate(workspace, status, plan, roots).steps
        return _show_plan(plan, steps, found, roots, as_json=as_json)


def _land(workspace: WorkspacePaths, status: Status, options: LandOptions, *, as_json: bool) -> int:
    with journal.opened(workspace.operations) as book, roots_of(workspace, status) as roots:
        clear(workspace)
        if stuck := [one for one in finish(workspace, book) if one.pending]:
            return _stuck(stuck[-1], as_json=as_json)
        found = hooks.hooks_of(workspace, options)
        for attempt in range(_TRIES):
            if options.revert and (done := standing_revert(book.entries, roots)) is not None:
                why = f"it was reverted on {done.landing.repos[0].branch} (@{done.landing.number})"
                return _there_already(book, done, status, options, why, found, roots, as_json=as_json)
            plan = _worked_out(workspace, status, roots, options, book.entries, found)
            _say_notes(plan)
            moving = [one for one in plan.repos if one.old != one.tip]
            if not moving and options.push:
                return _there_already(book, of_plan(book, plan), status, options, None, found, roots, as_json=as_json)
            if not moving:
                return _nothing(plan, landing_of(book.entries, plan), as_json=as_json)
            if options.push:
                check_plan(plan, found, roots)
            if not options.revert:
                gate = LandingGate(workspace, status, plan, roots)
                with on_interrupt(lambda: "nothing was landed"), Progress.in_steps("checks", gate.size) as step:
                    failures = gate.run(step)
                if failures:
                    return _red(workspace, plan, failures, as_json=as_json)
                plan = replace(plan, checks=tuple(one.integration.command for one in gate.steps))
            try:
                with Progress.in_steps("branches", len(moving)) as step:
                    landed = carry_out(book, workspace, plan, step, roots)
            except HeadMoved:
                if attempt + 1 == _TRIES:
                    raise
                continue
            if landed.state != "landed" or not options.push:
                return _show(landed, plan, as_json=as_json)
            if not as_json:
                _show(landed, plan, as_json=False)
            number = int(landed.id.removeprefix("@"))
            return push_and_show(
                book, number, status.tasks, found, roots, requests=options.requests, as_json=as_json, just_landed=True
            )
    raise AssertionError("the last try returns or raises")


def _worked_out(
    workspace: WorkspacePaths,
    status: Status,
    roots: Mapping[str, Path],
    options: LandOptions,
    entries: Sequence[Entry],
    found: CommitHooks,
) -> LandingPlan:
    try:
        plan = (
            reverted(entries, options, found, roots)
            if options.revert
            else worked_out(status, roots, options, _undone(workspace), left_branches(entries), found)
        )
    finally:
        found.close()
    return replace(plan, push=options.push, requests=options.requests)


def _there_already(
    book: journal.Journal,
    done: PushProgress,
    status: Status,
    options: LandOptions,
    why: str | None,
    found: CommitHooks,
    roots: Mapping[str, Path],
    *,
    as_json: bool,
) -> int:
    """Push a landing that was carried out before, if that is asked for."""
    if options.push:
        return push_and_show(
            book, done.landing.number, status.tasks, found, roots, requests=options.requests, as_json=as_json
        )
    if as_json:
        output.emit_json({"state": "landed", "repos": [as_row(one, done) for one in done.landing.repos], "why": why})
    else:
        output.say(f"nothing to revert: {why}")
    return 0


def _recovered(
    workspace: WorkspacePaths, *, abort: bool, push: bool, requests: bool, trust_hooks: bool, as_json: bool
) -> int:
    with journal.opened(workspace.operations) as book:
        clear(workspace)
        finished = finish(workspace, book)
        if stuck := [one for one in finished if one.pending]:
            return _stuck(stuck[-1], as_json=as_json)
        found = [one.landed for one in finished if one.landed is not None]
        if found and found[-1].state != "landed":
            return _show(found[-1], as_json=as_json)
        if abort:
            code = given_up(book, as_json=as_json)
            if code is not None:
                return code
        elif (left := waiting(book, at_all=push)) is not None:
            status = status_of(workspace)
            trusting = hooks.hooks_of(workspace, LandOptions(trust_hooks=trust_hooks))
            with roots_of(workspace, status) as roots:
                return push_and_show(
                    book, left.landing.number, status.tasks, trusting, roots, requests=requests, as_json=as_json
                )
        if not found:
            raise RequestRefused("no landing and no push was interrupted", "see `orch ops`")
        return _show(found[-1], as_json=as_json)


def _undone(workspace: WorkspacePaths) -> frozenset[str]:
    return frozenset(one.id for one in read_operations(workspace) if one.state is OperationState.UNDONE)


def _stuck(one: Recovered, *, as_json: bool) -> int:
    """Show what was interrupted before and cannot be finished: nothing can be landed meanwhile."""
    if as_json and one.landed is not None:
        return _show(one.landed, as_json=True)
    if as_json:
        output.emit_json({"state": "refused", "repos": [], "why": f"{one.id} was interrupted: {one.why}"})
    return 1


def _say_notes(plan: LandingPlan) -> None:
    for note in plan.notes:
        output.say(note)


def _nothing(plan: LandingPlan, done: PushProgress | None, *, as_json: bool) -> int:
    why = (
        "the branches are there already, with the same commits"
        if plan.repos
        else "what is checked out has all that the tasks changed"
    )
    if as_json:
        repos = [_of_plan(one, done) for one in plan.repos]
        output.emit_json({"state": "landed", "repos": repos, "why": why})
    else:
        output.say(f"nothing to land: {why}")
        if done is not None and done.wanted:
            output.say(f"@{done.landing.number} is not pushed everywhere: `orch land --continue` goes on")
    return 0


def _red(workspace: WorkspacePaths, plan: LandingPlan, failures: Sequence[RedCommand], *, as_json: bool) -> int:
    """Show what failed with all repos together, and have the tasks reopened that it names."""
    shown.show_output(failures)
    why = "; ".join([shown.red(failures), *shown.reopen(workspace, failures)])
    if as_json:
        output.emit_json({"state": "refused", "repos": [_of_plan(one, None) for one in plan.repos], "why": why})
    else:
        output.complain(RequestRefused(why, "see the output above"))
    return 1


def _show_plan(
    plan: LandingPlan,
    steps: Sequence[GatedCommand],
    found: CommitHooks,
    roots: Mapping[str, Path],
    *,
    as_json: bool,
) -> int:
    if as_json:
        repos = [_of_plan(one, None) for one in plan.repos]
        dry = {"dry_run": True, "checks": shown.steps_json(steps), "hooks": found.due}
        output.emit_json({"state": "landing", "repos": repos, "why": "a dry run", **dry})
        _say_notes(plan)
        return 0
    _say_notes(plan)
    if not plan.repos:
        return _nothing(plan, None, as_json=False)
    output.show([*_blocks(plan), *hooks.due(found.due), *shown.steps(steps)])
    if plan.push:
        for line in where_to(plan, found, roots):
            output.emit(line)
    again = "`orch land --revert`" if plan.reverts is not None else "`orch land`"
    there = all(one.old == one.tip for one in plan.repos)
    output.say(
        f"nothing was changed; {'these branches are there already' if there else f'{again} makes these branches'}"
    )
    return 0


def _show(landed: Landed, plan: LandingPlan | None = None, *, as_json: bool) -> int:
    if as_json:
        repos = [as_row(one, None) for one in landed.repos]
        output.emit_json({"state": landed.state, "repos": repos, "why": landed.why or None})
    elif landed.state == "landed":
        if plan is not None:
            output.show(list(_blocks(plan)))
        children = ", ".join(one.child for one in landed.repos)
        where = ", ".join(dict.fromkeys(one.branch for one in landed.repos))
        output.emit(f"landed on {where} in {children} ({landed.id})")
    elif landed.state == "landing":
        output.say(f"{landed.id} is decided and not finished: {landed.why}; then run `orch land --continue`")
    return 0 if landed.state == "landed" else 1


def _blocks(plan: LandingPlan) -> Iterator[Block]:
    for number, repo in enumerate(plan.repos):
        if number:
            yield Line()
        on = f"on {repo.base[:10]}" if repo.base else "the first commits"
        verb = "is there already" if repo.old == repo.tip else "moves" if repo.old is not None else "is new"
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


def _of_plan(one: RepoPlan, done: PushProgress | None) -> dict[str, object]:
    return as_row(LandedRepo(one.child, one.branch, one.base, tuple(commit.id for commit in one.commits), ""), done)
