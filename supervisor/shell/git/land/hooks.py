"""Run the hooks of a commit as `git commit` would, in a repo that is thrown away, and see what of them is new."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.sha256 import hex_digest
from supervisor.shell.git.config import read_git
from supervisor.shell.git.land.build import READ_LIMIT, entries_between
from supervisor.shell.git.land.checkout import fill, make_apart
from supervisor.shell.git.land.look import HOOKS, RepoLook
from supervisor.shell.git.reach.hooks import HookRun, cleaned
from supervisor.shell.git.reach.sources import Source
from supervisor.shell.git.reach.there import PathThere, raw_root
from supervisor.shell.git.run import failed, installed_git, run_git

PACK_LIMIT = 256 << 20
"""Bytes of new objects that a hook may add to a commit."""

_STEERED = {
    b"package.json": rb"\b(?:npm|npx|yarn|pnpm|bun)\b",
    b"Makefile": rb"\bg?make\b",
    b".pre-commit-config.yaml": rb"\bpre-commit\b|\bpre_commit\b",
    b"lefthook.yml": rb"\blefthook\b",
    b"justfile": rb"\bjust\b",
    b"tox.ini": rb"\btox\b",
    b"noxfile.py": rb"\bnox\b",
}
"""Files that say what a program does which a hook may start, without being named in it."""

Run = Callable[[Sequence[str], Path], HookRun]
"""Runs a program in a folder as the person's own."""


class HookStake(Struct, frozen=True):
    """What a hook runs that a task may have written."""

    hook: str
    files: tuple[str, ...]
    digest: str  # of the hook, and of these files
    diff: str  # what is new in them


def hook_files(root: Path, look: RepoLook) -> tuple[HookFile, ...]:
    """Return the hooks of a commit that a repo has, in the order in which git runs them. Raises OrchError."""
    if isinstance(root, PathThere):
        return tuple(hook_there(root, name) for name in look.hooks_there)
    if look.hooks is None:
        return ()
    found = (look.hooks / name for name in HOOKS)
    return tuple(hook_at(root, hook) for hook in found if os.path.isfile(hook) and os.access(hook, os.X_OK))


def digest_of(hooks: Sequence[HookFile]) -> str:
    """Return a digest of hooks: of where they are, and of their bytes."""
    parts = [part for one in hooks for part in (one.written, one.text)]
    return hex_digest(b"".join(b"%d %s" % (len(part), part) for part in parts))


def hook_at(root: Path, hook: Path) -> HookFile:
    """Look at a hook of a repo on this machine. Raises WorkspaceError."""
    tops = Path(os.path.realpath(root)), Path(os.path.realpath(hook))
    return HookFile(hook.name, os.fsencode(hook), *tops, _bytes(hook))


def hook_there(root: PathThere, name: str) -> HookFile:
    """Look at a hook of a repo on another machine. Raises OrchError."""
    real, text = root.repo.moves().hook(name, READ_LIMIT)
    return HookFile(name, real, Path(os.fsdecode(raw_root(root))), Path(os.fsdecode(real)), text)


def stake_of(root: Path, hook: HookFile, before: str, after: str) -> HookStake | None:
    """Return what of a hook was changed between two trees, or is changed in the work tree; None if nothing is.

    That is the hook itself, what is in its folder if that is in the work tree, and the files that its text names.
    Raises OrchError.
    """
    top, real, text = hook.top, hook.real, hook.text
    folder = b""
    if real.is_relative_to(top) and real.relative_to(top).parts[:1] != (".git",):
        above = real.relative_to(top).parent
        if above.name == "_":  # husky: what is there runs the file of the same name above
            above = above.parent
        folder = os.fsencode(above) + b"/" if above.parts else os.fsencode(real.name)
    landed = entries_between(root, before, after)
    listed = read_git(root, "ls-files", "-z", "--modified", "--others", "--exclude-standard")
    if listed.code != 0 or listed.cut:
        raise failed(root, f"look at the {hook.name} hook", listed)
    dirty = [path for path in listed.out.split(b"\0") if path]
    changed = [
        path
        for path in dict.fromkeys([*landed, *dirty])
        if (folder and path.startswith(folder)) or _is_named(path, text)
    ]
    if not changed:
        return None
    on_disk = [path for path in changed if path not in landed]
    if isinstance(root, PathThere):
        kept = root.repo.sources().contents([(Source(path, ""), READ_LIMIT) for path in on_disk])
    else:
        kept = {path: _file(top, path) for path in on_disk}
    parts, rows = [hook.written, text], list[str]()
    for path in changed:
        old, new = _blob(root, before, path), _blob(root, after, path) if path in landed else kept.get(path, b"")
        parts += [path, new]
        rows += _diff(path, old, new)
    digest = hex_digest(b"".join(b"%d %s" % (len(part), part) for part in parts))
    return HookStake(hook.name, tuple(map(shown, changed)), digest, "\n".join(rows))


