"""One story: a landing over 2 to 8 repos is killed, with none, some or all of its gits, and is recovered."""

from __future__ import annotations

import ctypes
import importlib
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import NamedTuple

from supervisor.cli.main import run
from supervisor.domain.change.entry import Entry, LandingDecided, OperationEnded
from supervisor.runtime.change.journal import read_journal
from supervisor.shell.git import run as git_run
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.land import batch
from tests.gitrepo import git
from tests.landscape import Landscape

REPOS = 8
CALLS = 12  # of git for one repo, roughly: where a story may stop
BRANCH = "orch/move-the-fleet"
HERE = 0.3  # of the stories move the branches that are checked out
OF_USER = ("HEAD", "index", "refs/heads/main", "logs/HEAD", "logs/refs/heads/main")
RECOVERY = 1.0  # seconds of the processor, which do not depend on what else runs
STUCK = 20.0  # seconds in all
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: what a killed landing leaves becomes ours, so that we can end it

WRAPPER = """#!/bin/sh
read -r refs < "$STOP_COUNT"
refs=$((refs + 1))
echo "$refs" > "$STOP_COUNT"
number=0
while read -r line; do
    number=$((number + 1))
    if [ "$number.$refs" = "$STOP_LINE" ]; then kill -STOP "$STOP_PID"; fi
    echo "$line"
done | {real} "$@"
"""
"""What stands between a landing and the gits that hold locks, if it is to be stopped at a line that one is sent."""


class _Stopping:
    """Stops this process once it has started so many gits; the last one runs on. With a `line`, at that line."""

    def __init__(self, runner: type, real: str, at: int | None, line: str, count: Path, wrapper: Path) -> None:
        self._left, self._lock = at, threading.Lock()
        stopping = self

        class Runner(runner):  # type: ignore[misc]
            def execute(self, *words: object, **options: object) -> object:
                process = super().execute(*words, **options)
                stopping.counted()
                return process

        git_run.installed_git = lambda: (Runner, real)
        batch.safe_command = self._holding if not line else self._watched
        self._wrapper = wrapper
        os.environ |= {"STOP_COUNT": str(count), "STOP_LINE": line, "STOP_PID": str(os.getpid())}

    def counted(self) -> None:
        """A git was started."""
        with self._lock:
            self._left = None if self._left is None else self._left - 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGSTOP)

    def _holding(self, path: Path, settings: tuple[str, ...] = ()) -> tuple[list[str], dict[str, str]]:
        self.counted()
        return git_run.safe_command(path, settings)

    def _watched(self, path: Path, settings: tuple[str, ...] = ()) -> tuple[list[str], dict[str, str]]:
        words, environ = git_run.safe_command(path, settings)
        return [str(self._wrapper), *words[1:]], environ


class Outcome(NamedTuple):
    """What became of a story."""

    story: int
    killed: bool
    landed: bool
    carried_on: bool  # it was killed once it was decided
    seconds: float  # of the processor that the recovery took
    wrong: tuple[str, ...]


