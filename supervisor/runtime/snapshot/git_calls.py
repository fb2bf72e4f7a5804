"""The git calls of a snapshot: few, in parallel, each bounded. What the answers mean is decided in `core.repo.git`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from supervisor.core.repo.git import history, parse
from supervisor.core.repo.git import log as git_log
from supervisor.core.repo.git.text import number, words
from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import filters_of, read_config
from supervisor.shell.git.folder import GitDir, may_have_worktrees, names_no_filter, place_of, progress_of, read_small
from supervisor.shell.git.inside import Inside, read_inside
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.root import toplevel
from supervisor.shell.git.run import failed, run_git
from supervisor.shell.git.tree import fingerprint, read_status
from supervisor.shell.git.walk import PATIENCE, torn, walk

STATISTICS = 5_000
"""Commits in the statistics. Git lists their files in 0.2 s, and older commits say little about the repo of today."""

RECENT = 200
"""Commits that are listed one by one, with the number of lines that each changed."""

UNMERGED = 5_000
"""Commits on branches in flight. If there are more, nobody will merge those branches."""

_HEAD = ("--revs-only", "HEAD")
_REFS = ("refs/heads", "refs/remotes", "refs/tags", "refs/stash")


class StatusSeen(Struct, frozen=True):
    """The work tree as one `git status` saw it. That of a bare repo has none."""

    key: str  # a digest that changes with HEAD, index and work tree
    status: GitOutput | None = None
    inside: Inside = Inside()  # the repos inside the work tree


class Files(Struct, frozen=True):
    """The index and the work tree. A bare repo has neither."""

    key: str  # a digest that changes with HEAD, index and work tree
    oid: str | None  # HEAD; None when unborn
    status: parse.GitStatus
    index: parse.GitIndex
    modules: bytes  # .gitmodules as `git config --list` prints it
    inside: Inside  # the repos inside the work tree
    cut: tuple[str, ...]  # what is missing, and why


class Log(Struct, frozen=True):
    """The newest commits."""

    commits: list[git_log.Logged]
    total: int | None  # how many there are in all; None: not known
    cut: tuple[str, ...]  # what is missing, and why


class Branches(Struct, frozen=True):
    """The refs, and what is read along them."""

    refs: tuple[parse.Ref, ...]
    head: str | None  # the branch that HEAD names
    default: str | None  # the default branch
    unmerged: list[git_log.Logged]  # commits that the default branch lacks
    stashes: bytes  # git's list of them
    worktrees: bytes  # git's list of them
    cut: tuple[str, ...]  # what is missing, and why


class GitAnswers(Struct, frozen=True):
    """All answers of git about a repo."""

    place: GitDir
    bare: bool
    settings: list[tuple[str, bytes]]  # key and value
    files: Files
    log: Log
    sizes: GitOutput  # how many lines the recent commits changed
    branches: Branches


def ask(path: Path, seen: StatusSeen | None = None) -> GitAnswers:
    """Make all git calls, in parallel, for the repo whose root (or bare folder) is `path`; but for those whose answers
    were just `seen`. Raises WorkspaceError."""
    place = _place(path)
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="git") as pool:
        kind = pool.submit(_bare_and_head, path)
        settings = read_config(path)
        filters = filters_of(settings)
        bare, head = kind.result()
        # The longest call is made in two halves, for two cores. Both begin at the same commit. One shell there makes
        # one call after the other.
        parts = 1 if isinstance(path, PathThere) else 2
        logs = [pool.submit(_log_part, path, head, part, parts) for part in range(parts)]
        files = pool.submit(_bare_files, path, place) if bare else pool.submit(_files, path, place, filters, seen)
        branches = pool.submit(_branches, path, place)
        sizes = pool.submit(walk, path, RECENT, "--numstat", f"--format={git_log.SIZED_FORMAT}", head or "HEAD")
        log = _log(path, [part.result() for part in logs])
        pairs = [(setting.key, setting.value) for setting in settings]
        return GitAnswers(place, bare, pairs, files.result(), log, sizes.result(), branches.result())


def look(path: Path) -> StatusSeen:
    """Digest HEAD, the index, the work tree and the operation in progress, with one `git status` for each repo.

    If the repo's configuration may name filters or includes another file, it takes a `git config` too. Raises
    WorkspaceError.
    """
    place = _place(path)
    filters = frozenset[str]() if names_no_filter(place) else filters_of(read_config(path))
    try:
        return _look(path, place, filters)
    except WorkspaceError:
        if not _bare_and_head(path)[0]:
            raise
    return StatusSeen(_bare_files(path, place).key)


def _look(path: Path, place: GitDir, filters: frozenset[str]) -> StatusSeen:
    status = read_status(path, filters)
    inside = read_inside(path, status.out)
    return StatusSeen(_key(path, place, status, inside), status, inside)


def _place(path: Path) -> GitDir:
    place = place_of(path)
    if place is None:
        root = toplevel(path)  # raises an error that says more, if there is no repository
        raise WorkspaceError(f"{path} is not the root of its repository", f"give {root} as the path")
    return place


def _bare_and_head(path: Path) -> tuple[bool, str | None]:
    """Whether the repo is bare, and the commit of HEAD (None: unborn).

    Raises WorkspaceError unless `path` is the root.
    """
    answer = run_git(path, "rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--show-cdup", *_HEAD)
    if answer.code != 0:
        raise failed(path, "read the repository", answer)
    bare, inside, up, head, *_ = (*answer.out.split(b"\n"), b"", b"", b"")
    if bare != b"true" and (inside != b"true" or up):
        root = toplevel(path)
        raise WorkspaceError(f"{path} is not the root of its work tree", f"give {root} as the path")
    return bare == b"true", head.decode("ascii", "replace") or None


def _key(path: Path, place: GitDir, status: GitOutput, inside: Inside) -> str:
    digest = hashlib.blake2b(fingerprint(path, status, inside).encode(), digest_size=16)
    digest.update(repr(sorted(progress_of(place).items())).encode())
    return digest.hexdigest()


def _bare_files(path: Path, place: GitDir) -> Files:
    answer = run_git(path, "rev-parse", *_HEAD)
    head = read_small(place.git, "HEAD") or b""
    key = hashlib.blake2b(head + b"\0" + answer.out, digest_size=16).hexdigest()
    oid = answer.out.decode("ascii", "replace").strip() or None
    return Files(key, oid, parse.GitStatus(), parse.GitIndex(frozenset(), {}), b"", Inside(), ())


def _files(path: Path, place: GitDir, filters: frozenset[str], seen: StatusSeen | None) -> Files:
    if seen is None or seen.status is None:
        seen = _look(path, place, filters)
    assert seen.status is not None, "this work tree was looked at"
    listed = run_git(path, "ls-files", "-z", "-s", "-t")
    index = parse.parse_index(listed.out)
    modules = b""
    if index.submodules:
        modules = run_git(path, "config", "--blob", ":.gitmodules", "--list", "-z").out
    status = parse.parse_status(seen.status.out)
    answers = (("changed files", seen.status), ("tracked files", listed))
    cut = [_incomplete(what, answer) for what, answer in answers if torn(answer)]
    if seen.inside.cut:
        cut.append(f"repos inside: only {len(seen.inside.repos):,} are read, and there are more")
    for one in seen.inside.repos:
        if one.status is not None and one.status.cut:
            cut.append(_incomplete(f"changed files of {one.name}", one.status))
    return Files(seen.key, status.oid, status, index, modules, seen.inside, tuple(cut))


def _log_part(path: Path, head: str | None, part: int, parts: int) -> tuple[list[git_log.Logged], GitOutput]:
    """Read a part of the commits. The last one asks for one more, to find out whether there are more."""
    size = STATISTICS // parts
    skip, limit = part * size, size + (part == parts - 1)
    log_format = f"--format={git_log.LOG_FORMAT}"
    answer = walk(path, limit, f"--skip={skip}", "--name-only", log_format, head or "HEAD")
    return git_log.parse_log(answer.out, cut=torn(answer)), answer


def _log(path: Path, parts: Sequence[tuple[list[git_log.Logged], GitOutput]]) -> Log:
    commits = list[git_log.Logged]()
    for found, answer in parts:
        commits += found
        if torn(answer):
            return Log(commits, None, (_incomplete("history", answer),))
    if len(commits) <= STATISTICS:
        return Log(commits, len(commits), ())
    newest = commits[0].oid.decode("ascii")
    counted = run_git(path, "rev-list", "--count", newest, "--", seconds=PATIENCE, partial=True)
    total = None if torn(counted) else number(counted.out)
    of = "more" if total is None else f"{total:,}"
    return Log(commits[:STATISTICS], total, (f"history: only the newest {STATISTICS:,} of {of} commits are read",))


def _branches(path: Path, place: GitDir) -> Branches:
    refs_format = f"--format={parse.REF_FORMAT}"
    answer = run_git(path, "for-each-ref", refs_format, *_REFS, seconds=PATIENCE, partial=True)
    refs = parse.parse_refs(answer.out)
    cut = [_incomplete("branches and tags", answer)] if torn(answer) else []
    head_file = read_small(place.git, "HEAD") or b""
    on_branch = head_file.startswith(b"ref: refs/heads/")
    head = words(head_file.removeprefix(b"ref: refs/heads/")) if on_branch else None
    default, merged = history.default_branch(refs, head)
    unmerged: list[git_log.Logged] = []
    if merged and any(ref.name.startswith(("refs/heads/", "refs/remotes/")) and ref.name not in merged for ref in refs):
        tips = ("--branches", "--remotes", "--not", *merged)
        walked = walk(path, UNMERGED, "--no-patch", f"--format={git_log.LOG_FORMAT}", *tips)
        unmerged = git_log.parse_log(walked.out, cut=torn(walked))
        if torn(walked):
            cut.append(_incomplete("branches in flight", walked))
        elif len(unmerged) == UNMERGED:
            cut.append(f"branches in flight: only the newest {UNMERGED:,} commits are read")
    stashes = worktrees = b""
    if any(ref.name == "refs/stash" for ref in refs):
        stash_format = f"--format={parse.STASH_FORMAT}"
        stashes = walk(path, parse.PARTS, "--walk-reflogs", "--no-patch", stash_format, "refs/stash").out
    if may_have_worktrees(place):
        worktrees = run_git(path, "worktree", "list", "--porcelain", "-z").out
    return Branches(refs, head, default, unmerged, stashes, worktrees, tuple(cut))


def _incomplete(what: str, answer: GitOutput) -> str:
    """Say that `what` is not known completely, and why."""
    if answer.stopped:
        return f"{what}: git {answer.stopped} and was killed"
    if answer.cut:
        return f"{what}: git printed more than we read"
    return f"{what}: git failed: {words(answer.complaint.encode())}"
