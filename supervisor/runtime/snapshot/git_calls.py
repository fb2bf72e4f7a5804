"""The git calls behind a snapshot: few, side by side, each bounded; what they said is kept apart from its meaning."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from supervisor.core.repo.git import history, parse
from supervisor.core.repo.git import log as git_log
from supervisor.core.repo.git.text import number, words
from supervisor.errors import WorkspaceError
from supervisor.shell import git
from supervisor.shell.git import GitDir, GitOutput

STATISTICS = 5_000
"""Commits that the statistics are over: their names take git 0.2 s, and what is older says little of now."""

RECENT = 200
"""Commits told one by one, with the lines that each changed."""

UNMERGED = 5_000
"""Commits that lie on branches in flight; more are branches that nobody will merge."""

PATIENCE = 10.0
"""Seconds for one call that walks commits. What git said by then is kept, and told as cut."""

_SETTINGS = ("core.bigFileThreshold=4m", "log.showRoot=true", "mailmap.file=", "mailmap.blob=")
"""No diff of big files; and no mailmap but the repo's own file, as any other that it names may be endless."""

_LOG = (
    *("log", "-z", "--no-color", "--no-decorate", "--no-notes", "--no-show-signature", "--encoding=UTF-8"),
    *("--no-renames", "--no-ext-diff", "--no-textconv", "--diff-merges=off"),
)
_HEAD = ("--revs-only", "HEAD")
_REFS = ("refs/heads", "refs/remotes", "refs/tags", "refs/stash")


class Files(Struct, frozen=True):
    """What the index and the work tree say: `oid` is HEAD, None when unborn. A bare repo has neither of the two."""

    key: str
    oid: str | None
    status: parse.GitStatus
    index: parse.GitIndex
    modules: bytes
    cut: tuple[str, ...]


class Log(Struct, frozen=True):
    """The newest commits, and how many there are in all, None when that is not known."""

    commits: list[git_log.Logged]
    total: int | None
    cut: tuple[str, ...]


class Branches(Struct, frozen=True):
    """All refs; the branch that HEAD names; the default branch and the commits that it lacks."""

    refs: tuple[parse.Ref, ...]
    head: str | None
    default: str | None
    unmerged: list[git_log.Logged]
    stashes: bytes
    worktrees: bytes
    cut: tuple[str, ...]


class GitAnswers(Struct, frozen=True):
    """All that git said of a repo. `settings` are key and value, `sizes` the answer about the recent commits."""

    place: GitDir
    bare: bool
    settings: list[tuple[str, bytes]]
    files: Files
    log: Log
    sizes: GitOutput
    branches: Branches


