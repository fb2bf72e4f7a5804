"""Look at what a landing rests on in one repo: HEAD, the branch, who commits, and what is in the way."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import filters_of, means_no, read_config, read_git
from supervisor.shell.git.folder import GitDir, may_have_worktrees, place_of, progress_of, read_small, rebased_in
from supervisor.shell.git.hooks import hooks_folder
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed

SETTINGS = ("core.useReplaceRefs=false", "gc.auto=0", "maintenance.auto=false")
"""A replaced commit is not what its id says; and nothing is tidied up while we write."""

HEADS = "refs/heads/"
HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg")
"""The hooks that can refuse or change a commit, in the order in which git runs them."""

SUBJECTS = 50
"""Commits whose subjects show how messages are written here."""

_OPERATIONS = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
    "BISECT_START": "bisect",
    "sequencer": "cherry-pick",
}
_PROGRAMS = ("gpg.program", "gpg.openpgp.program", "gpg.x509.program", "gpg.ssh.program", "gpg.ssh.defaultkeycommand")


class RepoLook(Struct, frozen=True):
    """What a landing has to know of a repo."""

    common: str  # the git folder that all work trees of the repo share
    head: str | None  # the commit that is checked out; None: there is none yet
    tree: str  # its tree
    at: int  # its time, in seconds since 1970
    name: str  # of the branch of the landing; "": it was to be the one that is checked out, and HEAD is detached
    branch: str | None  # where the branch of the landing is; None: there is none
    lock: str  # the file that locks it
    in_the_way: tuple[str, ...]  # branches of which git cannot have this one beside
    used_by: str  # what has the branch: "checked out in FOLDER", "in a rebase in FOLDER"; "": nothing
    operation: str  # that is in progress; "": none
    subjects: tuple[str, ...]  # of the newest commits
    identity: tuple[tuple[str, bytes], ...]  # the settings that say who commits
    encoding: str  # of commit messages
    signs: bool
    signing_program: str  # a setting of the repo's own that names one; "": none
    hooks: Path | None  # the folder in which git looks for hooks; None: there is none here
    hooks_there: tuple[str, ...] = ()  # those of a commit that a repo on another machine has
    own_filters: frozenset[str] = frozenset()  # that only its own configuration names, so they do not run


def look_at(root: Path, branch: str | None) -> RepoLook:
    """Look at the repo at `root`, in which the branch (a short name) is to be made. None: the one that is checked out.

    Raises WorkspaceError.
    """
    place = place_of(root)
    if place is None:
        raise WorkspaceError(f"{root} is no git repo", "see `orch doctor`")
    there = isinstance(root, PathThere)
    common = root.repo.moves().common() if isinstance(root, PathThere) else os.path.realpath(place.common)
    config = read_config(root)
    values = {one.key: one.value.decode("utf-8", "replace") for one in config}
    name = _checked_out(root, place)
    head, tree, at, subjects = _newest(root)
    if branch is None:
        branch = name.removeprefix(HEADS) if name is not None and name.startswith(HEADS) else ""
    found, in_the_way = _branches(root, branch) if branch else (None, ())
    going = sorted(progress_of(place))
    reftable = values.get("extensions.refstorage") == "reftable"
    return RepoLook(
        common,
        head,
        tree,
        at,
        branch,
        found,
        f"{common}/" + ("reftable/tables.list.lock" if reftable else f"{HEADS}{branch}.lock"),
        in_the_way,
        _used_by(root, place, branch, name) if branch else "",
        _OPERATIONS.get(going[0].partition("/")[0], "git operation") if going else "",
        subjects,
        tuple((one.key, one.value) for one in config if one.key.startswith(("user.", "author.", "committer."))),
        values.get("i18n.commitencoding", "utf-8"),
        not means_no(values.get("commit.gpgsign", "")),
        next((one.key for one in config if one.of_repo and one.key in _PROGRAMS), ""),
        None if there else hooks_folder(Path(os.path.realpath(root)), config),
        root.repo.moves().hooks(HOOKS) if isinstance(root, PathThere) else (),
        filters_of(config),
    )


def value_of(root: Path, name: str) -> str | None:
    """Return the id that a full ref name stands for; None if there is none. Raises WorkspaceError."""
    answer = read_git(root, "rev-parse", "--verify", "--quiet", name, settings=SETTINGS)
    if answer.code not in (0, 1):
        raise failed(root, f"read {name}", answer)
    return answer.out.decode("ascii").strip() or None


def is_branch_name(root: Path, branch: str) -> bool:
    """Whether git takes this name for a branch."""
    return read_git(root, "check-ref-format", HEADS + branch).code == 0 and not branch.startswith("-")


def identity_problem(root: Path, environ: dict[str, str]) -> str:
    """Return what git says against the user's identity; "" if it has one."""
    for variable in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        answer = read_git(root, "var", variable, environ=environ)
        if answer.code != 0:
            return answer.complaint
    return ""


