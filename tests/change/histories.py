"""Random histories of runs, human edits, undo, redo and restore over real repos, and what must be in the files then.

Every run and the human write lines of their own into shared files, so the right content is known whatever is taken
back.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

from supervisor.core.change import taking_back
from supervisor.core.change.operations import operations
from supervisor.domain.change.operation import Operation, OperationKind, OperationState
from supervisor.domain.event import TreeKept
from supervisor.runtime.change.journal import opened, read_journal
from supervisor.runtime.change.recovery import recover_all
from supervisor.runtime.change.taking_back import carry_out, planned
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.tree import read_now

SLOTS = 40  # places in a shared file, far enough apart that git merges them
GAP = 6  # lines between two
SHARED = ("plain.txt", "dos.txt", "sub folder/wîth spaces.txt", "exact.bin")
ATTRIBUTES = "dos.txt text eol=crlf\n*.dos text eol=crlf\nexact.bin ident\n*.id ident\n*.lossy filter=lossy\n"
FILTER = "filter.lossy.clean", "grep -v ^out"
ENDINGS = ("", ".sh", ".link", ".secret", ".dos")
"""Of the names of files that runs make: what kind of file it is."""

ODD = {
    "key.private": ("600", b"only for its owner\n"),
    "read only": ("444", b"for all\n"),
    "of the group.sh": ("2755", b"true\n"),
    "unix.dos": ("644", b"one\ntwo\n"),
    "mixed.dos": ("640", b"one\r\ntwo\n"),
    "marked.id": ("644", b"$Id$ and\n$Id: another one $\n"),
    "book.lossy": ("664", b"one\nout: 7\ntwo\n"),
}
"""Files that git calls clean, though it records neither their permissions nor all their bytes. One run changes each."""

ACTS = 12  # of a history that `play_histories` plays

AT = datetime(2030, 1, 1, tzinfo=UTC)

Tree = dict[str, tuple[str, bytes]]
"""What is in a work tree: kind with permissions, and content, by path."""


class History:
    """One history over some repos. `play` yields what is wrong."""

    def __init__(self, seed: int, folder: Path, environ: dict[str, str], *, kills: bool = False) -> None:
        self.dice = Random(seed)
        self.kills = kills  # half of what changes files is killed on the way
        self.environ = environ
        self.workspace = WorkspacePaths(folder / "workspace")
        self.workspace.root.mkdir()
        names = [f"repo{number}" for number in range(self.dice.randint(1, 3))]
        self.roots = {name: folder / name for name in names}
        self.kept: dict[str, KeptTrees] = {}
        self.events: list[TreeKept] = []
        self.runs: dict[str, list[tuple[str, str, int]]] = {}  # by run: (repo, what it wrote, slot)
        self.human: dict[str, dict[str, dict[int, str]]] = {name: {} for name in names}
        self.odd: dict[str, dict[str, tuple[str, tuple[str, bytes] | None]]] = {name: {} for name in names}
        self.mine: dict[str, dict[str, bytes]] = {name: {} for name in names}  # whole files of the human
        self.played = 0
        self.slot = 0
        self.moment = AT
        for name, root in self.roots.items():
            self._create(name, root)

    def _git(self, root: Path, *words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=root, env=self.environ, check=True, capture_output=True).stdout

    def _create(self, name: str, root: Path) -> None:
        root.mkdir()
        self._git(root, "init", "-q")
        (root / ".gitattributes").write_text(ATTRIBUTES, encoding="utf-8")
        (root / ".gitignore").write_text("*.ignored\n", encoding="utf-8")
        for path in SHARED:
            self._write(root, path, self._content(name, path, frozenset()))
        for path, (mode, content) in ODD.items():
            self._write(root, path, content)
            (root / path).chmod(int(mode, 8))
        self._git(root, "config", "--global", *FILTER)
        self._git(root, "add", "-A")
        self._git(root, "commit", "-qm", "begin")
        self.kept[name] = KeptTrees(root, ref_of(self.workspace.id, name))

    def play(self, steps: int) -> Iterator[str]:
        """Play so many steps. Yields a sentence for each thing that is wrong, and ends with the first."""
        for _ in range(steps):
            number, self.played = self.played, self.played + 1  # so that no two runs have one name
            act = self.dice.choice(
                (self._run, self._run, self._edit, self._undo, self._undo, self._redo, self._restore)
            )
            before = {name: self._index(root) for name, root in self.roots.items()}
            act(number)
            for name, root in self.roots.items():
                if self._index(root) != before[name]:
                    yield f"step {number} ({act.__name__}): the index, HEAD or a branch of {name} is another"
            wrong = [*self._wrong(f"step {number} ({act.__name__})")]
            yield from wrong
            if wrong:
                return

    def _wrong(self, what: str) -> Iterator[str]:
        """Yield in which repos the files are not as they have to be by now."""
        for name, root in self.roots.items():
            found, expected = self._found(root), self._expected(name)
            if wrong := sorted(path for path in {*found, *expected} if found.get(path) != expected.get(path)):
                first = wrong[0]
                yield (
                    f"{what} in {name}: {', '.join(wrong)}: "
                    f"{found.get(first)!r:.300} in place of {expected.get(first)!r:.300}"
                )

    def without_room(self, size: int) -> Iterator[str]:
        """Undo the latest run while no file can get larger than `size`, then go on with room. Yields what is wrong."""
        self._run(999)
        change = taking_back.undo(self._operations())
        assert change is not None, "a run has changed something"
        limited(size, lambda: self._write_out(change))
        with opened(self.workspace.operations) as journal:
            yield from (one.why for one in recover_all(journal, self.workspace, self.roots) if one.pending)
        yield from self._wrong(f"undo with files of {size} bytes")

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    def _run(self, number: int) -> None:
        """A task works in one repo, or in several."""
        run = f"T{number}@1"
        wrote = self.runs[run] = []
        for name in self.dice.sample(sorted(self.roots), self.dice.randint(1, len(self.roots))):
            root = self.roots[name]
            self._keep(name, run, after=False)
            for path in self.dice.sample(SHARED, self.dice.randint(0, 2)):
                self.slot += 1
                wrote.append((name, path, self.slot % SLOTS if self.slot < SLOTS else -1))
            if self.dice.random() < 0.6:
                wrote.append((name, f"new/{run.partition('@')[0]}{self.dice.choice(ENDINGS)}", -1))
            for one, path, _ in wrote:
                if one == name:
                    self._write_expected(name, root, path)
            if left := sorted(ODD.keys() - self.odd[name].keys()):
                self._change_odd(name, run, self.dice.choice(left))
            self._keep(name, run, after=True)

    def _change_odd(self, name: str, run: str, path: str) -> None:
        """A run deletes a file, changes its permissions only, or its line ends."""
        mode, content = ODD[path]
        changed = self.dice.choice((None, ("604", content), (mode, content.replace(b"\r\n", b"\n") + b"out: 8\r\n")))
        self.odd[name][path] = (run, changed)
        file = self.roots[name] / path
        if changed is None:
            file.unlink()
        else:
            file.write_bytes(changed[1])
            file.chmod(int(changed[0], 8))

    def _edit(self, number: int) -> None:
        """The human edits a shared file, or writes one of their own: a new one, or one that git ignores."""
        name = self.dice.choice(sorted(self.roots))
        root = self.roots[name]
        if self.dice.random() < 0.5 and self.slot + 1 < SLOTS:
            self.slot += 1
            path = self.dice.choice(SHARED)
            self.human[name].setdefault(path, {})[self.slot] = f"the human's {number}"
            self._write_expected(name, root, path)
        else:
            path = f"{self.dice.choice(('mine', 'new/mine'))}{number}{self.dice.choice(('.txt', '.ignored'))}"
            self.mine[name][path] = f"the human's {number}\r\nmixed\n".encode()
            self._write(root, path, self.mine[name][path])

    def _undo(self, number: int) -> None:
        found = self._operations()
        names = [one.id for one in found if one.state is OperationState.DONE and one.kind is OperationKind.RUN]
        name = self.dice.choice([None, *names])
        self._carry_out(taking_back.undo(found, name))

    def _redo(self, number: int) -> None:
        self._carry_out(taking_back.redo(self._operations()))

    def _restore(self, number: int) -> None:
        found = self._operations()
        if found:
            self._carry_out(taking_back.restore(found, self.dice.choice(found).id))

    def _carry_out(self, change: taking_back.Reversal | None) -> None:
        if change is None or not change.steps:
            return
        if self.kills and self.dice.random() < 0.5:
            began = self.workspace.operations if self.dice.random() < 0.7 else None
            killed(began, self.dice.uniform(0.0, 0.05), lambda: self._write_out(change))
            with opened(self.workspace.operations) as journal:
                pending = [one for one in recover_all(journal, self.workspace, self.roots) if one.pending]
            assert not pending, pending
            return
        self._write_out(change)

    def _write_out(self, change: taking_back.Reversal) -> None:
        with opened(self.workspace.operations) as journal:
            rewrites = planned(self.workspace, self.roots, change.steps)
            refused = [why for one in rewrites for why in one.refused]
            assert not refused, f"{change.kind}: {refused}"
            carry_out(journal, self.workspace, change, rewrites)

    # ── what is known ────────────────────────────────────────────────────────────────────────────

    def _keep(self, name: str, run: str, *, after: bool) -> None:
        self.moment += timedelta(seconds=1)
        trees = self.kept[name]  # as a supervisor does, or as a command that looks for the first time
        kept = trees.keep(trees.read() if self.dice.random() < 0.8 else read_now(self.roots[name]), f"{run} {after}")
        assert not kept.left_out, kept.left_out
        task, _, number = run.partition("@")
        self.events.append(TreeKept(self.moment, name, task, int(number), kept.commit, after))

    def _operations(self) -> tuple[Operation, ...]:
        return operations(self.events, read_journal(self.workspace.operations))

    def _in_force(self) -> frozenset[str]:
        return frozenset(
            one.id
            for one in self._operations()
            if one.kind is OperationKind.RUN and one.state is not OperationState.UNDONE
        )

    def _lines(self, name: str, path: str, runs: frozenset[str]) -> list[str]:
        lines = [f"line {number}" for number in range(SLOTS * GAP)]
        for run in sorted(runs):
            for one, shared, slot in self.runs.get(run, ()):
                if (one, shared) == (name, path) and slot >= 0:
                    lines[slot * GAP] = f"by {run}"
        for slot, text in self.human[name].get(path, {}).items():
            lines[slot * GAP] = text
        return lines

    def _content(self, name: str, path: str, runs: frozenset[str]) -> bytes:
        end = "\r\n" if path in ("dos.txt",) else "\n"
        return "".join(line + end for line in self._lines(name, path, runs)).encode()

    def _expected(self, name: str) -> Tree:
        in_force = self._in_force()
        found: Tree = {
            ".gitattributes": ("644", ATTRIBUTES.encode()),
            ".gitignore": ("644", b"*.ignored\n"),
        }
        for path in SHARED:
            found[path] = ("644", self._content(name, path, in_force))
        for path, was in ODD.items():
            run, changed = self.odd[name].get(path, ("", None))
            if (now := changed if run in in_force else was) is not None:
                found[path] = now
        for run in in_force:
            for one, path, _ in self.runs[run]:
                if one == name and path.startswith("new/"):
                    found[path] = _new_file(path)
        for path, content in self.mine[name].items():
            found[path] = ("644", content)
        return found

    # ── the files ────────────────────────────────────────────────────────────────────────────────

    def _write_expected(self, name: str, root: Path, path: str) -> None:
        kind, content = self._expected(name)[path]
        if kind == "link":
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(os.fsdecode(content))
            return
        self._write(root, path, content)
        (root / path).chmod(int(kind, 8))

    def _write(self, root: Path, path: str, content: bytes) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)

    def _found(self, root: Path) -> Tree:
        found: Tree = {}
        for folder, folders, files in os.walk(root):
            if ".git" in folders:
                folders.remove(".git")
            if not folders and not files and Path(folder) != root:
                found[str(Path(folder).relative_to(root))] = ("an empty folder", b"")
            for file in (Path(folder) / one for one in files):
                path = str(file.relative_to(root))
                if file.is_symlink():
                    found[path] = ("link", os.fsencode(os.readlink(file)))
                else:
                    found[path] = (f"{stat.S_IMODE(file.stat().st_mode):o}", file.read_bytes())
        return found

    def _index(self, root: Path) -> dict[str, bytes]:
        """What is the human's in `.git`, byte for byte: index, HEAD, branches, and stash."""
        of_refs = (file for name in ("refs/heads", "logs") for file in (root / ".git" / name).rglob("*"))
        of_git = (root / ".git" / name for name in ("index", "HEAD", "ORIG_HEAD", "refs/stash", "config"))
        return {str(file): file.read_bytes() for file in (*of_git, *of_refs) if file.is_file()}


