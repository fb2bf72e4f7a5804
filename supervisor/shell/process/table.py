"""The process table: which processes run, who started them, and which carry our mark."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from supervisor.domain.process import KEEPER, MARK

if TYPE_CHECKING:
    import asyncio


GATHERING = 0.004
"""Seconds in which servers exit that were told to stop at the same time. A look at the process table takes 10 ms."""


class Identity(NamedTuple):
    """What distinguishes a process from every other one, earlier or later."""

    pid: int
    ticks: int  # clock ticks from boot to its start; without /proc: its start time in milliseconds
    boot: str  # the kernel's id of the boot; without /proc: ""


class Row(NamedTuple):
    """One line of the process table."""

    identity: Identity
    parent: int
    session: int
    dead: bool  # a zombie that waits to be reaped


class ProcessTable(NamedTuple):
    """The process table, by pid."""

    rows: dict[int, Row]
    marks: dict[int, str]  # never that of the calling process
    keepers: dict[int, str]  # the workspace of each keeper, and of each supervisor, which a keeper forks
    children: dict[int, list[int]]

    def kept(self, workspace: str) -> list[Identity]:
        """The live processes right below the keepers of this workspace, but for supervisors: servers whose supervisor
        has ended, and what servers started and left."""
        ours = {pid for pid, one in self.keepers.items() if one == workspace}
        below = [self.rows[pid] for keeper in ours for pid in self.children.get(keeper, ()) if pid not in ours]
        return [one.identity for one in below if not one.dead]

    def abandoned(self, workspace: str, servers: Collection[Identity]) -> list[Identity]:
        """The live processes right below those keepers of earlier supervisors that have none of `servers` any more."""
        ours = {pid for pid, one in self.keepers.items() if one == workspace}
        found: list[Identity] = []
        for keeper in ours - {os.getpid(), os.getppid()}:
            below = [self.rows[pid] for pid in self.children.get(keeper, ()) if not self.rows[pid].dead]
            if not any(one.identity in servers or one.identity.pid in ours for one in below):
                found += [one.identity for one in below]
        return found

    def marked(self, mark: str) -> list[int]:
        """The pids, zombies included, whose mark is `mark`, or begins with it if it ends in `/`."""
        family = mark.endswith("/")
        return [pid for pid, one in self.marks.items() if one == mark or (family and one.startswith(mark))]

    def session_of(self, leader: Identity) -> tuple[Identity, ...]:
        """The live processes in the session of `leader`, which is a zombie or has just exited.

        Do not ask later: another session may have the number then.
        """
        return tuple(
            found.identity
            for found in self.rows.values()
            if found.session == leader.pid
            and found.identity != leader
            and found.identity.ticks >= leader.ticks
            and not found.dead
        )


def identity_of(pid: int) -> Identity | None:
    """Identify the process that has this pid now; None if there is none or it is a zombie."""
    found = row(pid)
    return None if found is None or found.dead else found.identity


def alive(identity: Identity) -> bool:
    """Whether this process still runs. False for a zombie, for a pid that was used again, and after a reboot."""
    return identity_of(identity.pid) == identity


def marked(mark: str) -> list[Identity]:
    """Find this user's live processes whose `ORCH_SERVER` is `mark`, or begins with `mark` if that ends in `/`.

    Never includes the calling process. A process that hides its environment from its own user is not found.
    """
    table = read_table()
    return [table.rows[pid].identity for pid in table.marked(mark) if not table.rows[pid].dead]


def marks(family: str) -> set[str]:
    """The marks of live processes that begin with `family`, which ends in `/`. See `marked`.

    Takes half the time of a table, but may name a mark whose last process ends meanwhile.
    """
    found = {
        pid: mark
        for pid in _pids()
        if pid != os.getpid() and (mark := _variables(pid).get(MARK, "")).startswith(family)
    }
    return {mark for pid, mark in found.items() if identity_of(pid) is not None}


def rss_bytes(pid: int) -> int | None:
    """Resident memory of a process in bytes; None if the process is gone or the system has no /proc."""
    try:
        pages = int(_read(f"/proc/{pid}/statm").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def tree_seconds(root: Identity) -> float | None:
    """CPU seconds that all descendants of a process have used, exited ones included, but not the process itself.

    None if the process is gone. The number may shrink a little: the time of a process that exits and that nobody waits
    for is lost.
    """
    if not alive(root):
        return None
    if not has_proc():
        return _tree_seconds_by_psutil(root.pid)
    ticks: dict[int, tuple[int, int, int]] = {}  # parent, its own ticks, the ticks of its children that exited
    for pid in _pids():
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = _read(f"/proc/{pid}/stat")
            fields = stat[stat.rindex(b")") + 2 :].split()
            own, exited = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
            ticks[pid] = (int(fields[1]), own, exited)
    below: dict[int, list[int]] = {}
    for pid, (parent, _, _) in ticks.items():
        below.setdefault(parent, []).append(pid)
    total, queue, seen = ticks[root.pid][2] if root.pid in ticks else 0, below.get(root.pid, []), {root.pid}
    while queue:
        pid = queue.pop()
        if pid not in seen:
            seen.add(pid)
            total += ticks[pid][1] + ticks[pid][2]
            queue += below.get(pid, [])
    return total / os.sysconf("SC_CLK_TCK")


def row(pid: int) -> Row | None:
    """Read the table's line for a pid, zombies included; None if there is none."""
    if not has_proc():
        return _row_by_psutil(pid)
    try:
        stat = _read(f"/proc/{pid}/stat")
    except OSError:
        return None
    # A program may choose any name, with brackets and spaces in it, so we count from the last bracket.
    fields = stat[stat.rindex(b")") + 2 :].split()
    # A process whose main thread exited before the others shows as Z while they still run.
    dead = fields[0] in (b"Z", b"X") and int(fields[17]) <= 1
    return Row(Identity(pid, int(fields[19]), _boot()), int(fields[1]), int(fields[3]), dead)


