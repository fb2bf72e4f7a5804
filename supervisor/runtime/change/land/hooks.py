"""The hooks of the commits that a landing makes: they run as the person's own, in a repo that is thrown away.

If a task may have written what a hook runs, the person sees what is new in it and says yes, once for these bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.guard.standing import LANDING
from supervisor.domain.repo.pathname import shown
from supervisor.errors import OutOfReach, RequestRefused, WorkspaceError
from supervisor.runtime.change.land.place import clear, folder_of, refuse_writable, stopped_in_order, writable_by
from supervisor.runtime.codex.checks import Output
from supervisor.runtime.config.load import load_guarded
from supervisor.runtime.config.model import Config
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths, make_inside, make_private
from supervisor.sha256 import hex_digest
from supervisor.shell.atomic import write_atomic
from supervisor.shell.git.environment import without_repo
from supervisor.shell.git.keep.objects import empty_tree
from supervisor.shell.git.land.build import entries_between
from supervisor.shell.git.land.hooks import HookStake, LocalHookRepo, digest_of, has_tree, hook_files, stake_of
from supervisor.shell.git.land.look import RepoLook
from supervisor.shell.git.reach.hooks import HookRepo, HookRun
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.process.run import kept, run_marked

T = TypeVar("T")

REMEMBERED = 500  # commits, and pieces of trust
SHOWN = 30  # lines of the end of what a hook printed
PRINTED = 1 << 20  # bytes that are kept of that


class HookMemory(Struct, frozen=True):
    """What is known of hooks that ran."""

    trusted: tuple[str, ...] = ()  # digests of what the person said yes to
    done: Mapping[str, tuple[str, str]] = {}  # tree and message that the hooks left, by all that went in
    made: Mapping[str, tuple[str, ...]] = {}  # what hooks made of an entry of a tree, by the entry


class HookedCommit(Struct, frozen=True):
    """What the hooks left of a commit."""

    tree: str
    message: bytes


class CommitHooks:
    """Runs the hooks of the commits of one landing. `close` it at the end."""

    def __init__(
        self,
        workspace: WorkspacePaths,
        *,
        say: Callable[[str], None],
        trusts: Callable[[str, HookStake], bool],
        runs: bool = True,
        skips: bool = False,
    ) -> None:
        """`say` gets lines for the person. `trusts` asks whether something may run. Without `runs`, only what is known
        of earlier runs counts (a dry run); with `skips`, no hook counts."""
        self._workspace = workspace
        self._say, self._asked, self._runs, self._skips = say, trusts, runs, skips
        self._memory = _read(workspace)
        self._repos: dict[str, HookRepo] = {}
        self._folder: Path | None = None  # that of the repos on this machine, once there is one
        self._opened = ExitStack()
        self._config: Config | None = None
        self.due: dict[str, tuple[str, ...]] = {}  # the hooks that a dry run did not run, by child

    @property
    def made(self) -> Mapping[str, tuple[str, ...]]:
        """What hooks made of entries of trees: a tree that has it holds what the task left."""
        return self._memory.made

    def applied(
        self, child: str, root: Path, look: RepoLook, parent: str | None, before: str, tree: str, message: bytes
    ) -> HookedCommit:
        """Run the hooks of one commit on top of `parent`, whose tree is `before`.

        Raises RequestRefused if one refuses it or may not run, and WorkspaceError when git fails.
        """
        files = () if self._skips else hook_files(root, look)
        if not files:
            return HookedCommit(tree, message)
        names = tuple(one.name for one in files)
        key = hex_digest(b"\0".join([digest_of(files).encode(), f"{parent} {tree}".encode(), message]))
        known = self._memory.done.get(key)
        if known is not None and has_tree(root, known[0]):
            return HookedCommit(known[0], known[1].encode("utf-8", "surrogateescape"))
        if not self._runs:
            self.due[child] = names
            return HookedCommit(tree, message)
        base = look.tree or empty_tree(root)
        for file in files:
            stake = stake_of(root, file, base, tree)
            if stake is not None and not self.trusts(child, stake):
                raise RequestRefused(
                    f"the {file.name} hook of {child} would run what a task may have written: {', '.join(stake.files)}",
                    "read it, then land with --trust-hooks, or with --no-verify to run no hook",
                )
        found = self._run(child, root, look, parent, HookedCommit(tree, message), names)
        self._remember(root, key, before, tree, found)
        return found

    def close(self) -> None:
        """Remove the repos in which hooks ran, and end what they left running. Raises OrchError."""
        self._repos.clear()
        self._folder = None
        self._opened.close()

    def trusts(self, child: str, stake: HookStake) -> bool:
        """Whether the person says yes to what a hook would run, or has; a dry run asks nobody."""
        if stake.digest in self._memory.trusted:
            return True
        if not self._runs or not self._asked(child, stake):
            return False
        self._keep(replace(self._memory, trusted=(*self._memory.trusted, stake.digest)[-REMEMBERED:]))
        return True

    def _run(
        self, child: str, root: Path, look: RepoLook, parent: str | None, commit: HookedCommit, names: Sequence[str]
    ) -> HookedCommit:
        with stopped_in_order():
            try:
                repo = self._repos.get(child) or self._open(child, root, look)
                repo.begin(commit.tree, parent, look.name)
                repo.message(commit.message)
                arguments = {"pre-commit": (), "prepare-commit-msg": ("", "message")}
                for name in names:
                    self._hook(child, name, repo.hook(name, *arguments.get(name, ("",))))
                message = repo.message()
                if message == b"\n":
                    raise RequestRefused(f"the hooks of {child} left no message for a commit", "see what they do")
                try:
                    return HookedCommit(repo.tree(commit.tree), message)
                except WorkspaceError as error:
                    raise RequestRefused(
                        f"the hooks of {child} left nothing that can be committed ({error.what})", "see what they do"
                    ) from error
            except BaseException:
                with suppress(OutOfReach):  # what is left there is cleared before hooks run there again
                    self.close()
                raise

    def _open(self, child: str, root: Path, look: RepoLook) -> HookRepo:
        self._config = config = self._config or load_guarded(self._workspace)
        if isinstance(root, PathThere):
            writable = writable_by([one for one in config.children if one.runner is not None], config)
            self._repos[child] = there = root.repo.hook_repo(writable, config.limits.verify_minutes * 60)
            self._opened.callback(there.close)
            return there
        assert look.hooks is not None, "hooks are in a folder"
        if self._folder is None:
            clear(self._workspace)
            refuse_writable(folder := folder_of(self._workspace), self._workspace, config)
            make_private(folder)
            self._folder = folder
            self._opened.callback(clear, self._workspace)
        self._repos[child] = made = LocalHookRepo(root, self._folder / child, look.hooks, self._as_person)
        return made

    def _hook(self, child: str, name: str, ran: HookRun) -> None:
        """Raise RequestRefused if a hook did not end with 0."""
        if ran.code == 0:
            return
        self._say(f"{child}: {name}")
        for line in clean(ran.printed).splitlines()[-SHOWN:]:
            self._say(f"  {shown(line.encode('utf-8', 'surrogateescape'))}")
        ended = "did not end in time" if ran.code is None else f"exited with {ran.code}"
        raise RequestRefused(
            f"the {name} hook of {child} {ended}, so nothing was landed",
            "have a task do what it asks for, or land with --no-verify to run no hook",
        )

    def _as_person(self, command: Sequence[str], folder: Path) -> HookRun:
        assert self._config is not None, "the config is read before a hook runs"
        printed = Output(PRINTED)
        code = run_marked(
            kept(command),
            cwd=folder,
            env={**without_repo(os.environ), "GIT_EDITOR": ":"},
            mark=self._workspace.mark(LANDING),
            seconds=self._config.limits.verify_minutes * 60,
            take=printed.add,
        )
        return HookRun(code, printed.text())

    def _remember(self, root: Path, key: str, before: str, tree: str, found: HookedCommit) -> None:
        done = {**self._memory.done, key: (found.tree, found.message.decode("utf-8", "surrogateescape"))}
        made = dict(self._memory.made)
        if found.tree != tree:
            theirs = entries_between(root, before, tree)
            for path, (old, new) in entries_between(root, tree, found.tree).items():
                if path in theirs:
                    entry = old.decode("ascii")
                    made[entry] = tuple(dict.fromkeys([*made.get(entry, ()), new.decode("ascii")]))
        self._keep(replace(self._memory, done=_newest(done), made=_newest(made)))

    def _keep(self, memory: HookMemory) -> None:
        """Write down what is known. If that fails, hooks run again, and the person is asked again."""
        self._memory = memory
        with suppress(OSError):
            make_inside(self._workspace.state)
            write_atomic(_record(self._workspace), msgspec.json.encode(memory).decode())


def _newest(found: dict[str, T]) -> dict[str, T]:
    return dict(list(found.items())[-REMEMBERED:])


def _record(workspace: WorkspacePaths) -> Path:
    return workspace.state / "hooks.json"


def _read(workspace: WorkspacePaths) -> HookMemory:
    try:
        return msgspec.json.decode(_record(workspace).read_bytes(), type=HookMemory)
    except (OSError, msgspec.MsgspecError):
        return HookMemory()
