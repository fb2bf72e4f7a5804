"""The work tree of a child on another machine: what git says there, and what its files are."""

from __future__ import annotations

import os
import shlex
import stat
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from supervisor.domain.change.diff import RunDiff
from supervisor.domain.child import Child
from supervisor.domain.task import ChangeList, Tree
from supervisor.errors import OrchError, WorkspaceError
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.changes import changes_of
from supervisor.shell.git.inside import STATUS
from supervisor.shell.git.keep.form import KeptTree
from supervisor.shell.git.run import SAFE, GitOutput
from supervisor.shell.git.tree import ENTRY_LIMIT, HASH_BUDGET, HASH_LIMIT, TreeNow, now_of, tree_of
from supervisor.shell.prefix.conversation import Conversation
from supervisor.wire.place.scripts import PlaceScripts, step

GIT_WITHIN = 30.0  # seconds for one command there
CHUNK = 500  # names that are sent in one command


def of_child(workspace: WorkspacePaths, child: Child) -> RemoteTree:
    """Return the work tree of a child behind a runner."""
    assert child.runner is not None, "it is elsewhere"
    return RemoteTree(ChildPlace(workspace, child.name, child.runner, child.path))


class RemoteTree:
    """A work tree elsewhere. Its states are compared, but not kept: nothing of it is taken back or landed by orch."""

    keeps = False

    def __init__(self, place: ChildPlace) -> None:
        self._place = place

    def read(self) -> TreeNow:
        with self._reader() as reader:
            return reader.now()

    def tree(self, now: TreeNow) -> Tree:
        return tree_of(now, inside=False)

    def changes(
        self, base: Tree, start: Tree | None = None, before: ChangeList | None = None
    ) -> tuple[tuple[str, ...], ChangeList, TreeNow]:
        with self._reader() as reader:
            now = reader.now()
            return *changes_of(Path(self._place.path), base, start, before, now), now

    def keep(self, now: TreeNow, title: str) -> KeptTree:
        raise WorkspaceError(f"{self._place.path} is at {self._place.runner.name}", "orch keeps no trees there")

    def diff(self, before: str, after: str, shared: Collection[str]) -> RunDiff:
        raise WorkspaceError(f"{self._place.path} is at {self._place.runner.name}", "orch compares no trees there")

    @contextmanager
    def _reader(self) -> Iterator[PrefixReader]:
        script = self._place.script()
        with self._place.converse(script) as talk:
            self._place.told(talk, script, script.here())
            yield PrefixReader(self._place, talk, script)


class PrefixReader:
    """Reads a work tree through a prefix, with few questions: the facts of all changed files are fetched at once."""

    def __init__(self, place: ChildPlace, talk: Conversation, script: PlaceScripts) -> None:
        self._place = place
        self._talk = talk
        self._script = script
        self._root = Path(place.path)
        self._stats: dict[bytes, tuple[int, int, int]] = {}  # by path: mode, size, time of change (s)
        self._hashes: dict[bytes, str] = {}

    def now(self) -> TreeNow:
        """Read the work tree. Raises OrchError."""
        at = time.time_ns()
        status = self.git(self._root, "status", *STATUS, "--no-ahead-behind")
        if status.code != 0 and not status.cut:
            raise WorkspaceError(f"git cannot read the state of {self._root} at {self._at}", "run `git status` there")
        now = now_of(self._root, status, at, self)
        self._fetch([one.file for one in now.dirty.values() if not one.state][:ENTRY_LIMIT])
        return now

    def token(self, file: bytes, budget: int) -> tuple[str, int]:
        found = self._stats.get(file)
        if found is None:
            return ("unreadable" if b"\n" in file else "missing"), 0
        mode, size, changed = found
        if stat.S_ISLNK(mode):
            return f"link {size} {changed}", 0
        if not stat.S_ISREG(mode):
            return ("folder" if stat.S_ISDIR(mode) else "special"), 0
        kind = "program" if mode & stat.S_IXUSR else "file"
        if size < HASH_LIMIT and size <= budget and file in self._hashes:
            return f"{kind} {self._hashes[file]}", size
        return f"{kind} {size} {changed}", 0

    def changed_at(self, file: bytes) -> int | None:
        found = self._stats.get(file)
        return found[2] * 10**9 if found is not None else None

    def exists(self, path: Path) -> bool:
        name = shlex.quote(str(path))
        return self._run(f"[ -e {name} ] || [ -L {name} ]").code == 0

    def git(self, root: Path, *args: str) -> GitOutput:
        environ = "GIT_TERMINAL_PROMPT=0 GIT_NO_LAZY_FETCH=1 GIT_ALLOW_PROTOCOL=none"
        return self._run(f"{environ} {shlex.join(['git', *SAFE, '-C', str(root), *args])} < /dev/null")

    @property
    def _at(self) -> str:
        return self._place.runner.name

    def _fetch(self, files: Sequence[bytes]) -> None:
        """Fetch mode, size and time of these files, and the digests of those that are small."""
        plain = [one for one in files if b"\n" not in one]
        for part in _parts(plain):
            names = b" ".join(_quoted(one) for one in part)
            out = self._run(b"stat -c '%f %s %Z %n' -- " + names + b" 2> /dev/null").out
            for line in out.split(b"\n"):
                fields = line.split(b" ", 3)
                if len(fields) == 4 and fields[1].isdigit() and fields[2].isdigit():
                    self._stats[fields[3]] = (int(fields[0], 16), int(fields[1]), int(fields[2]))
        small, left = [], HASH_BUDGET
        for one in plain:
            mode, size, _ = self._stats.get(one, (0, 0, 0))
            if stat.S_ISREG(mode) and size < HASH_LIMIT and size <= left:
                small.append(one)
                left -= size
        for part in _parts(small):
            names = b" ".join(_quoted(one) for one in part)
            answer = self._run(b"git hash-object --no-filters -- " + names + b" 2> /dev/null")
            ids = answer.out.split()
            if answer.code == 0 and len(ids) == len(part):
                self._hashes.update(zip(part, (one.decode("ascii", "replace") for one in ids), strict=True))

    def _run(self, command: str | bytes) -> GitOutput:
        """Run one command there. Raises OrchError if it gives no answer."""
        text = os.fsdecode(command) if isinstance(command, bytes) else command
        answer = self._talk.tell(step(self._script.tag, text), GIT_WITHIN)
        code = answer.last.removeprefix(f"{self._script.tag} ").strip()
        if answer.cut:
            raise WorkspaceError(
                f"git prints too much in {self._root} at {self._at}", "add build products to .gitignore"
            )
        if not answer.last or not code.isdecimal():
            raise self._lost()
        return GitOutput(int(code), answer.out, "", cut=False)

    def _lost(self) -> OrchError:
        try:
            self._place.told(self._talk, self._script, "", 0.0)
        except OrchError as error:
            return error
        return WorkspaceError(f"{self._at} gives no answer", "orch tries again")


def _parts(files: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for at in range(0, len(files), CHUNK):
        yield files[at : at + CHUNK]


def _quoted(name: bytes) -> bytes:
    return b"'" + name.replace(b"'", b"'\\''") + b"'"
