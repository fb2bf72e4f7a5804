"""Look at what a landing rests on in one repo: HEAD, the branch, who commits, and what is in the way."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import read_config, read_git
from supervisor.shell.git.folder import place_of, progress_of
from supervisor.shell.git.run import failed

SETTINGS = ("core.useReplaceRefs=false", "gc.auto=0", "maintenance.auto=false")
"""A replaced commit is not what its id says; and nothing is tidied up while we write."""

HEADS = "refs/heads/"
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

    common: Path  # the git folder that all work trees of the repo share
    head: str | None  # the commit that is checked out; None: there is none yet
    name: str  # of the branch of the landing; "": it was to be the one that is checked out, and HEAD is detached
    branch: str | None  # where the branch of the landing is; None: there is none
    lock: Path  # the file that locks it
    in_the_way: tuple[str, ...]  # branches of which git cannot have this one beside
    used_by: str  # the work tree in which the branch is checked out; "": none
    operation: str  # that is in progress; "": none
    subjects: tuple[str, ...]  # of the newest commits
    encoding: str  # of commit messages
    signs: bool
    signing_program: str  # a setting of the repo's own that names one; "": none


def look_at(root: Path, branch: str | None) -> RepoLook:
    """Look at the repo at `root`, in which the branch (a short name) is to be made. None: the one that is checked out.

    Raises WorkspaceError.
    """
    place = place_of(root)
    if place is None:
        raise WorkspaceError(f"{root} is no git repo", "see `orch doctor`")
    common = Path(os.path.realpath(place.common))
    config = read_config(root)
    values = {one.key: one.value.decode("utf-8", "replace") for one in config}
    head, name = head_of(root)
    if branch is None:
        branch = name.removeprefix(HEADS) if name is not None and name.startswith(HEADS) else ""
    found, in_the_way = _branches(root, branch) if branch else (None, ())
    going = sorted(progress_of(place))
    reftable = values.get("extensions.refstorage") == "reftable"
    return RepoLook(
        common,
        head,
        branch,
        found,
        common / ("reftable/tables.list.lock" if reftable else f"{HEADS}{branch}.lock"),
        in_the_way,
        _used_by(root, branch) if found is not None else str(root) if name == HEADS + branch else "",
        _OPERATIONS.get(going[0].partition("/")[0], "git operation") if going else "",
        _subjects(root) if head is not None else (),
        values.get("i18n.commitencoding", "utf-8"),
        values.get("commit.gpgsign", "").lower() in ("true", "yes", "on", "1"),
        next((one.key for one in config if one.of_repo and one.key in _PROGRAMS), ""),
    )


def head_of(root: Path) -> tuple[str | None, str | None]:
    """Return the commit that is checked out, and the full name of the branch; None for what there is not."""
    head = value_of(root, "HEAD^{commit}")
    answer = read_git(root, "symbolic-ref", "--quiet", "HEAD")
    return head, answer.out.decode("utf-8", "surrogateescape").rstrip("\n") if answer.code == 0 else None


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


def _used_by(root: Path, branch: str) -> str:
    answer = read_git(root, "worktree", "list", "--porcelain")
    folder = ""
    for row in answer.out.decode("utf-8", "surrogateescape").splitlines():
        if row.startswith("worktree "):
            folder = row.removeprefix("worktree ")
        elif row == f"branch {HEADS}{branch}":
            return folder
    return ""


def _subjects(root: Path) -> tuple[str, ...]:
    answer = read_git(root, "log", "-z", f"-{SUBJECTS}", "--no-merges", "--format=%s", "--no-show-signature", "HEAD")
    return tuple(one for one in answer.out.decode("utf-8", "replace").split("\0") if one)
