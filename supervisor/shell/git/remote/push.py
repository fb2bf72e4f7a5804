"""Push one branch of one repo, and read where the remote has it."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from supervisor.domain.change.remote import RemotePlace
from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import Setting, read_config, read_git
from supervisor.shell.git.hooks import hooks_folder
from supervisor.shell.git.keep.objects import empty_tree
from supervisor.shell.git.land.build import tree_of
from supervisor.shell.git.land.hooks import HookStake, hook_at, hook_there, stake_of
from supervisor.shell.git.land.look import HEADS
from supervisor.shell.git.reach.output import ProgramOutput
from supervisor.shell.git.reach.there import PathThere, raw_root
from supervisor.shell.git.remote.run import run_as_person
from supervisor.shell.git.run import failed, installed_git

PUSH_SECONDS = 3600.0
"""For one push: of gigabytes, over a slow line, behind a hook that runs tests."""

ASK_SECONDS = 120.0
"""For a question to a remote; a person may have to type a passphrase."""

_SETTINGS = ("-c", "core.fsmonitor=false", "--no-pager", "--no-optional-locks")


class PushAnswer(Struct, frozen=True):
    """What git says of a push."""

    done: bool
    reason: str  # of git, or of the server through git; "": it gave none
    said: str  # by the hook and the server; text of others


def own_settings(root: Path) -> tuple[tuple[str, str], ...]:
    """Return the settings that the repo's own configuration makes. Raises WorkspaceError."""
    return tuple((one.key, one.value.decode("utf-8", "replace")) for one in read_config(root) if one.of_repo)


def remote_of(root: Path, branch: str) -> RemotePlace | None:
    """Return the remote to which git would push this branch; None if there is none, or none of several is the default.

    A branch that says nothing goes where the checked-out one does. Raises WorkspaceError.
    """
    config = read_config(root)
    values = {one.key: one.value.decode("utf-8", "replace") for one in config}
    current = _checked_out(root)
    names = [key[len("remote.") : -len(".url")] for key in values if key.startswith("remote.") and key.endswith(".url")]
    wishes = (
        values.get(f"branch.{branch}.pushremote"),
        values.get("remote.pushdefault"),
        values.get(f"branch.{branch}.remote"),
        values.get(f"branch.{current}.remote"),
    )
    name = next((one for one in wishes if one in names), None)
    name = name or ("origin" if "origin" in names else names[0] if len(set(names)) == 1 else None)
    if name is None:
        return None
    urls = [_urls(root, name, *words) for words in ((), ("--push",))]
    upstream = values.get(f"branch.{current}.merge", "")
    base = upstream.removeprefix(HEADS) if values.get(f"branch.{current}.remote") == name else ""
    if not base or base == branch:
        base = _default(root, name)
    return RemotePlace(name, urls[1], urls[0] == urls[1], "" if base == branch else base, _hook(root, config))


def value_at(root: Path, place: RemotePlace, branch: str, *, terminal: bool) -> str | None:
    """Return the commit that a branch of the remote leads to; None if there is none. Raises WorkspaceError."""
    ref = HEADS + branch
    answer = _git(root, "ls-remote", "--", place.name if place.one_url else place.urls[0], ref, terminal=terminal)
    if answer.late or answer.code != 0:
        reason = "it gives no answer" if answer.late else answer.err.strip() or f"exit code {answer.code}"
        raise WorkspaceError(f"git cannot reach {place.name}: {reason}", "")
    rows = (row.partition("\t") for row in answer.out.splitlines())
    return next((oid for oid, _, name in rows if name == ref), None)  # git lists what ends in the ref, too


def push(root: Path, place: RemotePlace, branch: str, tip: str, expected: str | None, *, terminal: bool) -> PushAnswer:
    """Push a commit to a branch of the remote, if that still is where we expect it. Raises WorkspaceError."""
    ref = HEADS + branch
    answer = _git(
        root,
        "push",
        "--porcelain",
        "--atomic",
        "--no-follow-tags",
        "--recurse-submodules=check",
        f"--force-with-lease={ref}:{expected or ''}",
        "--",  # a repo may give its remote any name
        place.name,
        f"{tip}:{ref}",  # a "+" here, or --force, would void the lease
        terminal=terminal,
        seconds=PUSH_SECONDS,
    )
    rows = [row.split("\t") for row in answer.out.splitlines()]
    reason = next((row[2] for row in rows if len(row) == 3 and row[0] == "!"), "")
    if answer.late:
        reason = f"it took longer than {PUSH_SECONDS / 60:g} minutes"
    return PushAnswer(answer.code == 0 and not answer.late, reason, answer.err)


def contains(root: Path, tip: str, commit: str) -> bool:
    """Whether `commit` is in the history of `tip`; no, if the repo does not have it."""
    return read_git(root, "merge-base", "--is-ancestor", commit, tip).code == 0


def messages_of(root: Path, commits: tuple[str, ...]) -> tuple[str, ...]:
    """Return the messages of commits. Raises WorkspaceError."""
    answer = read_git(root, "log", "--no-walk=unsorted", "--no-show-signature", "-z", "--format=%B", *commits)
    if answer.code != 0:
        raise failed(root, "read what was landed", answer)
    return tuple(answer.out.decode("utf-8", "replace").removesuffix("\0").split("\0"))


def hook_stake(root: Path, place: RemotePlace, base: str | None, tip: str) -> HookStake | None:
    """Return what of the pre-push hook was landed or is changed in the work tree; None if nothing is.

    Raises WorkspaceError.
    """
    if not place.hook:
        return None
    before = tree_of(root, base)[0] if base is not None else empty_tree(root)
    hook = hook_there(root, place.hook) if isinstance(root, PathThere) else hook_at(root, Path(place.hook))
    return stake_of(root, hook, before, tree_of(root, tip)[0])


def _git(root: Path, *words: str, terminal: bool, seconds: float = ASK_SECONDS) -> ProgramOutput:
    there = isinstance(root, PathThere)
    place = os.fsdecode(raw_root(root)) if there else str(root.absolute())
    command = ["git" if there else installed_git()[1], *_SETTINGS, "-C", place, *words]
    return run_as_person(command, root, seconds=seconds, terminal=terminal)


def _checked_out(root: Path) -> str:
    answer = read_git(root, "symbolic-ref", "--quiet", "HEAD")
    return answer.out.decode("utf-8", "surrogateescape").strip().removeprefix(HEADS) if answer.code == 0 else ""


def _default(root: Path, name: str) -> str:
    """The default branch of a remote, as the last fetch or clone saw it; "": not known."""
    prefix = f"refs/remotes/{name}/"
    answer = read_git(root, "symbolic-ref", "--quiet", f"{prefix}HEAD")
    found = answer.out.decode("utf-8", "replace").strip()
    return found.removeprefix(prefix) if answer.code == 0 and found.startswith(prefix) else ""


def _urls(root: Path, name: str, *words: str) -> tuple[str, ...]:
    answer = read_git(root, "remote", "get-url", "--all", *words, "--", name)
    if answer.code != 0:
        raise failed(root, f"read the address of {name}", answer)
    return tuple(answer.out.decode("utf-8", "replace").splitlines())


def _hook(root: Path, config: tuple[Setting, ...]) -> str:
    """The pre-push hook that git would run; "": there is none."""
    if isinstance(root, PathThere):
        return next(iter(root.repo.moves().hooks(("pre-push",))), "")
    top = Path(os.path.realpath(root))
    folder = hooks_folder(top, config)
    if folder is None:
        return ""
    hook = folder / "pre-push"
    return str(hook) if hook.is_file() and os.access(hook, os.X_OK) else ""