class Bench:
    """Eight repos in which a task has run each. A story lands some of them."""

    def __init__(self, folder: Path) -> None:
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        os.environ |= {"HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1"}
        os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "XDG_RUNTIME_DIR": str(folder)}
        self.scape = Landscape(folder / "scape", *(f"r{number}" for number in range(REPOS)))
        for name in self.scape.repos:
            self.scape.ran(f"T-{name}", {name: {"new.txt": f"{name}\n", "lines": "changed\n"}})
        self.tasks = list(self.scape.tasks)
        self.start = {name: git(repo, "rev-parse", "HEAD") for name, repo in self.scape.repos.items()}
        self.pristine = {
            name: {file: (repo / ".git" / file).read_bytes() for file in OF_USER}
            for name, repo in self.scape.repos.items()
        }
        self.count = folder / "count"
        self.runner, self.real = git_run.installed_git()
        self.wrapper = folder / "watched-git"
        self.wrapper.write_text(WRAPPER.replace("{real}", self.real), encoding="utf-8")
        self.wrapper.chmod(0o755)
        self.length = 0.05 * REPOS  # seconds that a landing takes, as far as is known
        self._load(folder / "loaded")

    def play(self, seed: int, story: int) -> Outcome:
        """Play a story: it is the same for the same seed, but for the moment of a stop by time, and for
        the order in which gits of several repos are started."""
        dice = random.Random(f"{seed}.{story}")
        names = dice.sample(sorted(self.scape.repos), dice.randint(2, REPOS))
        here = dice.random() < HERE
        branch = "main" if here else BRANCH
        self._reset(names)
        foreign = self._foreign(dice, names) if dice.random() < 0.3 else {}
        before = self._of_user(names)
        killed = self._land_and_kill(dice, len(names), here=here)
        decided = any(isinstance(one, LandingDecided) for one in self._entries())
        foreign |= self._foreign_on_branch(dice, names, branch)
        began = time.monotonic()
        seconds = self._orch("land", "--continue")
        wall = time.monotonic() - began
        wrong = [f"{path} was removed" for path, inode in foreign.items() if _inode(path) != inode]
        for path in foreign:
            path.unlink(missing_ok=True)
        if foreign:
            self._orch("land", "--continue")  # what a foreign lock was in the way of
        there = [name for name in names if self._moved(name, branch)]
        if there and there != names:
            wrong.append(f"half-landed: only in {', '.join(there)} of {len(names)}")
        if bool(there) != decided:
            wrong.append(f"decided: {decided}, landed in {len(there)}")
        told = " ".join(one.why for one in self._entries() if isinstance(one, OperationEnded))
        for path in (path for name in names for path in (self.scape.repos[name] / ".git").rglob("*.lock")):
            # A git that was killed before it wrote the id into its lock: nobody can tell whose it is, so it is named.
            if path.stat().st_size or str(path) not in told or there:
                wrong.append(f"{path} is left")
            path.unlink()
        if here and there:
            wrong += [f"{name}: the index did not follow" for name in names if not self._clean(name)]
        elif self._of_user(names) != before:
            wrong.append("something of the person's was changed")
        if seconds > RECOVERY or wall > STUCK:
            wrong.append(f"the recovery took {seconds:.2f} s of the processor, {wall:.2f} s in all")
        return Outcome(story, killed, bool(there), killed and decided, seconds, tuple(wrong))

    def _load(self, told: Path) -> None:
        """Load what a landing loads, once for all stories: nothing of it is left but the modules."""
        pid = os.fork()
        if pid == 0:
            self._call("land", "--dry-run")
            self._call("land", "--continue")
            told.write_text("\n".join(sys.modules), encoding="utf-8")
            os._exit(0)
        os.waitpid(pid, 0)
        for name in told.read_text(encoding="utf-8").split():
            if name not in sys.modules and name.partition(".")[0] in ("supervisor", "git", "msgspec", "typer", "rich"):
                importlib.import_module(name)

    def _moved(self, name: str, branch: str) -> bool:
        with suppress(FileNotFoundError):  # every ref that was just written is a file
            return (self.scape.repos[name] / ".git/refs/heads" / branch).read_text("ascii").strip() != self.start[name]
        return False

    def _clean(self, name: str) -> bool:
        """Whether the index is as the commit that is checked out."""
        return git(self.scape.repos[name], "diff", "--cached", "--name-only") == ""

    def _land_and_kill(self, dice: random.Random, repos: int, *, here: bool) -> bool:
        """Run a landing and stop it at some point; then kill some of its gits, and it. False: it had ended."""
        way = dice.choice(("call", "line", "line", "time"))
        calls = CALLS * repos
        at = dice.randint(dice.choice((1, calls * 2 // 3)), calls) if way == "call" else None
        line = (
            f"{dice.randint(1, 4)}.{dice.randint(1, repos)}" if way == "line" else ""
        )  # start, create, prepare, commit
        # The lines that a git is sent: start, create, prepare, commit.
        self.count.write_text("0\n", encoding="utf-8")
        pid = os.fork()
        if pid == 0:
            _Stopping(self.runner, self.real, at, line, self.count, self.wrapper)
            os._exit(self._call("land", *(["--here"] if here else [])))
        began = time.monotonic()
        if way == "time":
            time.sleep(dice.uniform(0, self.length * repos / REPOS))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            self.length = max(self.length, time.monotonic() - began)
            return False
        gits = _descendants(pid)
        if dice.random() < 0.8:  # else they see the end of their input, and end in order
            for one in gits:
                if dice.random() < 0.8:
                    _kill(one)
        if dice.random() < 0.2:
            time.sleep(0.01)
        _kill(pid)
        os.waitpid(pid, 0)
        for one in gits:
            if dice.random() < 0.5:
                _kill(one)
        _reap()
        return True

    def _orch(self, *words: str) -> float:
        """Run a command to its end; return the seconds of the processor that it and its gits took."""
        pid = os.fork()
        if pid == 0:
            os._exit(self._call(*words))
        _, _, used = os.wait4(pid, 0)
        return used.ru_utime + used.ru_stime

    def _call(self, *words: str) -> int:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                return run(["-C", str(self.scape.workspace.root), *words])
            except BaseException:  # a child must never return into the harness
                return 99

    def _entries(self) -> tuple[Entry, ...]:
        return read_journal(self.scape.workspace.operations)

    def _reset(self, names: list[str]) -> None:
        self.scape.tasks = [one for one in self.tasks if one.child in names]
        self.scape.save()
        self.scape.workspace.operations.unlink(missing_ok=True)
        for name, repo in self.scape.repos.items():
            for folder in ("refs/heads/orch", "logs/refs/heads/orch"):
                shutil.rmtree(repo / ".git" / folder, ignore_errors=True)
            shutil.rmtree(repo / ".git" / f"{ref_of(self.scape.workspace.id, name)}.landed", ignore_errors=True)
            for file, content in self.pristine[name].items():
                (repo / ".git" / file).write_bytes(content)

    def _foreign(self, dice: random.Random, names: list[str]) -> dict[Path, int]:
        """Locks of somebody else that were there before."""
        places = ("HEAD.lock", "packed-refs.lock", "index.lock", "refs/heads/main.lock", "refs/heads/other.lock")
        found = {}
        for name in names:
            if dice.random() < 0.3:
                path = self.scape.repos[name] / ".git" / dice.choice(places)
                path.write_text(dice.choice(("", "0" * 40 + "\n", "x")), encoding="utf-8")
                found[path] = path.stat().st_ino
        return found

    def _foreign_on_branch(self, dice: random.Random, names: list[str], branch: str) -> dict[Path, int]:
        """A lock of somebody else that came once the landing was dead, on the branch itself."""
        path = self.scape.repos[dice.choice(names)] / ".git" / "refs" / "heads" / f"{branch}.lock"
        if dice.random() > 0.2 or path.exists():
            return {}
        path.parent.mkdir(exist_ok=True)
        path.write_text(dice.choice(("", "0" * 40 + "\n")), encoding="utf-8")
        return {path: path.stat().st_ino}

    def _of_user(self, names: list[str]) -> list[bytes]:
        return [(self.scape.repos[name] / ".git" / file).read_bytes() for name in names for file in OF_USER]


def play_all(job: tuple[int, range, float]) -> list[Outcome]:
    seed, stories, until = job
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # nothing here loses power
    with tempfile.TemporaryDirectory(prefix="orch-stops-", dir=memory) as folder:
        bench = Bench(Path(folder))
        return [bench.play(seed, story) for story in stories if time.monotonic() < until]


def _inode(path: Path) -> int | None:
    return path.stat().st_ino if path.exists() else None


def _descendants(pid: int) -> list[int]:
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text(encoding="ascii").split()):
                found += [child, *_descendants(child)]
    return found


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _reap() -> None:
    """Wait for the gits that are ours now; each ends by itself, if it was not killed."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