class HookFile(NamedTuple):
    """A hook, and the work tree of its repo, as they are named on their machine."""

    name: str
    written: bytes  # where git finds it
    top: Path
    real: Path  # where it really is
    text: bytes


class LocalHookRepo:
    """A repo on this machine in which hooks run (`shell.git.reach.hooks`)."""

    def __init__(self, root: Path, folder: Path, hooks: Path, run: Run) -> None:
        self._root, self._folder, self._hooks, self._run = root, folder, hooks, run
        self._message = folder / ".git" / "COMMIT_EDITMSG"
        make_apart(root, folder)

    def begin(self, tree: str, parent: str | None, branch: str) -> None:
        fill(self._root, self._folder, tree)
        ref = f"refs/heads/{branch or 'none'}"
        words = [["symbolic-ref", "HEAD", ref]]
        if parent is not None:
            words += [["update-ref", ref, parent]] if branch else [["update-ref", "--no-deref", "HEAD", parent]]
        for one in words:
            answer = run_git(self._folder, *one)
            if answer.code != 0:
                raise failed(self._folder, "prepare the hooks", answer)

    def hook(self, name: str, *arguments: str) -> HookRun:
        command = [installed_git()[1], "-c", f"core.hooksPath={self._hooks}", "hook", "run", "--ignore-missing", name]
        return self._run([*command, "--", *(one or str(self._message) for one in arguments)], self._folder)

    def message(self, message: bytes | None = None) -> bytes:
        if message is not None:
            self._message.write_bytes(message)
        return cleaned(_bytes(self._message))

    def tree(self, before: str) -> str:
        written = run_git(self._folder, "write-tree")
        if written.code != 0:
            raise failed(self._folder, "read what the hooks left", written)
        tree = written.out.decode("ascii").strip()
        if tree == before:
            return tree
        objects = f"{tree}\n^{before}\n".encode()
        pack = run_git(self._folder, "pack-objects", "--revs", "--stdout", "-q", stdin=objects, limit=PACK_LIMIT)
        if pack.code != 0 or pack.cut:
            raise failed(self._folder, "read what the hooks added", pack)
        taken = read_git(self._root, "unpack-objects", "-q", stdin=pack.out, settings=("core.fsync=loose-object,pack",))
        if taken.code != 0:
            raise failed(self._root, "take what the hooks added", taken)
        return tree


def has_tree(root: Path, tree: str) -> bool:
    """Whether the repo still has a tree."""
    return read_git(root, "cat-file", "-e", f"{tree}^{{tree}}").code == 0


def _is_named(path: bytes, text: bytes) -> bool:
    """Whether a text names a file, by its path or its last part, or by a program that the file steers."""
    name = path.rpartition(b"/")[2]
    if name in _STEERED and re.search(_STEERED[name], text):
        return True
    return re.search(rb"(?<![\w-])(?<!\w\.)" + re.escape(name) + rb"(?![\w-]|\.\w)", text) is not None


def _diff(path: bytes, old: bytes, new: bytes) -> Iterator[str]:
    name = shown(path)
    if b"\0" in old or b"\0" in new:
        yield f"{name}: binary"
        return
    before, after = (side.decode("utf-8", "replace").splitlines() for side in (old, new))
    yield from unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm="")


def _blob(root: Path, tree: str, path: bytes) -> bytes:
    answer = read_git(root, "cat-file", "blob", f"{tree}:{os.fsdecode(path)}", limit=READ_LIMIT)
    return answer.out if answer.code == 0 or answer.cut else b""


def _file(top: Path, path: bytes) -> bytes:
    return _bytes(Path(os.fsdecode(os.fsencode(top) + b"/" + path)))


def _bytes(file: Path) -> bytes:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise WorkspaceError(f"{file} cannot be read ({error.strerror})", "see its permissions") from error
    with os.fdopen(descriptor, "rb") as opened:
        return opened.read(READ_LIMIT)