def ask(path: Path) -> GitAnswers:
    """Ask git all at once about the repo whose root (or bare folder) is `path`. Raises WorkspaceError."""
    place = _place(path)
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="git") as pool:
        looked = pool.submit(_look, path)
        settings = git.read_config(path)
        filters = git.filters_of(settings)
        bare, head = looked.result()
        # The longest call goes in two halves, for two cores; both begin at the same commit.
        halves = [pool.submit(_log_part, path, head, skip) for skip in (0, STATISTICS // 2)]
        files = pool.submit(_bare_files if bare else _files, path, place, filters)
        branches = pool.submit(_branches, path, place)
        sizes = pool.submit(_walk, path, RECENT, "--numstat", f"--format={git_log.SIZED_FORMAT}", head or "HEAD")
        log = _log(path, *(half.result() for half in halves))
        pairs = [(setting.key, setting.value) for setting in settings]
        return GitAnswers(place, bare, pairs, files.result(), log, sizes.result(), branches.result())


def ask_key(path: Path) -> str:
    """A digest of HEAD, index, work tree and operation in progress, for one `git status`. Raises WorkspaceError.

    Where the repo's configuration may name filters, or includes another one, it costs a `git config` as well.
    """
    place = _place(path)
    filters = frozenset[str]() if git.names_no_filter(place) else git.filters_of(git.read_config(path))
    try:
        return _key(path, place, git.read_status(path, filters))
    except WorkspaceError:
        if not _look(path)[0]:
            raise
    return _bare_files(path, place, filters).key


def torn(answer: GitOutput) -> bool:
    """Whether git said less than it was asked for; its last record may then be half of one."""
    return answer.cut or answer.code != 0


def _place(path: Path) -> GitDir:
    place = git.place_of(path)
    if place is None:
        root = git.toplevel(path)  # Says what is wrong, if it is wrong altogether.
        raise WorkspaceError(f"{path} is not the root of its repository", f"give {root} as the path")
    return place


def _look(path: Path) -> tuple[bool, str | None]:
    """Whether the repo is bare, and the commit that HEAD is. Raises WorkspaceError unless `path` is its root."""
    answer = git.run_git(path, "rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--show-cdup", *_HEAD)
    if answer.code != 0:
        raise git.failed(path, "read the repository", answer)
    bare, inside, up, head, *_ = (*answer.out.split(b"\n"), b"", b"", b"")
    if bare != b"true" and (inside != b"true" or up):
        root = git.toplevel(path)
        raise WorkspaceError(f"{path} is not the root of its work tree", f"give {root} as the path")
    return bare == b"true", head.decode("ascii", "replace") or None


def _key(path: Path, place: GitDir, status: GitOutput) -> str:
    digest = hashlib.blake2b(git.fingerprint(path, status).encode(), digest_size=16)
    digest.update(repr(sorted(git.progress_of(place).items())).encode())
    return digest.hexdigest()


def _bare_files(path: Path, place: GitDir, _: frozenset[str]) -> Files:
    answer = git.run_git(path, "rev-parse", *_HEAD)
    head = git.read_small(place.git, "HEAD") or b""
    key = hashlib.blake2b(head + b"\0" + answer.out, digest_size=16).hexdigest()
    oid = answer.out.decode("ascii", "replace").strip() or None
    return Files(key, oid, parse.GitStatus(), parse.GitIndex(frozenset(), {}), b"", ())


def _files(path: Path, place: GitDir, filters: frozenset[str]) -> Files:
    said = git.read_status(path, filters)
    listed = git.run_git(path, "ls-files", "-s", "-z")
    index = parse.parse_index(listed.out)
    modules = b""
    if index.submodules:
        modules = git.run_git(path, "config", "--blob", ":.gitmodules", "--list", "-z").out
    status = parse.parse_status(said.out)
    cut = [_told(what, answer) for what, answer in (("changed files", said), ("tracked files", listed)) if torn(answer)]
    return Files(_key(path, place, said), status.oid, status, index, modules, tuple(cut))


def _log_part(path: Path, head: str | None, skip: int) -> tuple[list[git_log.Logged], GitOutput]:
    """Half of the commits to look at; the second half asks for one more, to know whether there are more."""
    limit = STATISTICS // 2 + (skip > 0)
    log_format = f"--format={git_log.LOG_FORMAT}"
    answer = _walk(path, limit, f"--skip={skip}", "--name-only", log_format, head or "HEAD")
    return git_log.parse_log(answer.out, cut=torn(answer)), answer


def _log(
    path: Path, first: tuple[list[git_log.Logged], GitOutput], second: tuple[list[git_log.Logged], GitOutput]
) -> Log:
    if torn(first[1]):
        return Log(first[0], None, (_told("history", first[1]),))
    commits = first[0] + second[0]
    if torn(second[1]):
        return Log(commits, None, (_told("history", second[1]),))
    if len(commits) <= STATISTICS:
        return Log(commits, len(commits), ())
    newest = commits[0].oid.decode("ascii")
    counted = git.run_git(path, "rev-list", "--count", newest, "--", seconds=PATIENCE, partial=True)
    total = None if torn(counted) else number(counted.out)
    of = "more" if total is None else f"{total:,}"
    return Log(commits[:STATISTICS], total, (f"history: the newest {STATISTICS:,} of {of} commits are looked at",))


def _branches(path: Path, place: GitDir) -> Branches:
    refs_format = f"--format={parse.REF_FORMAT}"
    answer = git.run_git(path, "for-each-ref", refs_format, *_REFS, seconds=PATIENCE, partial=True)
    refs = parse.parse_refs(answer.out)
    cut = [_told("branches and tags", answer)] if torn(answer) else []
    said = git.read_small(place.git, "HEAD") or b""
    head = words(said.removeprefix(b"ref: refs/heads/")) if said.startswith(b"ref: refs/heads/") else None
    default, merged = history.default_branch(refs, head)
    unmerged: list[git_log.Logged] = []
    if merged and any(ref.name.startswith(("refs/heads/", "refs/remotes/")) and ref.name not in merged for ref in refs):
        tips = ("--branches", "--remotes", "--not", *merged)
        walked = _walk(path, UNMERGED, "--no-patch", f"--format={git_log.LOG_FORMAT}", *tips)
        unmerged = git_log.parse_log(walked.out, cut=torn(walked))
        if torn(walked):
            cut.append(_told("branches in flight", walked))
        elif len(unmerged) == UNMERGED:
            cut.append(f"branches in flight: the newest {UNMERGED:,} commits are looked at")
    stashes = worktrees = b""
    if any(ref.name == "refs/stash" for ref in refs):
        stash_format = f"--format={parse.STASH_FORMAT}"
        stashes = _walk(path, parse.PARTS, "--walk-reflogs", "--no-patch", stash_format, "refs/stash").out
    if (place.common / "worktrees").is_dir():
        worktrees = git.run_git(path, "worktree", "list", "--porcelain", "-z").out
    return Branches(refs, head, default, unmerged, stashes, worktrees, tuple(cut))


def _walk(path: Path, limit: int, *args: str) -> GitOutput:
    return git.run_git(path, *_LOG, f"-{limit}", *args, "--", settings=_SETTINGS, seconds=PATIENCE, partial=True)


def _told(what: str, answer: GitOutput) -> str:
    """That not all of `what` is known, and why."""
    if answer.stopped:
        return f"{what}: git {answer.stopped}, and was stopped"
    if answer.cut:
        return f"{what}: more than git may say here"
    return f"{what}: git says {words(answer.complaint.encode())}"
