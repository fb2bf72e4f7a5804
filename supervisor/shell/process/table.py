"""The process table: who runs, who is whose child, who carries our mark."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import asyncio

MARK = "ORCH_SERVER"
"""The environment variable that every server, and all it starts, carries: `<workspace id>/<child>`."""


class Identity(NamedTuple):
    """One process and never another: its pid, its start in clock ticks since boot, and which boot that was.

    Without /proc, `ticks` is the start time in milliseconds and `boot` is "".
    """

    pid: int
    ticks: int
    boot: str


class Row(NamedTuple):
    """One line of the process table; `dead` is a zombie that only waits to be reaped."""

    identity: Identity
    parent: int
    session: int
    dead: bool


class ProcessTable(NamedTuple):
    """The process table and the marks in it (never our own), by pid; `children` are the pids below each."""

    rows: dict[int, Row]
    marks: dict[int, str]
    children: dict[int, list[int]]

    def marked(self, mark: str) -> list[int]:
        """The pids, zombies included, that carry `mark`, or start with it where it ends in `/`."""
        family = mark.endswith("/")
        return [pid for pid, one in self.marks.items() if one == mark or (family and one.startswith(mark))]

    def session_of(self, leader: Identity) -> tuple[Identity, ...]:
        """What lives in the session of a process that is a zombie or just ended; later the number may be another's."""
        return tuple(
            found.identity
            for found in self.rows.values()
            if found.session == leader.pid
            and found.identity != leader
            and found.identity.ticks >= leader.ticks
            and not found.dead
        )


def identity_of(pid: int) -> Identity | None:
    """The process that has this pid now; None when there is none or it is a zombie."""
    found = row(pid)
    return None if found is None or found.dead else found.identity


def alive(identity: Identity) -> bool:
    """Whether that very process still runs; a zombie, a recycled pid or another boot is not it."""
    return identity_of(identity.pid) == identity


def marked(mark: str) -> list[Identity]:
    """This user's live processes whose `ORCH_SERVER` is `mark`; a mark that ends in `/` stands for all that start so.

    Never names the calling process. A process that hides its environment from its own user is not found.
    """
    seen = look()
    return [seen.rows[pid].identity for pid in seen.marked(mark) if not seen.rows[pid].dead]


def marks(family: str) -> set[str]:
    """The marks that start with `family` (it ends in `/`) and that some live process carries; see `marked`."""
    seen = look()
    return {seen.marks[pid] for pid in seen.marked(family) if not seen.rows[pid].dead}


def rss_bytes(pid: int) -> int | None:
    """Resident memory in bytes; None when the process is gone or the system has no /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def tree_seconds(root: Identity) -> float | None:
    """The CPU seconds that all that a process started has taken so far, ended ones included, but not the process
    itself; None when it is gone. It may shrink a little: what ends unawaited takes its time along."""
    if not alive(root):
        return None
    if not _has_proc():
        return _seconds_elsewhere(root.pid)
    ticks: dict[int, tuple[int, int, int]] = {}  # parent, its own, those of its children that ended
    for pid in _pids():
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = _read(f"/proc/{pid}/stat")
            fields = stat[stat.rindex(b")") + 2 :].split()
            own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
            ticks[pid] = (int(fields[1]), own, ended)
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
    """The line of that pid, zombies included; None when there is none."""
    if not _has_proc():
        return _row_elsewhere(pid)
    try:
        stat = _read(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The name is the program's to choose, brackets and spaces included: count from the last bracket.
    fields = stat[stat.rindex(b")") + 2 :].split()
    # A main thread that ended before the others shows as Z while they run on.
    dead = fields[0] in (b"Z", b"X") and int(fields[17]) <= 1
    return Row(Identity(pid, int(fields[19]), _boot()), int(fields[1]), int(fields[3]), dead)


def rows() -> Iterator[Row]:
    """The whole table. A process that ends meanwhile is left out."""
    return (found for found in map(row, _pids()) if found is not None)


def look() -> ProcessTable:
    """A look at the table and all marks in it."""
    seen = {found.identity.pid: found for found in rows()}
    # Asked after the rows, so that a mark never goes to an identity that came later.
    marks = {pid: mark for pid in seen if pid != os.getpid() and (mark := _mark_of(pid)) is not None}
    children: dict[int, list[int]] = {}
    for pid, row in seen.items():
        children.setdefault(row.parent, []).append(pid)
    return ProcessTable(seen, marks, children)


async def look_aside() -> ProcessTable:
    """A look that begins after the call, off the loop: it takes 20 ms where a thousand processes run. All who ask while
    one is taken share the next one, for dozens of servers end side by side."""
    import asyncio  # late, for commands that stop nothing load this module too

    shared = _shared.setdefault(asyncio.get_running_loop(), _Shared(asyncio.Lock()))
    if shared.next is None:
        shared.next = asyncio.create_task(shared.take(), name="look at the process table")
    return await asyncio.shield(shared.next)


class _Shared:
    """The look that all on one loop share who ask from now on."""

    def __init__(self, busy: asyncio.Lock) -> None:
        self.next: asyncio.Task[ProcessTable] | None = None
        self._busy = busy

    async def take(self) -> ProcessTable:
        from asyncio import to_thread

        async with self._busy:
            self.next = None
            return await to_thread(look)


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = WeakKeyDictionary()


@cache
def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _pids() -> Iterable[int]:
    if _has_proc():
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [int(pid) for pid in _psutil().pids()]


def _mark_of(pid: int) -> str | None:
    """The mark a process was started with; None when it has none, hides it, is another user's or gone."""
    if not _has_proc():
        return _mark_elsewhere(pid)
    try:
        if os.stat(f"/proc/{pid}").st_uid != os.getuid():
            return None
        environ = _read(f"/proc/{pid}/environ")
    except OSError:
        return None
    name = f"{MARK}=".encode("ascii")
    entry = next((entry for entry in environ.split(b"\0") if entry.startswith(name)), None)
    return None if entry is None else os.fsdecode(entry[len(name) :])


def _read(path: str) -> bytes:
    """All of a file in /proc; two times as fast as a file object, and it is asked of every process."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(fd, 1 << 16), b""))
    finally:
        os.close(fd)


def _psutil() -> Any:
    """Where there is no /proc; imported late, as it costs 20 ms that Linux need not pay."""
    return importlib.import_module("psutil")


def _row_elsewhere(pid: int) -> Row | None:
    psutil = _psutil()
    try:
        process = psutil.Process(pid)
        dead = process.status() == psutil.STATUS_ZOMBIE
        identity = Identity(pid, int(process.create_time() * 1000), "")
        return Row(identity, process.ppid(), os.getsid(pid), dead)
    except (psutil.Error, OSError):
        return None


def _seconds_elsewhere(pid: int) -> float | None:
    psutil = _psutil()
    try:
        times = [one.cpu_times() for one in psutil.Process(pid).children(recursive=True)]
    except (psutil.Error, OSError):
        return None
    return float(sum(one.user + one.system for one in times))


def _mark_elsewhere(pid: int) -> str | None:
    psutil = _psutil()
    try:
        mark: str | None = psutil.Process(pid).environ().get(MARK)
    except (psutil.Error, OSError, RuntimeError):
        return None
    return mark
