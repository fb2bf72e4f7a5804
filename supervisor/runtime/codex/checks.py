"""Run verify commands on a server, and keep what they print, in order: both ends within a limit, and in a file."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from supervisor.core.text.failures import end_of, failing_lines
from supervisor.core.text.redact import redact_lines
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.change.diff import RunDiff
from supervisor.domain.report import Check
from supervisor.domain.task import ChangeList, Tree
from supervisor.errors import OrchError, OutOfReach
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.config.model import Limits
from supervisor.runtime.logs import Logs
from supervisor.runtime.secrets import known
from supervisor.runtime.workspace import make_inside
from supervisor.shell.atomic import write_atomic
from supervisor.shell.git.changes import changes_of
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.compare import short_between
from supervisor.shell.git.keep.form import KeptTree
from supervisor.shell.git.tree import TreeNow, read_now, tree_of
from supervisor.wire.codex.answers import EXECUTE
from supervisor.wire.codex.params import Params, command_exec, sandbox_policy

MARGIN = 10.0  # seconds that we wait for a server beyond a command's own time-out
TAIL = 4000  # characters of the end that go into the ledger
FAILING = 20  # lines that look like failures
EDGE = 4096  # bytes of a line in which the middle begins or ends: half of a secret may stand there
FILES = 200  # outputs that are kept of a workspace


class Output:
    """What a command has printed so far, standard output and standard error as they came. `limit` is in bytes: of a
    longer output, the middle is left out."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._held = 0  # bytes in the tail
        self._lost, self._lines = 0, 0  # bytes and lines that were left out

    def add(self, chunk: bytes) -> None:
        """Append what the command printed next."""
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if not chunk:
            return
        self._tail.append(chunk)
        self._held += len(chunk)
        while self._held - len(self._tail[0]) >= self._half:
            gone = self._tail.popleft()
            self._held -= len(gone)
            self._lost += len(gone)
            self._lines += gone.count(b"\n")

    @property
    def cut(self) -> bool:
        """Whether it was longer than the limit."""
        return self._lost > 0

    def text(self) -> str:
        """Return the output without secrets, with a mark where the middle is left out, and no half of a line there."""
        head, tail = bytes(self._head), b"".join(self._tail)
        if not self.cut:
            return _clean(head + tail)
        size = len(head) + len(tail) + self._lost
        head, tail = head[: _end_of_whole(head)], tail[_begin_of_whole(tail) :]
        lost = size - len(head) - len(tail)
        mark = f"\n[orch left out {lost:,} bytes here, about {self._lines:,} lines: limits.output_megabytes]\n"
        return f"{_clean(head)}{mark}{_clean(tail)}"


class WorkTree(Protocol):
    """The work tree of a child, wherever it lives. Its methods block."""

    keeps: bool  # what it holds before and after runs; of a linked one, that is kept when it is merged

    def at(self, path: str) -> WorkTree:
        """Return the linked work tree at `path`; with "", this one."""

    def read(self) -> TreeNow:
        """Read it. Raises OrchError if git fails."""

    def tree(self, now: TreeNow) -> Tree:
        """Return what the record keeps of a work tree that was just read."""

    def changes(
        self, base: Tree, start: Tree | None = None, before: ChangeList | None = None
    ) -> tuple[tuple[str, ...], ChangeList, TreeNow]:
        """Do what `changes_of` does; return also what was read for it."""

    def keep(self, now: TreeNow, title: str) -> KeptTree:
        """Keep a work tree that was just read. Raises WorkspaceError."""

    def diff(self, before: str, after: str, shared: Collection[str]) -> RunDiff:
        """Compare two trees that were kept. Raises WorkspaceError."""

    def talking(self) -> AbstractContextManager[None]:
        """Keep what reaches it for all that is asked within: to log in takes longer than git does."""


