"""Work out a landing: look at every repo, and write its commits. No ref, index or work tree is touched."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct

from supervisor.core.change.landing import Unlandable, chosen, rests_on, slug
from supervisor.core.change.message import habit_of, is_same_commit, message_of
from supervisor.core.change.spans import Span, spans
from supervisor.domain.change.diff import FileDiff
from supervisor.domain.change.landing import LandingPlan, NewCommit, RepoPlan
from supervisor.domain.plan import HUMAN
from supervisor.domain.repo.pathname import shown
from supervisor.domain.status import Status, TaskInfo
from supervisor.errors import RequestRefused, UsageError
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.runtime.change.land.secrets import without_secrets
from supervisor.runtime.change.together import at_once
from supervisor.shell.git.keep.compare import changes_between
from supervisor.shell.git.keep.conversion import switched_off
from supervisor.shell.git.keep.merge import merged
from supervisor.shell.git.keep.objects import empty_tree, read_objects
from supervisor.shell.git.keep.target import changes
from supervisor.shell.git.land.build import (
    contained,
    kept_trees,
    write_commit,
)
from supervisor.shell.git.land.index import staged_among
from supervisor.shell.git.land.look import RepoLook, identity_problem, is_branch_name, look_at
from supervisor.shell.git.reach.files import ABSENT

PREFIX = "orch/"
"""What the branch of a landing begins with, unless the person names one."""


class LandOptions(Struct, frozen=True):
    """What the person asked for."""

    branch: str | None = None  # None: named after the title
    here: bool = False  # the branch that is checked out, and its index
    tasks: tuple[str, ...] = ()  # (): all of the plan
    allow_secrets: bool = False
    dry_run: bool = False  # no commit is signed, which may ask for a passphrase
    push: bool = False
    requests: bool = False  # pull requests
    revert: bool = False  # take the latest landing back
    trust_hooks: bool = False  # what the hooks run may run, though a task may have written it
    verify: bool = True  # hooks run


class _Repo:
    """One repo while its commits are written."""

    def __init__(self, child: str, root: Path, look: RepoLook, hooks: CommitHooks, left: Sequence[str]) -> None:
        """`left`: the commits that the last landing left on the branch."""
        self.child, self.root, self.look, self._hooks, self._left = child, root, look, hooks, left
        self.habit = habit_of(look.subjects)
        self.empty = "" if look.head is not None else empty_tree(root)
        self.tree, self.at = look.tree or self.empty, look.at
        self.tip = look.head
        self.base = self.tree
        self.commits: list[NewCommit] = []
        self.kept: Mapping[str, str] = {}  # the work trees of kept commits
        self._in_head: frozenset[tuple[str, str]] = frozenset()

    def read(self, ends: Sequence[tuple[str, str]]) -> None:
        """Read what the spans lie between, in their order; and how many of them are in HEAD already."""
        self.kept = kept_trees(self.root, [end for pair in ends for end in pair])
        trees = [(self.kept[before], self.kept[after]) for before, after in ends]
        self._in_head = frozenset(ends[: contained(self.root, self.base, trees, self._hooks.made)])

    def replayed(self, task: str, taken: Sequence[Span]) -> str:
        """Return the tree of HEAD with what the tasks so far and this one changed. Raises RequestRefused."""
        tree = self.tree
        for pair in _ends(taken, self.child):
            if pair in self._in_head:
                continue
            result = merged(self.root, self.kept[pair[0]], tree, self.kept[pair[1]])
            if result.conflicts:
                raise RequestRefused(
                    f"{task} in {self.child} does not fit on what is checked out there: {', '.join(result.conflicts)} "
                    "was changed in the same lines",
                    f"see `orch diff {task}`, and commit that by hand",
                )
            tree = result.tree
        return tree

    def hooked(self, tree: str, message: str, task: str) -> tuple[str, str, bytes]:
        """Return the tree and the message of a commit as the hooks leave them; the message also as it is written."""
        encoding = self.look.encoding
        content = encoded(message, encoding, self.child, task)
        found = self._hooks.applied(self.child, self.root, self.look, self.tip, self.tree, tree, content)
        if found.message == content:
            return found.tree, message, content
        return found.tree, found.message.decode(encoding, "replace"), found.message

    @property
    def former(self) -> str | None:
        """The commit that the last landing made in the place of the next one."""
        return self._left[len(self.commits)] if len(self.commits) < len(self._left) else None

    def stays(self, former: str, unsigned: str) -> bool:
        """Whether a former commit is as good as the one that was written for its place."""
        one, other = read_objects(self.root, [former, unsigned])
        if one is None or other is None:
            return False
        return is_same_commit(one.content, other.content, signed=self.look.signs)


def worked_out(
    status: Status,
    roots: Mapping[str, Path],
    options: LandOptions,
    undone: Collection[str],
    left: Mapping[tuple[str, str], Sequence[str]],
    hooks: CommitHooks,
) -> LandingPlan:
    """Choose the tasks, look at the repos, have the hooks run, and write the commits.

    `roots`: the work tree of each child, here or on another machine. `undone`: the runs that were taken back (T1@2).
    `left`: the commits that former landings left on branches, by child and branch.
    Raises RequestRefused if it cannot be landed, with all reasons that are known by then, and WorkspaceError when git
    fails.
    """
    tasks = chosen(status.tasks, options.tasks)
    if isinstance(tasks, Unlandable):
        raise RequestRefused(tasks.why, tasks.next_step)
    title = status.plan.title or "plan"
    branch = options.branch or PREFIX + slug(title)
    notes = list[str]()
    taken = {one.id: tuple(_spans(one, undone, notes)) for one in tasks}
    children = dict.fromkeys(span.child for one in tasks for span in taken[one.id])
    if not children:
        raise RequestRefused("no task changed anything, so there is nothing to land", "see `orch diff`")
    if gone := [child for child in children if child not in roots]:
        raise RequestRefused(f"{gone[0]} is no child of this workspace any more", "add it again with `orch add`")
    if not options.here and not is_branch_name(roots[next(iter(children))], branch):
        raise UsageError(f"git does not accept `{branch}` as the name of a branch", "name another one with --branch")
    found = at_once(lambda child: look_at(roots[child], None if options.here else branch), children)
    looks = dict(zip(children, found, strict=True))
    persons = dict[object, str]()  # what git says against each identity; most repos have the same one
    reasons = [f"{child}: {why}" for child, look in looks.items() for why in against(roots[child], look, persons)]
    refuse([*reasons, *_shared(looks)])
    repos = {
        child: _Repo(child, roots[child], look, hooks, left.get((child, look.name), ()))
        for child, look in looks.items()
    }
    trailer = f"{title} r{status.plan.revision}"
    at_once(
        lambda repo: repo.read([pair for one in tasks for pair in _ends(taken[one.id], repo.child)]), repos.values()
    )
    _write(repos, tasks, taken, trailer, options)
    refuse(
        f"{child}: {why}"
        for child, repo in repos.items()
        if repo.tree != repo.base
        for why in (
            _against_moving(repo) if options.here else against_branch(repo.look, branch, left.get((child, branch), ()))
        )
    )
    refuse(why for repo in repos.values() for why in _unfiltered(repo))
    planned = tuple(_plan_of(repo, here=options.here) for repo in repos.values() if repo.tree != repo.base)
    if not options.allow_secrets:
        notes += without_secrets(planned, {child: (repo.root, repo.base) for child, repo in repos.items()})
    where = "" if options.here else branch
    return LandingPlan(title, where, tuple(one.id for one in tasks), planned, tuple(dict.fromkeys(notes)))


def _spans(task: TaskInfo, undone: Collection[str], notes: list[str]) -> Iterator[Span]:
    """The spans of a task that count, and what the reader should know of it."""
    kept = [run for run in task.kept if f"{task.id}@{run.run}" not in undone]
    if len(kept) < len(task.kept):
        notes.append(f"{task.id}: what was undone is not landed")
    if not task.kept and task.changed_files and task.child != HUMAN:
        raise RequestRefused(
            f"{task.id} changed files in {task.child}, and its work trees were not kept",
            "commit them by hand, and land the others with --tasks",
        )
    notes += [f"{task.id} in {run.child}: {path}: not kept, so not landed" for run in kept for path in run.left_out]
    for span in spans(kept):
        if span.after is None:
            raise RequestRefused(f"nobody kept what {task.id} left in {span.child}", "see `orch diff`")
        yield span


def refuse(reasons: Iterable[str]) -> None:
    """Raise RequestRefused with all reasons, if there is one."""
    if found := "; ".join(reasons):
        raise RequestRefused(found, "then land again")


def _unfiltered(repo: _Repo) -> Iterator[str]:
    """Which files would be landed as they are on disk, though a filter should encrypt or shorten them."""
    if not repo.look.own_filters:
        return
    paths = [one.path for one in changes(repo.root, repo.base, repo.tree) if one.mode != ABSENT]
    for path, name in switched_off(repo.root, paths).items():
        yield (
            f"{repo.child}: {shown(path)} goes through the filter `{name}`, which only the repo's own configuration "
            "names, so orch does not run it: set it with `git config --global`, or commit that file by hand"
        )


def against(root: Path, look: RepoLook, persons: dict[object, str]) -> Iterator[str]:
    """What forbids to land anything in this repo."""
    if look.operation:
        yield f"a {look.operation} is in progress: finish or abort it"
    if look.identity not in persons:
        persons[look.identity] = identity_problem(root, identity())
    if problem := persons[look.identity]:
        yield f"git knows no name and address for your commits ({problem}): set user.name and user.email"
    if look.signs and look.signing_program:
        yield (
            f"commits are to be signed, and the repo's own configuration names the program for it "
            f"({look.signing_program}): set it with `git config --global`"
        )


def against_branch(look: RepoLook, branch: str, left: Sequence[str]) -> Iterator[str]:
    """What forbids to make the branch, or to move it from the last of the commits that a landing left there."""
    if look.used_by:
        yield f"the branch {branch} is {look.used_by}: name another one with --branch"
    elif look.branch is not None and look.branch not in left[-1:]:
        yield f"the branch {branch} exists: name another one with --branch, or delete it"
    for name in look.in_the_way:
        yield f"git cannot have the branch {branch} beside {name}: name another one with --branch"


def _against_moving(repo: _Repo) -> Iterator[str]:
    """What forbids to move the branch that is checked out."""
    if not repo.look.name:
        yield "HEAD is detached: switch to a branch, or land without --here"
    elif repo.tip is not None and (staged := staged_among(repo.root, repo.look.head, repo.tip)):
        yield f"{', '.join(map(shown, staged))} is staged: commit or unstage it, or land without --here"


def _shared(looks: Mapping[str, RepoLook]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for child, look in looks.items():
        other = seen.setdefault(look.common, child)
        if other != child:
            yield f"{other} and {child} are work trees of one repo: land them one after the other, with --tasks"


def _write(
    repos: Mapping[str, _Repo],
    tasks: Sequence[TaskInfo],
    taken: Mapping[str, Sequence[Span]],
    plan: str,
    options: LandOptions,
) -> None:
    """Write the commits of all repos, task after task."""
    by_id = {one.id: one for one in tasks}
    made: dict[str, list[tuple[str, str]]] = {}
    for task in tasks:
        children = dict.fromkeys(span.child for span in taken[task.id])
        drafts = at_once(partial(_drafted, repos, task, taken[task.id]), children)
        written = list[_Draft]()
        for draft in (one for one in drafts if one is not None):
            repo = draft.repo
            trailers = [("Orch-Plan", plan), ("Orch-Task", task.id)]
            trailers += [("Depends-On", f"{name}@{oid}") for name, oid in rests_on(task, by_id, made, repo.child)]
            paths = [one.path for one in draft.files]
            message = message_of(repo.habit, task.title, task.change or task.summary or "", paths, trailers)
            draft.hooked, draft.message, draft.content = repo.hooked(draft.tree, message, task.id)
            if draft.hooked != repo.tree:  # else a hook took all of it out
                written.append(draft)
        if any(one.repo.look.signs for one in written) and not options.dry_run:
            for draft in written:  # each may ask for a passphrase
                _commit(task, options, draft)
        else:
            at_once(partial(_commit, task, options), written)
        if written:
            made[task.id] = [(one.repo.child, one.repo.commits[-1].id) for one in written]


class _Draft:
    """A commit that is about to be written."""

    def __init__(self, repo: _Repo, tree: str, files: tuple[FileDiff, ...]) -> None:
        self.repo, self.tree, self.files = repo, tree, files
        self.hooked, self.message, self.content = tree, "", b""


def _drafted(repos: Mapping[str, _Repo], task: TaskInfo, taken: Sequence[Span], child: str) -> _Draft | None:
    """Work out what a task changes in a repo. None: nothing that is not there already."""
    repo = repos[child]
    tree = repo.replayed(task.id, taken)
    return None if tree == repo.tree else _Draft(repo, tree, changes_between(repo.root, repo.tree, tree, folder=""))


def _commit(task: TaskInfo, options: LandOptions, draft: _Draft) -> None:
    """Write a commit on top of those that the repo has. One that a former landing made there stays, if it is the same:
    who has read it finds it again."""
    repo, files = draft.repo, draft.files
    if draft.hooked != draft.tree:
        files = changes_between(repo.root, repo.tree, draft.hooked, folder="")
    repo.at = max(repo.at, _seconds(task.since))
    write = partial(
        write_commit,
        repo.root,
        draft.hooked,
        [repo.tip] if repo.tip is not None else [],
        draft.content,
        {**identity(), **{f"GIT_{who}_DATE": f"@{repo.at} +0000" for who in ("AUTHOR", "COMMITTER")}},
    )
    former, sign = repo.former, repo.look.signs and not options.dry_run
    oid = write(sign=sign and former is None)
    if former is not None and former != oid and repo.stays(former, oid):
        oid = former
    elif former is not None and sign:
        oid = write(sign=True)
    repo.commits.append(NewCommit(task.id, repo.child, oid, draft.hooked, draft.message, files))
    repo.tip, repo.tree = oid, draft.hooked


def _ends(taken: Sequence[Span], child: str) -> list[tuple[str, str]]:
    return [(span.before, span.after) for span in taken if span.child == child and span.after is not None]


def _plan_of(repo: _Repo, *, here: bool) -> RepoPlan:
    look = repo.look
    return RepoPlan(
        repo.child,
        str(repo.root),
        look.common,
        look.name,
        look.head,
        look.branch,
        look.lock,
        tuple(repo.commits),
        here,
    )


def encoded(message: str, encoding: str, child: str, task: str) -> bytes:
    """Return a message in the encoding that the repo asks for. Raises RequestRefused."""
    try:
        return message.encode(encoding)
    except (LookupError, UnicodeEncodeError) as error:
        raise RequestRefused(
            f"the message of {task} cannot be written in {encoding}, which i18n.commitEncoding of {child} asks for",
            "change the title in plan.md, or that setting",
        ) from error


def identity() -> dict[str, str]:
    """The person's identity, as far as the environment names it."""
    names = (f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL"))
    return {name: os.environ[name] for name in names if name in os.environ}


def _seconds(moment: str | None) -> int:
    """The time at which a task was done, so that landing the same again makes the same commits."""
    if moment is None:
        return 0
    return int(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp())