def _branches(root: Path, branch: str) -> tuple[str | None, tuple[str, ...]]:
    parts = branch.split("/")
    above = [HEADS + "/".join(parts[:count]) for count in range(1, len(parts))]
    own = HEADS + branch
    answer = read_git(root, "for-each-ref", "--format=%(objectname) %(refname)", own, *above)
    if answer.code != 0 or answer.cut:
        raise failed(root, "list the branches", answer)
    rows = [row.partition(" ") for row in answer.out.decode("utf-8", "surrogateescape").splitlines()]
    value = next((oid for oid, _, name in rows if name == own), None)
    return value, tuple(name.removeprefix(HEADS) for _, _, name in rows if name in above or name.startswith(f"{own}/"))


def _used_by(root: Path, place: GitDir, branch: str, checked_out: str | None) -> str:
    if checked_out == HEADS + branch:
        return f"checked out in {root}"
    if not may_have_worktrees(place):
        return ""
    answer = read_git(root, "worktree", "list", "--porcelain")
    folder = ""
    for row in answer.out.decode("utf-8", "surrogateescape").splitlines():
        if row.startswith("worktree "):
            folder = row.removeprefix("worktree ")
        elif row == f"branch {HEADS}{branch}":
            return f"checked out in {folder}"
    return next((f"in a rebase in {tree}" for tree, ref in rebased_in(place) if ref == HEADS + branch), "")


def _checked_out(root: Path, place: GitDir) -> str | None:
    """The full name of the branch that HEAD points to; None: it is detached."""
    word = read_small(place.git, "HEAD") or b""
    if word.startswith(b"ref: ") and not word.startswith(b"ref: refs/heads/.invalid"):
        return os.fsdecode(word.removeprefix(b"ref: ").strip())
    answer = read_git(root, "symbolic-ref", "--quiet", "HEAD")  # HEAD is a link, or not in a file
    return os.fsdecode(answer.out.rstrip(b"\n")) if answer.code == 0 else None


def _newest(root: Path) -> tuple[str | None, str, int, tuple[str, ...]]:
    """The commit that is checked out, its tree and its time, and the subjects of the newest commits but for merges."""
    answer = read_git(
        root,
        "log",
        "-z",
        f"-{2 * SUBJECTS}",
        "--no-show-signature",
        "--format=%H %T %ct %p%n%s",
        "HEAD",
        settings=SETTINGS,
    )
    if answer.code != 0 or not answer.out:
        if (head := value_of(root, "HEAD^{commit}")) is not None:
            raise failed(root, f"read the history of {head[:10]}", answer)
        return None, "", 0, ()
    rows = [row.partition("\n") for row in answer.out.decode("utf-8", "replace").split("\0") if row]
    head, tree, at, *_ = rows[0][0].split()
    subjects = [subject for fields, _, subject in rows if len(fields.split()) < 5 and subject]
    return head, tree, int(at), tuple(subjects[:SUBJECTS])
