"""Ending a server with everything it started, and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection
from typing import NamedTuple

from supervisor.errors import OrchError
from supervisor.shell.process.handle import open_handle
from supervisor.shell.process.table import Identity, look_aside

SECOND_TERM_AFTER = 0.3
"""Seconds: an idle codex is gone a few ms after SIGTERM; a busy one drains without limit until it gets a second one."""

TAIL_GRACE = 0.5
"""Seconds that what a server started may live on after it; MCP servers end by themselves when their stdin closes."""

KILL_WAIT = 3.0
"""Seconds in which a process dies of SIGKILL unless the kernel holds it (a dead disk or network mount)."""

KILL_ROUND = 0.2
"""Seconds to wait for the killed before looking again for what was forked in the meantime."""


async def stop_tree(
    identity: Identity, mark: str, *, grace: float, already_signalled: bool = False
) -> tuple[Identity, ...]:
    """End a server and everything it started, within `grace` plus about a second; answers what had to be killed.

    The server gets SIGTERM (unless it was `already_signalled`), soon a second one, and has `grace` seconds in all; what
    it leaves gets SIGTERM and a moment; whatever is then alive gets SIGKILL. Nothing is left alive on return. Raises
    OrchError naming what survives SIGKILL. No process but those of the tree is ever signalled.
    """
    clock = time.monotonic
    deadline = clock() + grace
    known = (await _look(identity, mark, ())).members
    server = open_handle(identity)
    if server is not None:
        with contextlib.closing(server):
            if not already_signalled:
                server.terminate()
            if already_signalled or not await server.ended(min(SECOND_TERM_AFTER, grace)):
                server.terminate()
                await server.ended(deadline - clock())
    tail = min(deadline, clock() + TAIL_GRACE)
    if clock() < tail:
        known = (await _look(identity, mark, known)).members
        if not known:
            return ()
        with contextlib.ExitStack() as stack:
            handles = [
                stack.enter_context(contextlib.closing(handle))
                for handle in map(open_handle, known)
                if handle is not None
            ]
            for handle in handles:
                handle.terminate()
            for handle in handles:
                await handle.ended(tail - clock())
    return await kill_tree(identity, mark, known)


async def kill_tree(identity: Identity | None, mark: str, left: Collection[Identity] = ()) -> tuple[Identity, ...]:
    """SIGKILL a server (if any), all it started, all that is `marked(mark)` and all under `left`; answers the killed.

    Nothing of it is left alive on return. Raises OrchError naming what survives SIGKILL for `KILL_WAIT` seconds.
    """
    clock = time.monotonic
    deadline = clock() + KILL_WAIT
    killed: dict[Identity, None] = {}
    known = tuple(left)
    while True:
        tree = await _look(identity, mark, known)
        if not tree.members:
            return tuple(killed)
        if clock() > deadline:
            pids = ",".join(str(member.pid) for member in tree.members)
            raise OrchError(
                f"the server {mark} left processes that survive SIGKILL (pid {pids})",
                f"see what they wait for with `ps -o pid,stat,wchan:32,args -p {pids}`, then try again",
            )
        known = tree.members
        killed.update(dict.fromkeys(known))
        with contextlib.ExitStack() as stack:
            handles = [
                stack.enter_context(contextlib.closing(handle))
                for handle in map(open_handle, known)
                if handle is not None
            ]
            if identity is not None and tree.owns_session and os.getsid(0) != identity.pid:
                # One call for the whole group, so that no fork slips through between two of ours.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(identity.pid, signal.SIGKILL)
            for handle in handles:
                handle.send(signal.SIGKILL)
            until = clock() + KILL_ROUND
            for handle in handles:
                await handle.ended(until - clock())


async def sweep(mark: str, left: Collection[Identity] = ()) -> tuple[Identity, ...]:
    """Kill what a dead server left behind: all that carries its mark, and what `ExitStatus.left` named.

    Returns the killed.

    Raises OrchError naming what survives SIGKILL.
    """
    return await kill_tree(None, mark, left)


class _Tree(NamedTuple):
    """The live processes of a server; `owns_session` when its session is proven to be still its own."""

    members: tuple[Identity, ...]
    owns_session: bool


async def _look(server: Identity | None, mark: str, known: Collection[Identity]) -> _Tree:
    """All live processes of a server: marked, known, of its session, and whatever descends from these.

    Session `pid` is the server's own while its process exists (a zombie too), or while a process of the server is in
    it: until then the kernel gives that number to nobody else. After that nothing is taken by its session number.
    """
    seen = await look_aside()
    table, seeds = seen.rows, set(seen.marked(mark))
    seeds |= {one.pid for one in known if one.pid in table and table[one.pid].identity == one}
    owns_session = False
    if server is not None:
        row = table.get(server.pid)
        if row is not None and row.identity == server:
            seeds.add(server.pid)
            owns_session = row.session == server.pid
        owns_session = owns_session or any(table[pid].session == server.pid for pid in seeds)
        if owns_session:
            seeds |= {pid for pid, row in table.items() if row.session == server.pid}
    ourselves = os.getpid()
    found: dict[int, None] = {}
    queue = sorted(seeds)
    while queue:
        pid = queue.pop()
        if pid not in found and pid != ourselves:  # What hangs under us is other servers.
            found[pid] = None
            queue += seen.children.get(pid, ())
    return _Tree(tuple(table[pid].identity for pid in sorted(found) if not table[pid].dead), owns_session)
