"""Stop or kill a server and everything it started, and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection
from typing import NamedTuple

from supervisor.errors import OrchError
from supervisor.shell.process.handle import open_handle
from supervisor.shell.process.table import Identity, read_table_in_thread

SECOND_TERM_AFTER = 0.3
"""Seconds. An idle codex exits a few ms after SIGTERM; a busy one drains without limit until it gets a second one."""

DESCENDANTS_GRACE = 0.5
"""Seconds for what a server started to exit after it. MCP servers exit by themselves when their stdin closes."""

KILL_WAIT = 3.0
"""Seconds for a process to die of SIGKILL. Only the kernel can delay that (a dead disk or network mount)."""

KILL_ROUND = 0.2
"""Seconds to wait for killed processes before we look for new forks."""


async def stop_tree(
    identity: Identity, mark: str, *, grace: float, already_signalled: bool = False
) -> tuple[Identity, ...]:
    """Stop a server and everything it started, within `grace` plus about a second. Returns what had to be killed.

    The server gets SIGTERM (unless it was `already_signalled`), soon a second one, and has `grace` seconds in all. What
    it leaves behind gets SIGTERM and DESCENDANTS_GRACE seconds. Whatever is still alive gets SIGKILL. Only processes of
    the tree are signalled. On return none of them is alive; raises OrchError that names those that survive SIGKILL.
    """
    clock = time.monotonic
    deadline = clock() + grace
    known = (await _find_tree(identity, mark, ())).members
    server = open_handle(identity)
    if server is not None:
        with contextlib.closing(server):
            if not already_signalled:
                server.terminate()
            if already_signalled or not await server.wait(min(SECOND_TERM_AFTER, grace)):
                server.terminate()
                await server.wait(deadline - clock())
    until = min(deadline, clock() + DESCENDANTS_GRACE)
    if clock() < until:
        known = (await _find_tree(identity, mark, known, gather=True)).members
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
                await handle.wait(until - clock())
    return await kill_tree(identity, mark, known)


async def kill_tree(
    identity: Identity | None, mark: str, left: Collection[Identity] = (), *, anew: bool = True
) -> tuple[Identity, ...]:
    """SIGKILL a server (if any), all it started, all that is `marked(mark)`, and `left` with all that they started.

    Returns the killed processes. On return none is alive; raises OrchError that names those that survive SIGKILL for
    `KILL_WAIT` seconds. If not `anew`, the last look at the process table counts, which must have begun after the
    server's exit; after each kill there is another one.
    """
    clock = time.monotonic
    deadline = clock() + KILL_WAIT
    killed: dict[Identity, None] = {}
    known = tuple(left)
    while True:
        tree, anew = await _find_tree(identity, mark, known, anew=anew), True
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
                # One call for the whole group, so that no process can fork between two of our calls.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(identity.pid, signal.SIGKILL)
            for handle in handles:
                handle.send(signal.SIGKILL)
            until = clock() + KILL_ROUND
            for handle in handles:
                await handle.wait(until - clock())


async def sweep(mark: str, left: Collection[Identity] = ()) -> tuple[Identity, ...]:
    """Kill what a dead server left behind: processes with its mark, and those of `ExitStatus.left`.

    Returns the killed processes. Raises OrchError that names those that survive SIGKILL.
    """
    return await kill_tree(None, mark, left)


async def end_abandoned(workspace: str, servers: Collection[Identity]) -> tuple[Identity, ...]:
    """Kill what lives below a keeper of an earlier supervisor once none of `servers` does: if that keeper ended, nobody
    could tell it from the person's own processes. Called after `stop_tree` or `kill_tree`, whose last look shows that
    too. Returns and raises as `sweep`."""
    left = (await read_table_in_thread(anew=False)).abandoned(workspace, servers)
    return await kill_tree(None, _NO_MARK, left) if left else ()


_NO_MARK = "\0"  # no environment holds it


class _Tree(NamedTuple):
    """The live processes of a server."""

    members: tuple[Identity, ...]
    owns_session: bool  # the session with the server's pid is certainly still the server's


async def _find_tree(
    server: Identity | None, mark: str, known: Collection[Identity], *, anew: bool = True, gather: bool = False
) -> _Tree:
    """Find all live processes of a server: marked, known, or in its session, and all their descendants.

    Session `pid` is the server's while its process exists, as a zombie too, or while a process of the server is in the
    session: until then the kernel does not use the number again. Later a process does not count by its session.
    """
    seen = await read_table_in_thread(anew=anew, gather=gather)
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
        if pid not in found and pid != ourselves:  # Our own descendants are other servers.
            found[pid] = None
            queue += seen.children.get(pid, ())
    return _Tree(tuple(table[pid].identity for pid in sorted(found) if not table[pid].dead), owns_session)