def rows() -> Iterator[Row]:
    """Read all lines of the table. A process that exits meanwhile is left out."""
    return (found for found in map(row, _pids()) if found is not None)


def read_table() -> ProcessTable:
    """Read the whole table and all marks. Takes 20 ms where a thousand processes run."""
    seen = {found.identity.pid: found for found in rows()}
    # Read after the rows, so that no row gets the mark of an earlier process with the same pid.
    variables = {pid: _variables(pid) for pid in seen if pid != os.getpid()}
    marks = {pid: one[MARK] for pid, one in variables.items() if MARK in one}
    keepers = {pid: one[KEEPER] for pid, one in variables.items() if KEEPER in one}
    children: dict[int, list[int]] = {}
    for pid, row in seen.items():
        children.setdefault(row.parent, []).append(pid)
    return ProcessTable(seen, marks, keepers, children)


async def read_table_in_thread(*, anew: bool = True, gather: bool = False) -> ProcessTable:
    """Read the table in a thread. The read begins after this call, or, if not `anew`, it may be the last one: that is
    at least as new as any table that the caller has seen.

    Dozens of servers may stop together, so all calls that come while a read runs share the next one. With `gather`, a
    read waits a moment for such calls.
    """
    import asyncio  # imported late: commands that stop nothing load this module too

    shared = _shared.setdefault(
        asyncio.get_running_loop(), _SharedRead(asyncio.Lock(), asyncio.to_thread, asyncio.sleep)
    )
    if not anew and shared.last is not None:
        return shared.last
    if shared.next is None:
        reading = shared.read(GATHERING if gather else 0)
        shared.next = asyncio.create_task(reading, name="read the process table")
    return await asyncio.shield(shared.next)


InThread = Callable[[Callable[[], "ProcessTable"]], Awaitable["ProcessTable"]]


class _SharedRead:
    """The next read of the table on one event loop."""

    def __init__(self, busy: asyncio.Lock, in_thread: InThread, sleep: Callable[[float], Awaitable[None]]) -> None:
        self.next: asyncio.Task[ProcessTable] | None = None
        self.last: ProcessTable | None = None
        self._busy = busy
        self._in_thread = in_thread
        self._sleep = sleep

    async def read(self, pause: float) -> ProcessTable:
        async with self._busy:
            await self._sleep(pause)
            self.next = None
            self.last = await self._in_thread(read_table)
            return self.last


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, _SharedRead] = WeakKeyDictionary()


@cache
def has_proc() -> bool:
    """Whether /proc is there, which is read faster than by psutil, and tells more."""
    return Path("/proc/self/stat").exists()


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _pids() -> Iterable[int]:
    if has_proc():
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [int(pid) for pid in _psutil().pids()]


def _variables(pid: int) -> dict[str, str]:
    """The marks that a process was started with; none if it has none, hides them, is another user's or gone."""
    if not has_proc():
        mark = _mark_by_psutil(pid)
        return {} if mark is None else {MARK: mark}
    try:
        return started_with(pid) if os.stat(f"/proc/{pid}").st_uid == os.getuid() else {}
    except OSError:
        return {}


def started_with(pid: int) -> dict[str, str]:
    """The marks in the environment that a process was started with, by name. Raises OSError if that cannot be read."""
    environ = _read(f"/proc/{pid}/environ")
    if b"ORCH_" not in environ:
        return {}
    pairs = [os.fsdecode(entry).partition("=") for entry in environ.split(b"\0") if entry.startswith(b"ORCH_")]
    return {name: value for name, _, value in reversed(pairs) if name in (MARK, KEEPER)}  # the first one counts


def _read(path: str) -> bytes:
    """Read a whole file in /proc. Twice as fast as a file object, and it is done for every process."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(fd, 1 << 16), b""))
    finally:
        os.close(fd)


def _psutil() -> Any:
    """Import psutil, for systems without /proc. Imported late: it takes 20 ms, and Linux does not need it."""
    return importlib.import_module("psutil")


def _row_by_psutil(pid: int) -> Row | None:
    psutil = _psutil()
    try:
        process = psutil.Process(pid)
        dead = process.status() == psutil.STATUS_ZOMBIE
        identity = Identity(pid, int(process.create_time() * 1000), "")
        return Row(identity, process.ppid(), os.getsid(pid), dead)
    except (psutil.Error, OSError):
        return None


def _tree_seconds_by_psutil(pid: int) -> float | None:
    psutil = _psutil()
    try:
        times = [one.cpu_times() for one in psutil.Process(pid).children(recursive=True)]
    except (psutil.Error, OSError):
        return None
    return float(sum(one.user + one.system for one in times))


def _mark_by_psutil(pid: int) -> str | None:
    psutil = _psutil()
    try:
        mark: str | None = psutil.Process(pid).environ().get(MARK)
    except (psutil.Error, OSError, RuntimeError):
        return None
    return mark