class Played(NamedTuple):
    """What became of a history."""

    seed: int
    acts: int
    wrong: tuple[str, ...]


def play_histories(job: tuple[range, float]) -> list[Played]:
    """Play histories of 12 acts, those of odd seeds with kills, until a moment of the monotonic clock."""
    seeds, until = job
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # nothing here loses power
    told = []
    for seed in seeds:
        if time.monotonic() >= until:
            break
        with tempfile.TemporaryDirectory(prefix="orch-histories-", dir=memory) as folder:
            home = Path(folder) / "home"
            home.mkdir()
            os.environ |= {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "XDG_STATE_HOME": str(home)}
            try:
                wrong = tuple(History(seed, Path(folder), identity(), kills=seed % 2 == 1).play(ACTS))
            except Exception as error:  # the seed tells how to see it again
                wrong = (f"{type(error).__name__}: {error}",)
            told.append(Played(seed, ACTS, wrong))
    return told


def killed(journal: Path | None, seconds: float, act: Callable[[], None]) -> None:
    """Do something in a process of its own, and kill that: so many seconds after it wrote into the journal, or at once.
    What it started may end; that is waited for, by a process between, so that no other one of ours is."""
    keeper = os.fork()
    if keeper == 0:
        with suppress(BaseException):
            ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
            _kill(journal, seconds, act)
        os._exit(0)
    os.waitpid(keeper, 0)


def _kill(journal: Path | None, seconds: float, act: Callable[[], None]) -> None:
    before = journal.stat().st_size if journal is not None and journal.exists() else 0
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            act()
        os._exit(0)
    while journal is not None and not (journal.exists() and journal.stat().st_size > before):
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def limited(size: int, act: Callable[[], None]) -> None:
    """Do something in a process of its own, in which no file can get larger than `size`."""
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            act()
        os._exit(0)
    os.waitpid(pid, 0)


_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: what it started becomes ours


def identity() -> dict[str, str]:
    """The environment for git: that of this process, with somebody who commits."""
    who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
    return {**os.environ, **who, "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}


def _new_file(path: str) -> tuple[str, bytes]:
    """The file that a run makes at a path of its own. Git records other bytes of one with mixed line ends (`.dos`)."""
    if path.endswith(".link"):
        return "link", b"../plain.txt"
    if path.endswith(".secret"):
        return "600", b"only for its owner\n"
    return ("755" if path.endswith(".sh") else "644"), f"{path}\r\nwith mixed\nline ends\n".encode()
