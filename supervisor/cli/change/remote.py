"""The remote side of `orch land`: push, pull requests, revert, and what is left of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from supervisor.cli.display import output
from supervisor.core.change.pushing import PushProgress, landings, shown_address
from supervisor.domain.change.entry import Entry, LandedRepo
from supervisor.domain.change.landing import LandingPlan
from supervisor.domain.status import TaskInfo
from supervisor.errors import OrchError, RequestRefused
from supervisor.runtime.change.journal import Journal
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.runtime.change.land.pushing import PushResult, check_plan, give_up, progress_of, push_landing
from supervisor.runtime.change.land.requests import program_for, without_program


def waiting(book: Journal, *, at_all: bool) -> PushProgress | None:
    """Return the latest landing if it is still to be pushed; `at_all`: whether that was asked for or not."""
    found = landings(book.entries)
    return found[-1] if found and (found[-1].wanted or at_all) else None


def landing_of(entries: Sequence[Entry], plan: LandingPlan) -> PushProgress | None:
    """Return the landing that made what a plan would make.

    A plan without repos, for all is in what is checked out, stands for the latest landing.
    """
    wanted = {(one.child, one.branch, one.tip) for one in plan.repos}
    for one in reversed(landings(entries)):
        made = {(repo.child, repo.branch, repo.commits[-1]) for repo in one.landing.repos}
        if wanted == made or (not wanted and one.landing.reverts is None):
            return one
    return None


def of_plan(book: Journal, plan: LandingPlan) -> PushProgress:
    """Return the landing that made what a plan would make. Raises RequestRefused if none did."""
    found = landing_of(book.entries, plan)
    if found is None:
        raise RequestRefused("no landing made these branches as they are", "see `orch ops`")
    return found


def where_to(plan: LandingPlan, hooks: CommitHooks, trees: Mapping[str, Path]) -> Iterator[str]:
    """Yield for each repo of a plan where it would be pushed to, and how its pull request would be opened. `trees`: the
    work tree of each child."""
    for child, place in check_plan(plan, hooks, trees).items():
        branch = next(one.branch for one in plan.repos if one.child == child)
        yield f"{child}: would push {branch} to {place.name} ({', '.join(map(shown_address, place.urls))})"
        if plan.requests:
            program = program_for(trees[child], place)
            yield f"{child}: {f'would open a draft with {program}' if program else without_program(place)}"


def push_and_show(
    book: Journal,
    number: int,
    tasks: Sequence[TaskInfo],
    hooks: CommitHooks,
    trees: Mapping[str, Path],
    *,
    requests: bool,
    as_json: bool,
    just_landed: bool = False,
) -> int:
    """Push a landing, and show what became of it. Returns 1 if something is left.

    Raises OrchError if nothing was pushed, unless it was `just_landed`: then that is shown.
    """
    before = progress_of(book, number)
    try:
        terminal = output.interactive()
        result = push_landing(book, number, output.say, hooks, trees, requests=requests, tasks=tasks, terminal=terminal)
    except OrchError as error:
        if not just_landed:
            raise
        result = PushResult(False, str(error))
    for note in result.notes:
        output.say(note)
    done = progress_of(book, number)
    repos = done.landing.repos
    left = [one for one in repos if not done.is_pushed(one)]
    if as_json:
        state = "landed" if result.done or not left else "partly_pushed"
        rows = [as_row(one, done) for one in repos]
        output.emit_json({"state": state, "repos": rows, "why": result.why or None})
    elif result.done:
        where = ", ".join(dict.fromkeys(one.remote for one in done.pushed.values()))
        verb = "pushed" if before.pushed != done.pushed else "pushed already:"
        output.emit(f"{verb} {', '.join(done.pushed)} to {where} (@{number})")
        for child, url in done.requested.items():
            output.emit(f"{child}: {url}")
    else:
        output.say(f"@{number}: {result.why}; `orch land --continue` goes on")
    return 0 if result.done else 1


def given_up(book: Journal, *, as_json: bool) -> int | None:
    """Forget what is left to push, and show it; None if there is nothing."""
    found = give_up(book)
    if not found:
        return None
    done = found[-1]
    repos = done.landing.repos
    pushed = [one.child for one in repos if done.is_pushed(one)]
    stay = f"{', '.join(pushed)} stays pushed" if pushed else "nothing was pushed"
    why = f"the push was given up: {stay}, and the branches stay here"
    if as_json:
        state = "partly_pushed" if pushed and len(pushed) < len(repos) else "landed"
        output.emit_json({"state": state, "repos": [as_row(one, done) for one in repos], "why": why})
    else:
        output.emit(f"@{done.landing.number}: {why}")
    return 0


def as_row(one: LandedRepo, done: PushProgress | None) -> dict[str, object]:
    """Return one repo of a landing as `--json` has it."""
    return {
        "child": one.child,
        "branch": one.branch,
        "commits": list(one.commits),
        "base": one.base,
        "pushed": done is not None and done.is_pushed(one),
        "pr": done.requested.get(one.child) if done is not None else None,
    }
