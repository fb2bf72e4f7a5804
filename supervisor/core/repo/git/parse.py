"""Parse what git prints: status, configuration, refs, work trees, the index. Bytes in, printable text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from supervisor.core.repo.git.text import moment, number, without_credentials, words
from supervisor.domain.repo.git import (
    NO_PATHS,
    GitOperation,
    InProgress,
    Paths,
    Remote,
    RepoInside,
    Stash,
    Submodule,
    SubmoduleState,
    Upstream,
    Worktree,
)
from supervisor.domain.repo.pathname import shown

NAMES = 100  # paths named per kind of change, and lines of a list of patterns; counts are always complete
PARTS = 100  # submodules, work trees, remotes and stashes kept

REF_FORMAT = "%(refname)%00%(objectname)%00%(*objectname)%00%(symref)%00%(creatordate:unix)%00"
STASH_FORMAT = "%ct%x00%gs"


class GitStatus(Struct, frozen=True):
    """The output of `status --porcelain=v2 --branch --show-stash -z`."""

    oid: str | None = None
    branch: str | None = None
    upstream: Upstream | None = None
    staged: Paths = NO_PATHS
    unstaged: Paths = NO_PATHS
    untracked: Paths = NO_PATHS
    conflicted: Paths = NO_PATHS
    stash_count: int = 0
    submodules: Mapping[bytes, SubmoduleState] = {}


class Ref(Struct, frozen=True):
    """A branch, a tag or the stash."""

    name: str
    oid: bytes  # of the commit, or of what else a tag names
    target: str  # of a symbolic ref, else ""
    at: int  # Unix time


class GitIndex(Struct, frozen=True):
    """What `git ls-files` lists: all that is tracked, committed or not."""

    files: frozenset[bytes]  # all tracked files
    submodules: Mapping[bytes, str]  # by path, the commit


def parse_status(out: bytes) -> GitStatus:
    """Parse a status. Unknown records are ignored."""
    head: dict[bytes, bytes] = {}
    changes: dict[str, list[bytes]] = {"staged": [], "unstaged": [], "untracked": [], "conflicted": []}
    submodules: dict[bytes, SubmoduleState] = {}
    for record in out.split(b"\0")[:-1]:
        kind, _, rest = record.partition(b" ")
        if kind == b"#":
            key, _, value = rest.partition(b" ")
            head[key] = value
        elif kind == b"?":
            changes["untracked"].append(rest)
        elif kind == b"u":
            fields = rest.split(b" ", 9)
            changes["conflicted"].append(fields[-1])
            if fields[1].startswith(b"S"):
                submodules[fields[-1]] = SubmoduleState.CONFLICTED
        elif kind == b"1":
            fields = rest.split(b" ", 7)
            name = fields[-1]
            for part, letter in zip(("staged", "unstaged"), fields[0].decode("ascii", "replace"), strict=False):
                if letter != ".":
                    changes[part].append(name)
            if fields[1].startswith(b"SC"):
                submodules[name] = SubmoduleState.CHANGED
            elif fields[1].startswith(b"S") and fields[0].endswith(b"D"):
                submodules[name] = SubmoduleState.MISSING
    oid, branch = head.get(b"branch.oid", b"(initial)"), head.get(b"branch.head", b"(detached)")
    return GitStatus(
        None if oid == b"(initial)" else oid.decode("ascii", "replace"),
        None if branch == b"(detached)" else shown(branch),
        _upstream(head),
        **{part: Paths(len(names), tuple(sorted(map(shown, names))[:NAMES])) for part, names in changes.items()},
        stash_count=number(head.get(b"stash", b"0")),
        submodules=submodules,
    )


def parse_inside(path: bytes, status: bytes, *, submodule: bool) -> RepoInside:
    """Parse the status of a repo inside the work tree."""
    one = parse_status(status)
    changed, untracked = set(), one.untracked
    for record in status.split(b"\0")[:-1]:
        kind, _, rest = record.partition(b" ")
        if kind in (b"1", b"u"):
            changed.add(shown(rest.split(b" ", 7 if kind == b"1" else 9)[-1]))
    paths = Paths(len(changed), tuple(sorted(changed)[:NAMES]))
    return RepoInside(shown(path), submodule, one.oid, one.branch, paths, untracked)


def parse_refs(out: bytes) -> tuple[Ref, ...]:
    """Parse the output of `for-each-ref` with `REF_FORMAT`."""
    fields = out.split(b"\0")
    refs = []
    for name, oid, peeled, target, at in zip(*(fields[start:-1:5] for start in range(5)), strict=False):
        refs.append(Ref(shown(name.removeprefix(b"\n")), peeled or oid, shown(target), number(at)))
    return tuple(refs)


def parse_index(out: bytes) -> GitIndex:
    """Parse the output of `ls-files -z -s -t`."""
    files = set()
    submodules = {}
    for record in out.split(b"\0")[:-1]:
        fields, _, name = record.partition(b"\t")
        files.add(name)
        if fields[2:].startswith(b"160000 "):
            submodules[name] = fields.split(b" ")[2].decode("ascii", "replace")
    return GitIndex(frozenset(files), submodules)


def parse_stashes(out: bytes) -> tuple[Stash, ...]:
    """Parse the output of `log -g -z` with `STASH_FORMAT`, the newest stash first."""
    fields = out.split(b"\0")
    pairs = zip(fields[0::2], fields[1::2], strict=False)
    return tuple(Stash(words(subject), moment(at)) for at, subject in pairs)[:PARTS]


def parse_worktrees(out: bytes) -> tuple[Worktree, ...]:
    """Parse the output of `worktree list --porcelain -z`."""
    found = []
    for block in out.split(b"\0\0"):
        lines = dict(line.partition(b" ")[::2] for line in block.split(b"\0") if line)
        if b"worktree" in lines and b"bare" not in lines:
            branch = lines.get(b"branch")
            found.append(
                Worktree(
                    shown(lines[b"worktree"]),
                    _oid(lines.get(b"HEAD", b"")),
                    None if branch is None else shown(branch.removeprefix(b"refs/heads/")),
                    locked=b"locked" in lines,
                    gone=b"prunable" in lines,
                )
            )
    return tuple(found[:PARTS])


def parse_progress(files: Mapping[str, bytes]) -> InProgress | None:
    """Return the operation that these files of the git folder show, or None.

    A rebase wins over the cherry-pick at which it stopped.
    """

    def line(name: str) -> bytes:
        return files.get(name, b"").split(b"\n")[0]

    def steps(operation: GitOperation, folder: str, step: str, last: str) -> InProgress:
        name = line(f"{folder}/head-name").removeprefix(b"refs/heads/")
        branch = None if name in (b"", b"detached HEAD") else shown(name)
        at, end = number(line(f"{folder}/{step}")), number(line(f"{folder}/{last}"))
        return InProgress(operation, at or None, end or None, branch)

    if any(name.startswith("rebase-merge/") for name in files):
        return steps(GitOperation.REBASE, "rebase-merge", "msgnum", "end")
    if any(name.startswith("rebase-apply/") for name in files):
        is_am = "rebase-apply/applying" in files
        return steps(GitOperation.AM if is_am else GitOperation.REBASE, "rebase-apply", "next", "last")
    todo = line("sequencer/todo").split(b" ")[0]
    if "MERGE_HEAD" in files:
        return InProgress(GitOperation.MERGE)
    if "CHERRY_PICK_HEAD" in files or todo in (b"pick", b"p"):
        return InProgress(GitOperation.CHERRY_PICK)
    if "REVERT_HEAD" in files or todo == b"revert":
        return InProgress(GitOperation.REVERT)
    if "BISECT_LOG" in files or "BISECT_START" in files:
        return InProgress(GitOperation.BISECT)
    return None


def remotes_of(settings: Iterable[tuple[str, bytes]]) -> tuple[Remote, ...]:
    """Return the remotes in the configuration, sorted by name."""
    urls: dict[str, bytes] = {}
    pushes: dict[str, bytes] = {}
    for key, value in settings:
        section, _, rest = key.partition(".")
        name, _, word = rest.rpartition(".")
        if section == "remote" and name and word in ("url", "pushurl"):
            (urls if word == "url" else pushes).setdefault(name, value)
    remotes = []
    for name in sorted(urls)[:PARTS]:
        push = pushes.get(name)
        label = without_credentials(name.encode("utf-8", "surrogateescape"))
        url = without_credentials(urls[name])
        remotes.append(Remote(label, url, None if push is None else without_credentials(push)))
    return tuple(remotes)


def submodules_of(
    index: GitIndex, status: GitStatus, modules: bytes, on_disk: frozenset[bytes]
) -> tuple[Submodule, ...]:
    """Return the submodules of the index. `modules`: `.gitmodules` as `config --list -z` prints it."""
    named: dict[bytes, dict[bytes, bytes]] = {}
    for entry in modules.split(b"\0")[:-1]:
        key, _, value = entry.partition(b"\n")
        section, _, rest = key.partition(b".")
        name, _, word = rest.rpartition(b".")
        if section == b"submodule":
            named.setdefault(name, {})[word] = value
    urls = {parts.get(b"path", name): parts[b"url"] for name, parts in named.items() if b"url" in parts}
    found = []
    for path, oid in sorted(index.submodules.items())[:PARTS]:
        state = status.submodules.get(path, SubmoduleState.CURRENT)
        if path not in on_disk and state is not SubmoduleState.CONFLICTED:
            state = SubmoduleState.MISSING
        url = urls.get(path)
        found.append(Submodule(shown(path), None if url is None else without_credentials(url), oid, state))
    return tuple(found)


def patterns_of(text: bytes, mark: bytes = b"") -> tuple[str, ...]:
    """Return the patterns of a sparse checkout, or those to which .gitattributes gives `mark`. Ignores comments."""
    found = []
    for line in text.splitlines():
        fields = line.split()
        if fields and not fields[0].startswith(b"#") and (not mark or mark in fields[1:]):
            found.append(shown(fields[0] if mark else line.strip()))
    return tuple(found[:NAMES])


def _oid(text: bytes) -> str | None:
    return None if not text.strip(b"0") else text.decode("ascii", "replace")


def _upstream(head: Mapping[bytes, bytes]) -> Upstream | None:
    name = head.get(b"branch.upstream")
    if name is None:
        return None
    ahead, _, behind = head.get(b"branch.ab", b"").partition(b" ")
    if not behind:
        return Upstream(words(name), None, None)
    return Upstream(words(name), abs(number(ahead.lstrip(b"+"))), abs(number(behind)))