class LocalTree:
    """A work tree on this machine."""

    def __init__(self, root: Path, trees: KeptTrees, *, keeps: bool = True) -> None:
        self._root = root
        self._trees = trees
        self.keeps = keeps

    def at(self, path: str) -> WorkTree:
        return LocalTree(Path(path), self._trees, keeps=False) if path else self

    def read(self) -> TreeNow:
        return self._trees.read() if self.keeps else read_now(self._root)

    def tree(self, now: TreeNow) -> Tree:
        return tree_of(now)

    def changes(
        self, base: Tree, start: Tree | None = None, before: ChangeList | None = None
    ) -> tuple[tuple[str, ...], ChangeList, TreeNow]:
        now = self.read()
        return *changes_of(self._root, base, start, before, now), now

    def keep(self, now: TreeNow, title: str) -> KeptTree:
        return self._trees.keep(now, title)

    def diff(self, before: str, after: str, shared: Collection[str]) -> RunDiff:
        return short_between(self._root, before, after, shared)

    def talking(self) -> AbstractContextManager[None]:
        return nullcontext()


@asynccontextmanager
async def reached(tree: WorkTree) -> AsyncIterator[None]:
    """Keep what reaches a work tree for the block. What is raised in it is not taken for an error of that machine."""
    held = tree.talking()
    held.__enter__()
    try:
        yield
    finally:
        await asyncio.to_thread(held.__exit__, None, None, None)


class Verifier:
    """Runs the verify commands of tasks on one child's server, and reports what changed in its work tree."""

    def __init__(
        self,
        client: ServerClient,
        limits: Limits,
        logs: Logs,
        outputs: Path,
        tree: WorkTree,
        post: Callable[[ev.Event], None],
        now: Callable[[], datetime],
        *,
        exclude_tmp: bool,
    ) -> None:
        self._client = client
        self._limits = limits
        self._logs = logs
        self._outputs = outputs
        self._tree = tree
        self._post = post
        self._now = now
        self._exclude_tmp = exclude_tmp

    async def verify(self, action: act.RunChecks) -> None:
        """Posts ChecksFinished or ChecksLost."""
        where = (action.child, action.task, action.run)
        try:
            changed: tuple[str, ...] = ()
            listed = None
            if action.base is not None:
                tree = self._tree.at(action.path)
                async with reached(tree):
                    known = (action.base, action.start, action.listed)
                    changed, listed, now = await asyncio.to_thread(tree.changes, *known)
                    if tree.keeps:
                        await self.keep(now, action.task, action.run, after=action)
            checks = tuple([await self._run(command, number, action) for number, command in enumerate(action.commands)])
        except OrchError as error:
            self._post(ev.ChecksLost(self._now(), *where, str(error)))
            return
        self._post(ev.ChecksFinished(self._now(), *where, checks, changed, listed))

    async def keep(self, now: TreeNow, task: str, run: int, *, after: act.RunChecks | None = None) -> None:
        """Keep the work tree as it is now, before a run or `after` a turn of it. Posts TreeKept; if git fails, the log
        says why, and the work goes on. Raises OutOfReach if its machine gives no answer."""
        name = self._client.child.name
        title = f"{'After' if after else 'Before'} run {run} of {task} in {name}"
        diff = None
        try:
            kept = await asyncio.to_thread(self._tree.keep, now, title)
            if after is not None and after.before:
                diff = await asyncio.to_thread(self._tree.diff, after.before, kept.commit, after.shared)
        except OutOfReach:
            raise
        except OrchError as error:
            self._logs.say("tree_not_kept", level="warning", child=name, task=task, run=run, reason=str(error))
            return
        self._post(ev.TreeKept(self._now(), name, task, run, kept.commit, after is not None, kept.left_out, diff))

    async def list_changes(self, tasks: Sequence[act.Unlisted]) -> None:
        """Posts ChangesListed for each of the tasks. If git fails, their changes since `base` are not known."""
        child = self._client.child
        for one in tasks:
            known = (one.base, one.start, one.listed)
            try:
                changed, listed, _ = await asyncio.to_thread(self._tree.changes, *known)
            except OrchError:
                changed, listed = (), replace(one.listed, open_ended=True)
            self._post(ev.ChangesListed(self._now(), child.name, one.task, changed, listed))

    async def _run(self, command: str, number: int, action: act.RunChecks) -> Check:
        at, network = self._now(), self._client.child.network
        check = await run_check(
            self._client,
            command,
            name=f"orch-{action.task}-{action.run}-{number}-{at.timestamp()}",
            sandbox=sandbox_policy(action.sandbox, network=network, exclude_tmp=self._exclude_tmp),
            timeout=self._limits.verify_minutes * 60,
            limit=int(self._limits.output_megabytes * 1e6),
            path=self._outputs / output_name(action.task, action.run, number, at),
            cwd=action.path,
        )
        if check.exit_code:
            self._logs.say(
                "check_failed",
                level="warning",
                child=action.child,
                task=action.task,
                run=action.run,
                command=command,
                exit_code=check.exit_code,
                first=next((f"{line.number}: {line.text}" for line in check.failing), None),
                output=check.log or None,
            )
        return check


