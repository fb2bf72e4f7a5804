"""The git half of a snapshot: assemble the answers of git."""

from __future__ import annotations

import os
from pathlib import Path

from supervisor.core.repo.git import history, parse
from supervisor.core.repo.git import log as git_log
from supervisor.core.repo.git.text import moment, words
from supervisor.domain.repo.git import Commit, GitState, Head, History, RepoInside, Submodule, Worktree
from supervisor.domain.repo.pathname import shown
from supervisor.runtime.snapshot import git_calls
from supervisor.runtime.snapshot.git_calls import GitAnswers, StatusSeen
from supervisor.runtime.snapshot.sources import sources_of
from supervisor.shell.git.folder import progress_of, read_small
from supervisor.shell.git.inside import InsideStatus
from supervisor.shell.git.reach.sources import Source
from supervisor.shell.git.reach.there import PathThere, raw_root
from supervisor.shell.git.walk import torn

ATTRIBUTES_LIMIT = 64 << 10
"""Bytes read of .gitattributes and of the patterns of a sparse checkout."""


def read_state(path: Path, seen: StatusSeen | None = None) -> tuple[GitState, History]:
    """Read what git knows of the repo whose root (or bare folder) is `path`, but for the work tree if it was just
    `seen`. Raises WorkspaceError when git fails.

    A history that git reads only in part is not an error: its `cut` says what is missing.
    """
    answers = git_calls.ask(path, seen)
    return _state(path, answers), _history(answers)


def _state(path: Path, answers: GitAnswers) -> GitState:
    files, status, refs = answers.files, answers.files.status, answers.branches.refs
    newest = answers.log.commits[0] if answers.log.commits else None
    on = {key: value.lower() in (b"true", b"yes", b"on", b"1") for key, value in answers.settings}
    return GitState(
        key=files.key,
        branch=answers.branches.head if answers.bare else status.branch,
        head=None if newest is None else _head(newest),
        upstream=status.upstream,
        staged=status.staged,
        unstaged=status.unstaged,
        untracked=status.untracked,
        conflicted=status.conflicted,
        stashes=parse.parse_stashes(answers.branches.stashes),
        stash_count=status.stash_count,
        in_progress=parse.parse_progress(progress_of(answers.place)),
        worktrees=_worktrees(path, answers),
        submodules=_submodules(path, answers),
        inside=tuple(map(_inside, files.inside.repos[: parse.PARTS])),
        tags=history.near_tags(refs, answers.log.commits),
        remotes=parse.remotes_of(answers.settings),
        tracked=len(files.index.files),
        shallow=bool(read_small(answers.place.common, "shallow")),
        partial=any(key == "extensions.partialclone" or key.endswith(".promisor") for key, _ in answers.settings),
        bare=answers.bare,
        empty=files.oid is None and not refs,
        detached=files.oid is not None and (answers.branches.head if answers.bare else status.branch) is None,
        unborn=files.oid is None,
        sparse=_sparse(answers) if on.get("core.sparsecheckout") else None,
        lfs=() if answers.bare else _lfs(path),
        cut=files.cut,
    )


def _history(answers: GitAnswers) -> History:
    if answers.files.oid is None:
        in_flight, count = history.in_flight(answers.branches.refs, answers.branches.unmerged)
        return History(default_branch=answers.branches.default, in_flight=in_flight, in_flight_count=count)
    log = answers.log.commits
    tracked = answers.files.index.files or None
    people = history.authors(log)
    repairs = history.repairs(log)
    in_flight, count = history.in_flight(answers.branches.refs, answers.branches.unmerged)
    recent, cut = _recent(answers)
    return History(
        commits=answers.log.total,
        read=len(log),
        recent=recent,
        weeks=history.weeks(log),
        authors=people[: history.AUTHORS],
        author_count=len(people),
        hot=history.hot(log, tracked),
        together=history.together(log, tracked),
        messages=history.messages(log),
        repairs=repairs[: history.REPAIRS],
        revert_count=sum(repair.kind == "revert" for repair in repairs),
        fixup_count=sum(repair.kind == "fix-up" for repair in repairs),
        default_branch=answers.branches.default,
        in_flight=in_flight,
        in_flight_count=count,
        cut=(*answers.log.cut, *cut, *answers.branches.cut),
    )


def _recent(answers: GitAnswers) -> tuple[tuple[Commit, ...], tuple[str, ...]]:
    """The newest commits, without a size where git could not compare the contents, and what is missing."""
    sized = git_log.parse_sized(answers.sizes.out, cut=torn(answers.sizes))
    wanted = answers.log.commits[: git_calls.RECENT]
    if len(sized) >= len(wanted):
        return tuple(sized), ()
    rest = tuple(map(git_log.without_size, wanted[len(sized) :]))
    return (*sized, *rest), (f"recent commits: git gave the size of only {len(sized)} of {len(wanted)}",)


def _head(commit: git_log.Logged) -> Head:
    return Head(commit.oid.decode("ascii", "replace"), words(commit.subject), words(commit.author), moment(commit.at))


def _worktrees(path: Path, answers: GitAnswers) -> tuple[Worktree, ...]:
    here = shown(raw_root(path) if isinstance(path, PathThere) else os.fsencode(path.resolve()))
    return tuple(tree for tree in parse.parse_worktrees(answers.branches.worktrees) if tree.path != here)


def _submodules(path: Path, answers: GitAnswers) -> tuple[Submodule, ...]:
    files = answers.files
    marks = {name: name + b"/.git" for name in files.index.submodules}
    if isinstance(path, PathThere):
        stamps = path.repo.files().stamps(marks.values())
        on_disk = frozenset(name for name, mark in marks.items() if stamps[mark] is not None)
    else:
        on_disk = frozenset(name for name, mark in marks.items() if (path / os.fsdecode(mark)).exists())
    return parse.submodules_of(files.index, files.status, files.modules, on_disk)


def _inside(one: InsideStatus) -> RepoInside:
    if one.status is None:
        return RepoInside(one.name, one.tracked, problem=words(os.fsencode(one.problem)))
    return parse.parse_inside(one.raw, one.status.out, submodule=one.tracked)


def _sparse(answers: GitAnswers) -> tuple[str, ...]:
    content = read_small(answers.place.git, "info", "sparse-checkout", limit=ATTRIBUTES_LIMIT)
    return parse.patterns_of(content or b"", b"")


def _lfs(path: Path) -> tuple[str, ...]:
    file = Source(b".gitattributes", "")
    found = sources_of(path).contents([(file, ATTRIBUTES_LIMIT)])
    return parse.patterns_of(found.get(file.raw, b""), b"filter=lfs")
