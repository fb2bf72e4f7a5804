"""What changed in a work tree since an earlier moment, with the repos inside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from supervisor.domain.task import ChangeList, Tree
from supervisor.errors import WorkspaceError
from supervisor.shell.git.inside import git_inside
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.run import failed
from supervisor.shell.git.tree import (
    CHANGED_INSIDE,
    REPO_REMOVED,
    UNREADABLE,
    DirtyFile,
    RepoNow,
    TreeNow,
    name_of,
    read_now,
    token_like,
)

CHANGED_LIMIT = 500
"""Paths listed as changed. Nobody reads more."""

_DIFF = ("--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=dirty")

_TRACKED, _UNTRACKED = range(2)


def changes_of(
    path: Path,
    base: Tree,
    start: Tree | None = None,
    before: ChangeList | None = None,
    now: TreeNow | None = None,
) -> tuple[tuple[str, ...], ChangeList]:
    """List what changed since `base`, and the changes of the task: those, and those listed `before`.

    Left out of the latter is what is now as it was at `start` (None: nothing is left out). Lists are at most
    `CHANGED_LIMIT` long, and begin with the paths that git tracks. Behind the path of a repo inside the work tree
    stands that it changed inside, was removed, or cannot be read; its files follow, with its path before theirs.
    `now`: the work tree, if it was just read.
    Raises WorkspaceError when git fails, or no longer has the commit of `base`.
    """
    before, now = before or ChangeList(), now or read_now(path)
    new = _Comparison(base, now)
    new.compare()
    ranks = dict(new.ranks)
    since = _since(start, now) if start is not None and before.files else None
    known = {} if since is None else since.ranks
    for name in before.files:
        ranks.setdefault(name, known.get(name, _rank(name, now)))
    put_back = set(_went_with_repo(ranks.keys(), {*new.ranks, *known}, now))
    if since is not None:
        put_back |= set(filter(since.is_unchanged, ranks))
        put_back |= set(_of_others(ranks.keys() - put_back, {*since.ranks, *new.ranks}))
    names = _ordered({name: rank for name, rank in ranks.items() if name not in put_back})
    more, open_ended = max(0, len(names) - CHANGED_LIMIT), new.open_ended
    if before.more:  # nobody knows which these were
        most = before.more if since is None else min(before.more, len(since.ranks.keys() - set(names)))
        more, open_ended = max(more, most), open_ended or bool(new.ranks)
    reverted = tuple(name for name in before.files if name in put_back)
    listed = ChangeList(tuple(names[:CHANGED_LIMIT]), more, before.open_ended or open_ended, reverted)
    return tuple(_ordered(new.ranks)[:CHANGED_LIMIT]), listed


def _of_others(left: Set[str], changed: Set[str]) -> Iterator[str]:
    """The repos inside that are still changed, but in which the task put back all that it changed."""
    marks = [name for name in left if name.endswith(CHANGED_INSIDE)]
    put_back = _folders(changed) - _folders(left) if marks else set()
    yield from (mark for mark in marks if mark.removesuffix(CHANGED_INSIDE) in put_back)


def _went_with_repo(names: Set[str], changed: Set[str], now: TreeNow) -> Iterator[str]:
    """What is listed of repos inside that were removed since."""
    for mark in [name for name in changed if name.endswith(REPO_REMOVED)]:
        repo = mark.removesuffix(REPO_REMOVED)
        for name in names:
            if name == repo + CHANGED_INSIDE or (name.startswith(f"{repo}/") and name not in now.dirty):
                yield name


def _folders(names: Iterable[str]) -> set[str]:
    """All folders above these paths."""
    found: set[str] = set()
    for name in names:
        while (end := name.rfind("/")) > 0 and (name := name[:end]) not in found:
            found.add(name)
    return found


def _since(start: Tree, now: TreeNow) -> _Comparison | None:
    """Compare with the start of the task. None if git no longer has its commit."""
    since = _Comparison(start, now)
    try:
        since.compare()
    except WorkspaceError:
        return None
    return since


class _Comparison:
    """The comparison of a work tree, as it is now, with an earlier moment.

    Staging a file is no change, and neither is a dirty file that stayed as it was.
    """

    def __init__(self, before: Tree, now: TreeNow) -> None:
        self.ranks: dict[str, int] = {}  # what changed
        self.open_ended = before.truncated or before.inner_cut or now.cut or now.inside_cut
        self._before = before
        self._now = now
        self._old = dict(before.entries)
        self._old_repos = {one.path: one for one in before.inner or ()}
        self._repos = {one.name: one for one in now.repos[1:]}
        self._made = tuple(f"{name}/" for name in self._repos.keys() - self._old_repos.keys())
        self._lost = self._old_repos.keys() - self._repos.keys()
        self._unknown = tuple(f"{name}/" for name in self._unknown_repos())

    def compare(self) -> None:
        """Find out what changed. Raises WorkspaceError when git fails."""
        for repo in self._now.repos:
            self._compare_commits(repo)
        for name, dirty in self._now.dirty.items():
            if not name.endswith("/") and not name.startswith(self._unknown) and self._is_changed(name, dirty):
                self.ranks.setdefault(name, self._rank_of(name, dirty))
        for name in self._old.keys() - self._now.dirty.keys():
            if not name.endswith("/") and not name.startswith(self._unknown) and self._is_gone(name):
                self.ranks.setdefault(name, _rank(name, self._now))
        self._compare_repos()

    def is_unchanged(self, name: str) -> bool:
        """Whether it is certain that this path is as it was."""
        said = name.endswith((CHANGED_INSIDE, REPO_REMOVED, UNREADABLE)) and not self._before.inner_cut
        known = not self._before.truncated or name in self._old or said
        return known and name not in self.ranks and not name.startswith(self._unknown)

    def _unknown_repos(self) -> Iterator[str]:
        """The repos inside of which it is not known what they were, or what they are, with those that are gone."""
        for name, repo in self._repos.items():
            old = self._old_repos.get(name)
            missed = old is None and (self._before.inner is None or self._before.inner_cut)
            if not repo.readable or missed or (old is not None and not old.readable):
                yield name
        for name in self._lost:
            if self._now.inside_cut or not self._now.reader.exists(self._now.repos[0].path / name):
                yield name

    def _compare_commits(self, repo: RepoNow) -> None:
        if repo.head is None or f"{repo.name}/".startswith(self._unknown):
            return
        old = self._old_repos.get(repo.name) if repo.name else self._before
        if old is not None and old.head == repo.head:
            return
        if old is None or old.head is None:
            answer = self._git(repo, "ls-tree", "-r", "-z", "--name-only", repo.head)
        else:
            answer = self._git(repo, "diff", "--name-only", "-z", *_DIFF, old.head, repo.head, "--")
        if answer.code != 0 and not answer.cut:
            if repo.name:  # its commits are its own affair: that it changed is known
                self.ranks[repo.name + CHANGED_INSIDE] = _TRACKED
                self.open_ended = True
                return
            raise failed(repo.path, "compare two commits", answer)
        self.open_ended = self.open_ended or answer.cut
        rank = _UNTRACKED if old is None else _TRACKED
        if repo.name:
            self.ranks[repo.name + CHANGED_INSIDE] = _TRACKED
        for raw in answer.out.split(b"\0")[:-1]:
            self.ranks.setdefault(name_of(repo.prefix, raw), rank)

    def _git(self, repo: RepoNow, *args: str) -> GitOutput:
        reader = self._now.reader
        return reader.git(repo.path, *args) if repo.place is None else git_inside(repo.path, repo.place, *args)

    def _is_changed(self, name: str, dirty: DirtyFile) -> bool:
        if name in self._old:
            return token_like(dirty, self._old[name], self._now.reader) != self._old[name]
        if not self._before.truncated:
            return True
        if self._before.newest is not None:
            at = self._now.reader.changed_at(dirty.file)
            if at is None:  # a file that git tracks was deleted, or one that it did was before
                return not dirty.untracked and not self._before.tracked_cut
            return at > self._before.newest
        # An earlier version kept the first paths by name, and nothing is known of those after them.
        return not self._old or name <= self._before.entries[-1][0]

    def _is_gone(self, name: str) -> bool:
        """Whether a path that differed from HEAD no longer does. Git may not have listed all."""
        return not self._now.cut or not self._now.reader.exists(self._now.repos[0].path / name)

    def _rank_of(self, name: str, dirty: DirtyFile) -> int:
        return _UNTRACKED if dirty.untracked or name.startswith(self._made) else _TRACKED

    def _compare_repos(self) -> None:
        if self._before.inner is None:
            return
        folders = _folders(self.ranks) if self._repos else set()
        for name, repo in self._repos.items():
            old = self._old_repos.get(name)
            if not repo.readable:
                if old is None or old.readable:
                    self.ranks[name + UNREADABLE] = _TRACKED
            elif not f"{name}/".startswith(self._unknown) and (old is None or name in folders):
                self.ranks[name + CHANGED_INSIDE] = _TRACKED
        hidden = tuple(f"{name}/" for name, repo in self._repos.items() if not repo.readable)
        if not self._now.inside_cut:
            for name in self._lost:
                if not name.startswith(hidden):
                    self.ranks[name + REPO_REMOVED] = _TRACKED


def _rank(name: str, now: TreeNow) -> int:
    """Whether git tracks a path: one that is on disk and that git does not list is as it was committed."""
    if name in now.dirty:
        return _UNTRACKED if now.dirty[name].untracked else _TRACKED
    if name.endswith((CHANGED_INSIDE, REPO_REMOVED, UNREADABLE)):
        return _TRACKED
    return _TRACKED if now.reader.exists(now.repos[0].path / name) else _UNTRACKED


def _ordered(ranks: dict[str, int]) -> list[str]:
    return sorted(ranks, key=lambda name: (ranks[name], _place(name), name))


def _place(name: str) -> str:
    """A key that puts what is said of a repo right before its files: by name, `svc-2` would come between."""
    for mark in (CHANGED_INSIDE, REPO_REMOVED, UNREADABLE):
        name = name.removesuffix(mark)
    return name.replace("/", "\0")
