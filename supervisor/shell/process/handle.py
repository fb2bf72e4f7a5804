"""A hold on one live process: to signal it, and to wait for its end, without ever meeting another in its place."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

from supervisor.shell.process.table import Identity, alive

POLL = 0.2
"""Seconds between two looks at a process where the system has no pidfd."""


def open_handle(identity: Identity) -> ProcessHandle | None:
    """A hold on that process; None when it has ended."""
    fd: int | None = None
    if hasattr(os, "pidfd_open"):
        # An old kernel, a strict sandbox or no free descriptor: hold it by its identity alone.
        with contextlib.suppress(OSError):
            fd = os.pidfd_open(identity.pid)
    handle = ProcessHandle(identity, fd)
    if alive(identity):  # Asked after the open, so a recycled pid cannot slip in between.
        return handle
    handle.close()
    return None


class ProcessHandle:
    """A hold on one live process: what is sent through it reaches that process or nobody."""

    __slots__ = ("_fd", "identity")

    def __init__(self, identity: Identity, fd: int | None) -> None:
        self.identity = identity
        self._fd = fd

    def send(self, sig: signal.Signals) -> None:
        """Send a signal; does nothing when the process has ended or now belongs to another user."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._fd is not None:
                signal.pidfd_send_signal(self._fd, sig)
            elif alive(self.identity):
                os.kill(self.identity.pid, sig)

    def terminate(self) -> None:
        """SIGTERM, and SIGCONT so that a stopped process gets to see it."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)

    async def ended(self, timeout: float | None) -> bool:
        """Whether the process has ended within `timeout` seconds (None: wait without limit)."""
        import asyncio  # late, for commands that wait for nothing load this module too

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                if self._fd is None:
                    while alive(self.identity):  # noqa: ASYNC110 (there is nothing to wait on here)
                        await asyncio.sleep(POLL)
                    return True
                loop = asyncio.get_running_loop()
                done = asyncio.Event()
                loop.add_reader(self._fd, done.set)
                try:
                    await done.wait()
                finally:
                    loop.remove_reader(self._fd)
                return True
        return False

    def gone(self, timeout: float) -> bool:
        """The same where nothing else is to go on meanwhile."""
        if self._fd is not None:
            poller = select.poll()
            poller.register(self._fd, select.POLLIN)
            return bool(poller.poll(max(0.0, timeout) * 1000))
        deadline = time.monotonic() + timeout
        while alive(self.identity):
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL)
        return True

    def close(self) -> None:
        """Let go."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
