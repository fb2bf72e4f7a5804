"""A handle on one live process. It signals and waits for that process only, even if its pid is used again."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

from supervisor.shell.process.table import Identity, alive

POLL = 0.2
"""Seconds between two checks of a process on a system without pidfd."""


def open_handle(identity: Identity) -> ProcessHandle | None:
    """Open a handle on a process; None if it has exited."""
    fd: int | None = None
    if hasattr(os, "pidfd_open"):
        # Fails with an old kernel, a strict sandbox or no free descriptor; then the identity has to do.
        with contextlib.suppress(OSError):
            fd = os.pidfd_open(identity.pid)
    handle = ProcessHandle(identity, fd)
    if alive(identity):  # Checked after the open, so that the pid cannot be used again in between.
        return handle
    handle.close()
    return None


class ProcessHandle:
    """A handle on one live process. A signal sent through it reaches that process or nobody."""

    __slots__ = ("_fd", "identity")

    def __init__(self, identity: Identity, fd: int | None) -> None:
        self.identity = identity
        self._fd = fd

    def send(self, sig: signal.Signals) -> None:
        """Send a signal. Does nothing when the process has exited or now belongs to another user."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._fd is not None:
                signal.pidfd_send_signal(self._fd, sig)
            elif alive(self.identity):
                os.kill(self.identity.pid, sig)

    def terminate(self) -> None:
        """Send SIGTERM, then SIGCONT so that a stopped process handles it."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)

    async def wait(self, timeout: float | None) -> bool:
        """Wait until the process exits. False if it does not within `timeout` seconds (None: no limit)."""
        import asyncio  # imported late: commands that wait for nothing load this module too

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

    def wait_blocking(self, timeout: float) -> bool:
        """Do the same as `wait`, but block the thread."""
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
        """Release the descriptor."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
