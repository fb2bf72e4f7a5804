"""Work out what takes a landing back: the reverting commits of each repo, on a branch of their own.

As for a landing, no ref, index or work tree is touched before `refs.carry_out`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from supervisor.core.change.landing import slug
from supervisor.core.change.message import habit_of, reverting_message
from supervisor.core.change.pushing import PushProgress, in_order, landings, trailers_of
from supervisor.domain.change.entry import Entry, LandedRepo
from supervisor.domain.change.landing import LandingPlan, NewCommit, RepoPlan
from supervisor.errors import RequestRefused, UsageError
from supervisor.runtime.change.land.commits import (
    PREFIX,
    LandOptions,
    against,
    against_branch,
    encoded,
    identity,
    refuse,
)
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.runtime.change.land.refs import left_branches, root_in
from supervisor.shell.git.keep.compare import changes_between
from supervisor.shell.git.keep.merge import merged
from supervisor.shell.git.keep.objects import empty_tree
from supervisor.shell.git.land.build import tree_of, write_commit
from supervisor.shell.git.land.look import HEADS, RepoLook, is_branch_name, look_at, value_of
from supervisor.shell.git.remote.push import contains, messages_of


def to_revert(entries: Sequence[Entry]) -> PushProgress:
    """Return the latest landing that is not a revert. Raises RequestRefused if it was reverted, or there is none."""
    found = landings(entries)
    last = next((one for one in reversed(found) if one.landing.reverts is None), None)
    if last is None:
        raise RequestRefused("nothing was landed, so there is nothing to revert", "see `orch ops`")
    return last


def standing_revert(entries: Sequence[Entry], trees: Mapping[str, Path]) -> PushProgress | None:
    """Return what reverted the latest landing, if its branches or what is checked out still have it.

    `trees`: the work tree of each child. Raises OrchError if one gives no answer.
    """
    number = to_revert(entries).landing.number
    last = next((one for one in reversed(landings(entries)) if one.landing.reverts == number), None)
    if last is None:
        return None
    roots = {ref.child: root_in(trees, ref.child, ref.repo) for ref in last.landing.refs}
    for repo in last.landing.repos:
        places = (value_of(roots[repo.child], name) for name in (HEADS + repo.branch, "HEAD^{commit}"))
        if not any(one is not None and contains(roots[repo.child], one, repo.commits[-1]) for one in places):
            return None
    return last


def reverted(
    entries: Sequence[Entry], options: LandOptions, hooks: CommitHooks, trees: Mapping[str, Path]
) -> LandingPlan:
    """Write the reverting commits of the latest landing: in each repo, of its newest commit first.

    They stand on what is checked out, if it has what was landed, otherwise on the branch of the landing. `trees`: the
    work tree of each child. Raises RequestRefused if one cannot be reverted, and OrchError when git fails.
    """
    landing = to_revert(entries).landing
    roots = {ref.child: root_in(trees, ref.child, ref.repo) for ref in landing.refs}
    repos = {one.child: one for one in landing.repos}
    messages = {child: messages_of(roots[child], one.commits) for child, one in repos.items()}
    plan = next((value for texts in messages.values() for value in trailers_of(texts[0]).get("Orch-Plan", ())), "plan")
    title = plan.rpartition(" r")[0] or plan
    branch = options.branch or f"{PREFIX}revert-{slug(title)}"
    if not is_branch_name(next(iter(roots.values())), branch):
        raise UsageError(f"git does not accept `{branch}` as the name of a branch", "name another one with --branch")
    looks = {child: look_at(roots[child], branch) for child in repos}
    left = left_branches(entries)
    persons = dict[object, str]()
    refuse(
        f"{child}: {why}"
        for child, look in looks.items()
        for why in (
            *against(roots[child], look, persons),
            *against_branch(look, branch, left.get((child, branch), ())),
        )
    )
    needs = {
        child: [value.partition("@")[0] for text in texts for value in trailers_of(text).get("Depends-On", ())]
        for child, texts in messages.items()
    }
    now = int(time.time())
    made = dict[str, RepoPlan]()
    for child in reversed(in_order(list(repos), needs)):
        behind = [(name, one.tip) for name, one in made.items() if one.commits and child in needs[name]]
        made[child] = _of_repo(
            roots[child], repos[child], looks[child], messages[child], plan, behind, now, options, hooks
        )
    tasks = dict.fromkeys(
        name for texts in messages.values() for text in texts for name in trailers_of(text).get("Orch-Task", ())
    )
    planned = tuple(one for one in made.values() if one.commits)
    return LandingPlan(f"Revert {title}", branch, tuple(tasks), planned, reverts=landing.number)


def _of_repo(
    root: Path,
    repo: LandedRepo,
    look: RepoLook,
    messages: Sequence[str],
    plan: str,
    behind: Sequence[tuple[str, str]],
    now: int,
    options: LandOptions,
    hooks: CommitHooks,
) -> RepoPlan:
    base = _base(root, repo, look)
    tip, commits = base, list[NewCommit]()
    tree = tree_of(root, base)[0]
    habit = habit_of(look.subjects)
    above = (repo.base, *repo.commits[:-1])
    for oid, before, message in reversed(list(zip(repo.commits, above, messages, strict=True))):
        named = trailers_of(message)
        task = next(iter(named.get("Orch-Task", ())), "")
        result = merged(
            root, tree_of(root, oid)[0], tree, tree_of(root, before)[0] if before is not None else empty_tree(root)
        )
        if result.conflicts:
            raise RequestRefused(
                f"{task or oid[:10]} in {repo.child} cannot be reverted: {', '.join(result.conflicts)} was changed "
                "in the same lines since",
                f"revert {oid[:10]} by hand",
            )
        if result.tree == tree:
            continue  # somebody did it already
        trailers = [("Orch-Plan", plan), *(("Orch-Task", one) for one in named.get("Orch-Task", ()))]
        trailers += [("Depends-On", f"{name}@{made}") for name, made in behind]
        text = reverting_message(habit, message.partition("\n")[0], oid, trailers)
        content = encoded(text, look.encoding, repo.child, task)
        hooked = hooks.applied(repo.child, root, look, tip, tree, result.tree, content)
        if hooked.tree == tree:
            continue  # a hook took all of it out
        files = changes_between(root, tree, hooked.tree, folder="")
        dates = {f"GIT_{who}_DATE": f"@{max(now, look.at)} +0000" for who in ("AUTHOR", "COMMITTER")}
        new = write_commit(
            root,
            hooked.tree,
            [tip],
            hooked.message,
            {**identity(), **dates},
            sign=look.signs and not options.dry_run,
        )
        text = hooked.message.decode(look.encoding, "replace")
        commits.append(NewCommit(task, repo.child, new, hooked.tree, text, files))
        tip, tree = new, hooked.tree
    return RepoPlan(
        repo.child,
        str(root),
        look.common,
        look.name,
        base,
        look.branch,
        look.lock,
        tuple(commits),
        on_head=base == look.head,
    )


def _base(root: Path, repo: LandedRepo, look: RepoLook) -> str:
    """The commit to revert on: what is checked out, else the branch of the landing, if it has what was landed."""
    tip = repo.commits[-1]
    if look.head is not None and contains(root, look.head, tip):
        return look.head
    there = value_of(root, HEADS + repo.branch)
    return there if there is not None and contains(root, there, tip) else tip
