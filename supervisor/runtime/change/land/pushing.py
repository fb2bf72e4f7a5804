"""Push a landing: one remote after the other, each behind those that it rests on, with each outcome in the journal.

asked      is written down, before the first remote is asked
looked     every remote says where it has the branch: if one cannot take it, nothing is pushed
pushed     or why not, is written down for each repo; the first that fails is the last that is tried
requested  the same for each pull request
ended      is written down once nothing is left; until then `orch land --continue` goes on
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from supervisor.core.change.pushing import (
    PushProgress,
    in_order,
    landings,
    left_at,
    plain,
    refusals,
    shown_address,
    trailers_of,
    why_not,
)
from supervisor.domain.change.entry import LandedRepo, PushBegan, Pushed, PushEnded
from supervisor.domain.change.landing import LandingPlan
from supervisor.domain.change.remote import RemotePlace
from supervisor.domain.status import TaskInfo
from supervisor.errors import OrchError, RequestRefused
from supervisor.runtime.change.journal import Journal
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.runtime.change.land.refs import root_in
from supervisor.runtime.change.land.requests import PushedSide, open_requests
from supervisor.runtime.secrets import clean
from supervisor.shell.git.land.look import HEADS
from supervisor.shell.git.remote.push import (
    contains,
    hook_stake,
    messages_of,
    own_settings,
    push,
    remote_of,
    value_at,
)

Told = Callable[[str], None]


class PushResult(Struct, frozen=True):
    """What became of a push."""

    done: bool
    why: str  # what is pushed, what is not, and why; "": all is done
    notes: tuple[str, ...] = ()  # what the reader should know


def check_remotes(repos: Sequence[tuple[str, Path, str]]) -> dict[str, RemotePlace]:
    """Return the remote of each repo (child, root, branch), looking at no network.

    Raises RequestRefused with all reasons if one has none, or if a program that the repo itself names would run.
    """
    found = dict[str, RemotePlace]()
    reasons = list[str]()
    for child, root, branch in repos:
        place = remote_of(root, branch)
        if place is None:
            reasons.append(
                f"{child} has no remote to push to, or no default of several (git config remote.pushDefault)"
            )
            continue
        found[child] = place
        reasons += [f"{child}: {why}" for why in _against(root, place)]
    if reasons:
        raise RequestRefused("; ".join(reasons), "then push again")
    return found


def check_plan(plan: LandingPlan, hooks: CommitHooks, trees: Mapping[str, Path]) -> dict[str, RemotePlace]:
    """Check the remotes of a landing that is not carried out yet. `trees`: the work tree of each child.

    Raises as `check_remotes`.
    """
    roots = {one.child: root_in(trees, one.child, one.root) for one in plan.repos}
    places = check_remotes([(one.child, roots[one.child], one.branch) for one in plan.repos])
    against = [
        f"{one.child}: {why}"
        for one in plan.repos
        if (why := _against_hook(one.child, roots[one.child], places[one.child], (one.base, one.tip), hooks))
    ]
    if against:
        raise RequestRefused("; ".join(against), "land without --push")
    return places


def progress_of(journal: Journal, number: int) -> PushProgress:
    """Return how far a landing is pushed."""
    return next(one for one in landings(journal.entries) if one.landing.number == number)


def push_landing(
    journal: Journal,
    number: int,
    told: Told,
    hooks: CommitHooks,
    trees: Mapping[str, Path],
    *,
    requests: bool,
    tasks: Sequence[TaskInfo] = (),
    terminal: bool = False,
) -> PushResult:
    """Push what is left of a landing, and open its pull requests: from another machine, as the person who logs in
    there. `trees`: the work tree of each child. Raises OrchError before anything is pushed."""
    done = progress_of(journal, number)
    requests = requests or (done.wanted and done.requests)
    roots = {ref.child: root_in(trees, ref.child, ref.repo) for ref in done.landing.refs}
    repos = {one.child: one for one in done.landing.repos}
    if requests and (here := [one.child for one in repos.values() if one.here]):
        raise RequestRefused(
            f"{', '.join(here)} was landed on the branch that is checked out, so there is nothing to request",
            "push it without --pr",
        )
    places = check_remotes([(one.child, roots[one.child], one.branch) for one in repos.values()])
    messages = {one.child: messages_of(roots[one.child], one.commits) for one in repos.values()}
    order = in_order(list(repos), {child: _rests_on(texts) for child, texts in messages.items()})
    journal.append(PushBegan(number, _now(), requests))
    why = _push_all(
        journal, done, [(repos[one], roots[one], places[one]) for one in order], told, hooks, terminal=terminal
    )
    notes = list[str]()
    if not why and requests:
        sides = [PushedSide(repos[one], roots[one], places[one], messages[one]) for one in order]
        why = open_requests(journal, number, sides, tasks, told, notes)
    if why:
        return PushResult(False, clean(why), tuple(map(clean, notes)))
    journal.append(PushEnded(number, _now(), done=True))
    return PushResult(True, "", tuple(map(clean, notes)))


def give_up(journal: Journal) -> tuple[PushProgress, ...]:
    """Forget what is left to push. What was pushed stays where it is."""
    found = tuple(one for one in landings(journal.entries) if one.wanted)
    for one in found:
        journal.append(PushEnded(one.landing.number, _now(), done=False, why="given up"))
    return found


def _push_all(
    journal: Journal,
    done: PushProgress,
    repos: Sequence[tuple[LandedRepo, Path, RemotePlace]],
    told: Told,
    hooks: CommitHooks,
    *,
    terminal: bool,
) -> str:
    """Push one repo after the other. Returns what is in the way, "" if nothing is."""
    expected = dict[str, str | None]()
    against = list[str]()
    there = {one.child for one, _, _ in repos if done.wanted and one.child in done.this_time}
    for repo, root, place in repos:
        if repo.child in there:  # it may have been merged and deleted since
            continue
        try:
            expected[repo.child] = value_at(root, place, repo.branch, terminal=terminal)
        except OrchError as error:
            against.append(f"{repo.child} is not: {plain(error.what)}")
            continue
        now = expected[repo.child]
        if now is not None and contains(root, now, repo.commits[-1]):
            there.add(repo.child)
            if not done.is_pushed(repo):  # a stop came between the push and the journal, or the person pushed it
                _record(journal, done, repo, place, now, "")
            continue
        why = _misplaced(journal, repo, root, place, now) or _against_hook(
            repo.child, root, place, (repo.base, repo.commits[-1]), hooks
        )
        if why:
            against.append(f"{repo.child} is not: {why}")
    if against:
        return _half(repos, there, against)
    for number, (repo, root, place) in enumerate(repos):
        if repo.child in there:
            continue
        told(f"{repo.child}: push {repo.branch} to {place.name} ({', '.join(map(shown_address, place.urls))})")
        why = _pushed(repo, root, place, expected[repo.child], terminal=terminal)
        _record(journal, done, repo, place, expected[repo.child], why)
        if why:
            behind = [f"{one.child} was not tried" for one, _, _ in repos[number + 1 :] if one.child not in there]
            return _half(repos, there, [f"{repo.child} is not: {why}", *behind])
        there.add(repo.child)
    return ""


def _pushed(repo: LandedRepo, root: Path, place: RemotePlace, expected: str | None, *, terminal: bool) -> str:
    """Push one repo. Returns why it failed, "" if the remote has it."""
    tip = repo.commits[-1]
    try:
        answer = push(root, place, repo.branch, tip, expected, terminal=terminal)
        if answer.done:
            return ""
        why = why_not(answer.reason, answer.said)
    except OrchError as error:
        why = plain(error.what)
    # The connection may have been lost behind the push, or the push of a command that was killed came first.
    with suppress(OrchError):
        if value_at(root, place, repo.branch, terminal=terminal) == tip:
            return ""
    return why


def _misplaced(journal: Journal, repo: LandedRepo, root: Path, place: RemotePlace, now: str | None) -> str:
    """Why the branch may not be moved from where the remote has it; "": it may."""
    if now is None or now in left_at(landings(journal.entries), repo.child, repo.branch):
        return ""
    if contains(root, repo.commits[-1], now):
        return ""
    return f"{place.name} has {repo.branch} at {now[:10]}, which somebody else pushed"


def _against(root: Path, place: RemotePlace) -> Iterator[str]:
    """What forbids to push: what would run, or be obeyed, though only the repo says so."""
    if named := refusals(own_settings(root)):
        yield (
            f"its own configuration sets {', '.join(map(plain, named))}, which a push would obey: set it with "
            "`git config --global`"
        )
    if len(place.urls) != 1:
        yield f"{place.name} has {len(place.urls)} addresses to push to: git cannot push to all or none of them"


def _against_hook(child: str, root: Path, place: RemotePlace, ends: tuple[str | None, str], hooks: CommitHooks) -> str:
    """Why the pre-push hook may not run: a task may have written what it runs, and the person did not say yes to it."""
    stake = hook_stake(root, place, *ends)
    if stake is None or hooks.trusts(child, stake):
        return ""
    return (
        f"{plain(', '.join(stake.files))} is changed, which the pre-push hook runs: read it, and push with "
        f"--trust-hooks, or by hand (`git push {plain(place.name)} {ends[1][:10]}:...`)"
    )


def _half(repos: Sequence[tuple[LandedRepo, Path, RemotePlace]], there: set[str], against: Sequence[str]) -> str:
    pushed = [one.child for one, _, _ in repos if one.child in there]
    verb = "is" if len(pushed) == 1 else "are"
    return ", ".join([f"{', '.join(pushed) or 'nothing'} {verb if pushed else 'is'} pushed", *against])


def _rests_on(messages: Sequence[str]) -> list[str]:
    return [value.partition("@")[0] for one in messages for value in trailers_of(one).get("Depends-On", ())]


def _record(
    journal: Journal, done: PushProgress, repo: LandedRepo, place: RemotePlace, old: str | None, why: str
) -> None:
    entry = Pushed(
        done.landing.number, _now(), repo.child, place.name, HEADS + repo.branch, old, repo.commits[-1], clean(why)
    )
    journal.append(entry)


def _now() -> datetime:
    return datetime.now(UTC)
