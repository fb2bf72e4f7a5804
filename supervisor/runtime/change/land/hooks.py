"""The hooks of the commits that a landing makes: they run as the person's own, in a repo that is thrown away.

If a task may have written what a hook runs, the person sees what is new in it and says yes, once for these bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.guard.standing import LANDING
from supervisor.domain.repo.pathname import shown
from supervisor.errors import RequestRefused
from supervisor.runtime.change.land.place import clear, folder_of, refuse_writable, stopped_in_order
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
from supervisor.shell.git.land.hooks import HookRepo, HookStake, digest_of, has_tree, hook_at, hooks_in, stake_of
from supervisor.shell.git.land.look import RepoLook
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
        names = hooks_in(look.hooks)
        if not names or self._skips:
            return HookedCommit(tree, message)
        assert look.hooks is not None, "hooks are in a folder"
        key = hex_digest(b"\0".join([digest_of(look.hooks, names).encode(), f"{parent} {tree}".encode(), message]))
        known = self._memory.done.get(key)
        if known is not None and has_tree(root, known[0]):
            return HookedCommit(known[0], known[1].encode("utf-8", "surrogateescape"))
        if not self._runs:
            self.due[child] = names
            return HookedCommit(tree, message)
        base = look.tree or empty_tree(root)
        for name in names:
            stake = stake_of(root, hook_at(root, look.hooks / name), base, tree)
            if stake is not None and not self.trusts(child, stake):
                raise RequestRefused(
                    f"the {name} hook of {child} would run what a task may have written: {', '.join(stake.files)}",
                    "read it, then land with --trust-hooks, or with --no-verify to run no hook",
                )
        found = self._run(child, root, look, parent, HookedCommit(tree, message), names)
        self._remember(root, key, before, tree, found)
        return found

    def close(self) -> None:
        """Remove the repos in which hooks ran, and end what they left running. Raises RequestRefused."""
        if self._repos:
            clear(self._workspace)
            self._repos.clear()

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
        assert look.hooks is not None, "hooks are in a folder"
        with stopped_in_order():
            try:
                repo = self._repos.get(child) or self._opened(child, root, look.hooks)
                repo.begin(commit.tree, parent, look.name)
                repo.message(commit.message)
                arguments = {"prepare-commit-msg": (str(repo.message_file), "message")}
                for name in names:
                    words = () if name == "pre-commit" else arguments.get(name, (str(repo.message_file),))
                    self._hook(child, repo, name, words)
                message = repo.message()
                if message == b"\n":
                    raise RequestRefused(f"the hooks of {child} left no message for a commit", "see what they do")
                return HookedCommit(repo.tree(commit.tree), message)
            except BaseException:
                self.close()
                raise

    def _opened(self, child: str, root: Path, hooks: Path) -> HookRepo:
        folder = folder_of(self._workspace)
        if not self._repos:
            clear(self._workspace)
            self._config = load_guarded(self._workspace)
            refuse_writable(folder, self._workspace, self._config)
            make_private(folder)
        self._repos[child] = made = HookRepo(root, folder / child, hooks, self._as_person)
        return made

    def _hook(self, child: str, repo: HookRepo, name: str, words: Sequence[str]) -> None:
        """Run a hook. Raises RequestRefused if it does not end with 0."""
        self._printed = Output(PRINTED)
        code = repo.hook(name, *words)
        if code == 0:
            return
        self._say(f"{child}: {name}")
        for line in clean(self._printed.text()).splitlines()[-SHOWN:]:
            self._say(f"  {shown(line.encode('utf-8', 'surrogateescape'))}")
        ended = "did not end in time" if code is None else f"exited with {code}"
        raise RequestRefused(
            f"the {name} hook of {child} {ended}, so nothing was landed",
            "have a task do what it asks for, or land with --no-verify to run no hook",
        )

    def _as_person(self, command: Sequence[str], folder: Path) -> int | None:
        assert self._config is not None, "the config is read before a hook runs"
        return run_marked(
            kept(command),
            cwd=folder,
            env={**without_repo(os.environ), "GIT_EDITOR": ":"},
            mark=self._workspace.mark(LANDING),
            seconds=self._config.limits.verify_minutes * 60,
            take=self._printed.add,
        )

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