async def run_check(
    client: ServerClient,
    command: str,
    *,
    name: str,
    sandbox: Params,
    timeout: float,
    limit: int,
    path: Path,
    cwd: str = "",
) -> Check:
    """Run a command through a shell, because people write shell commands. `name` is that of the process, `timeout` is
    in seconds, `limit` in bytes. Without `cwd`, it runs in the child's work tree. Raises as `ServerClient.request`
    does."""
    words = client.shell(f"exec 2>&1; {command}")  # one stream keeps its order
    params = command_exec(command=words, cwd=cwd or client.child.path, sandbox=sandbox, timeout=timeout, process=name)
    printed = Output(limit)
    outputs = client.session.outputs if client.session is not None else {}
    outputs[name] = printed.add
    try:
        done = await client.request(EXECUTE, params, timeout + MARGIN)
    finally:
        del outputs[name]
    return await asyncio.to_thread(kept, command, done.exit_code, printed, path)


def kept(command: str, exit_code: int, output: Output, path: Path) -> Check:
    """Return what the ledger keeps of a command that has ended. The whole output goes to the file at `path`, if that
    can be written. Takes some 0.1 s a megabyte."""
    text = output.text()
    if not text.strip():
        return Check(command, exit_code, "")
    log = str(path) if _written(path, text) else ""
    lines = failing_lines(text, FAILING) if exit_code else ()
    return Check(command, exit_code, end_of(text, TAIL), lines, text.rstrip("\n").count("\n") + 1, log, output.cut)


def output_name(task: str, run: int, number: int, at: datetime) -> str:
    """Name the file for the output of the command `number` (from 0) of a task."""
    return f"{at:%Y%m%d-%H%M%S}-{task}-run{run}-{number + 1}.log"


def _written(path: Path, text: str) -> bool:
    """Write the file, and remove the oldest ones beyond FILES."""
    try:
        make_inside(path.parent)
        write_atomic(path, text)
    except OSError:
        return False
    with suppress(OSError):
        for name in sorted(one.name for one in os.scandir(path.parent))[:-FILES]:
            (path.parent / name).unlink()
    return True


def _end_of_whole(head: bytes) -> int:
    """Where to cut the beginning of a longer output: no half line is left there; of a long line, no half word."""
    edge = max(len(head) - EDGE, 0)
    line, word = head.rfind(b"\n", edge), head.find(b" ", edge)
    return line if line >= 0 else word if word >= 0 else edge


def _begin_of_whole(tail: bytes) -> int:
    """Where to cut the end of an output, as `_end_of_whole` does its beginning."""
    line, word = tail.find(b"\n", 0, EDGE), tail.rfind(b" ", 0, EDGE)
    return line + 1 if line >= 0 else word + 1 if word >= 0 else EDGE


def _clean(part: bytes) -> str:
    text = part.decode("utf-8", "replace").replace("\r\n", "\n")
    return "\n".join(redact_lines(text.split("\n"), known()))
