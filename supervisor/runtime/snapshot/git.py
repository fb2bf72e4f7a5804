"""The git half of a snapshot: what git said of a repo, put together."""

from __future__ import annotations

import os
from pathlib import Path

from supervisor.core.repo.git import history, parse
from supervisor.core.repo.git import log as git_log
from supervisor.core.repo.git.text import moment, words
from supervisor.domain.repo.git import Commit, GitState, Head, History, Submodule, Worktree
from supervisor.domain.repo.pathname import shown
from supervisor.runtime.snapshot import git_calls
from supervisor.runtime.snapshot.git_calls import GitAnswers
from supervisor.shell import git

ATTRIBUTES_LIMIT = 64 << 10
"""Bytes read of .gitattributes, and of the patterns of a sparse checkout."""


def state_key(path: Path) -> str:
    """What `GitState.key` would be now, for the price of one `git status`. Raises WorkspaceError."""
    return git_calls.ask_key(path)


def read_state(path: Path) -> tuple[GitState, History]:
    """What git knows of the repo whose root (or bare folder) is `path`. Raises WorkspaceError when git cannot tell.

    A history that cannot be read whole is no error: `cut` tells it.
    """
    said = git_calls.ask(path)
    return _state(path, said), _history(said)


def _state(path: Path, said: GitAnswers) -> GitState:
    files, status, refs = said.files, said.files.status, said.branches.refs
    newest = said.log.commits[0] if said.log.commits else None
    on = {key: value.lower() in (b"true", b"yes", b"on", b"1") for key, value in said.settings}
    return GitState(
        key=files.key,
        branch=said.branches.head if said.bare else status.branch,
        head=None if newest is None else _head(newest),
        upstream=status.upstream,
        staged=status.staged,
        unstaged=status.unstaged,
        untracked=status.untracked,
        conflicted=status.conflicted,
        stashes=parse.parse_stashes(said.branches.stashes),
        stash_count=status.stash_count,
        in_progress=parse.parse_progress(git.progress_of(said.place)),
        worktrees=_worktrees(path, said),
        submodules=_submodules(path, said),
        tags=history.near_tags(refs, said.log.commits),
        remotes=parse.remotes_of(said.settings),
        tracked=len(files.index.files),
        shallow=bool(git.read_small(said.place.common, "shallow")),
        partial=any(key == "extensions.partialclone" or key.endswith(".promisor") for key, _ in said.settings),
        bare=said.bare,
        empty=files.oid is None and not refs,
        detached=files.oid is not None and (said.branches.head if said.bare else status.branch) is None,
        unborn=files.oid is None,
        sparse=_patterns(said.place.git, "info", "sparse-checkout") if on.get("core.sparsecheckout") else None,
        lfs=() if said.bare else _patterns(path, ".gitattributes", mark=b"filter=lfs"),
        cut=files.cut,
    )


def _history(said: GitAnswers) -> History:
    if said.files.oid is None:
        in_flight, count = history.in_flight(said.branches.refs, said.branches.unmerged)
        return History(default_branch=said.branches.default, in_flight=in_flight, in_flight_count=count)
    log = said.log.commits
    tracked = said.files.index.files or None
    people = history.authors(log)
    mended = history.repairs(log)
    in_flight, count = history.in_flight(said.branches.refs, said.branches.unmerged)
    recent, cut = _recent(said)
    return History(
        commits=said.log.total,
        read=len(log),
        recent=recent,
        weeks=history.weeks(log),
        authors=people[: history.AUTHORS],
        author_count=len(people),
        hot=history.hot(log, tracked),
        together=history.together(log, tracked),
        messages=history.messages(log),
        repairs=mended[: history.REPAIRS],
        revert_count=sum(repair.kind == "revert" for repair in mended),
        fixup_count=sum(repair.kind == "fix-up" for repair in mended),
        default_branch=said.branches.default,
        in_flight=in_flight,
        in_flight_count=count,
        cut=(*said.log.cut, *cut, *said.branches.cut),
    )


def _recent(said: GitAnswers) -> tuple[tuple[Commit, ...], tuple[str, ...]]:
    """The newest commits; those whose contents git could not compare are told without a size."""
    sized = git_log.parse_sized(said.sizes.out, cut=git_calls.torn(said.sizes))
    wanted = said.log.commits[: git_calls.RECENT]
    if len(sized) >= len(wanted):
        return tuple(sized), ()
    rest = tuple(map(git_log.without_size, wanted[len(sized) :]))
    return (*sized, *rest), (f"recent commits: git could tell the size of only {len(sized)} of {len(wanted)}",)


def _head(commit: git_log.Logged) -> Head:
    return Head(commit.oid.decode("ascii", "replace"), words(commit.subject), words(commit.author), moment(commit.at))


def _worktrees(path: Path, said: GitAnswers) -> tuple[Worktree, ...]:
    here = shown(os.fsencode(path.resolve()))
    return tuple(tree for tree in parse.parse_worktrees(said.branches.worktrees) if tree.path != here)


def _submodules(path: Path, said: GitAnswers) -> tuple[Submodule, ...]:
    files = said.files
    on_disk = frozenset(name for name in files.index.submodules if (path / os.fsdecode(name) / ".git").exists())
    return parse.submodules_of(files.index, files.status, files.modules, on_disk)


def _patterns(folder: Path, *names: str, mark: bytes = b"") -> tuple[str, ...]:
    return parse.patterns_of(git.read_small(folder, *names, limit=ATTRIBUTES_LIMIT) or b"", mark)
