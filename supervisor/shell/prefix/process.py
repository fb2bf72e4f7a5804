"""The process that leads elsewhere: it has no terminal, so nothing in it can ask a person."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from supervisor.domain.process import KEEPER, MARK
from supervisor.errors import NotReady
from supervisor.regular_file import appending, open_regular

ENDS_WITHIN = 2.0  # seconds for the process to end after its streams are closed


class PrefixProcess:
    """A running prefix. `stream` is our end of its standard input and output, which are one socket."""

    def __init__(self, argv: Sequence[str], *, mark: str, cwd: Path, errors: Path) -> None:
        """Start it, its standard error appended to `errors`. Raises NotReady if there is no such program."""
        self.errors = errors
        with appending(errors) as log:
            self._said_from = os.fstat(log).st_size
            self.stream, theirs = socket.socketpair()
            try:
                with theirs:
                    self._popen: subprocess.Popen[bytes] = subprocess.Popen(
                        list(argv),
                        stdin=theirs.fileno(),
                        stdout=theirs.fileno(),
                        stderr=log,
                        env=_environment(mark),
                        cwd=cwd,
                        start_new_session=True,
                    )
            except OSError as error:
                self.stream.close()
                why = f"cannot start {argv[0]} ({error.strerror})"
                raise NotReady(why, "correct the runner in the config") from error

    @property
    def pid(self) -> int:
        """The process here that leads to the other machine."""
        return self._popen.pid

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._popen.poll()

    def said(self, most: int = 4096) -> str:
        """The end of what it printed to standard error."""
        with contextlib.suppress(OSError), open_regular(self.errors) as file:
            size = os.fstat(file.fileno()).st_size
            begin = self._said_from if self._said_from <= size else 0
            file.seek(max(begin, size - most))
            return file.read(most).decode("utf-8", "replace")
        return ""

    def end(self, patience: float = 0.0) -> int | None:
        """End it, with its group, after `patience` seconds; return its exit code, None if it was killed."""
        with contextlib.suppress(OSError):
            self.stream.close()
        ended = self.wait(patience)
        if not ended:  # not reaped: its number is nobody else's
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()
            return None
        return self._popen.returncode

    def wait(self, seconds: float) -> bool:
        """Wait for it to end; whether it did."""
        try:
            self._popen.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True


def read_until(
    process: PrefixProcess, end: bytes, *, limit: int, deadline: float, given: bytes = b"", read: bytes = b""
) -> tuple[bytes, bool]:
    """Read on behind `read`, until a line begins with `end` and is complete; return all that was read, and whether it
    is. Meanwhile `given` is written, as it is taken.

    Stops at the end of the stream, after `limit` bytes, or at `deadline` (of `time.monotonic`).
    """
    found, left = bytearray(read), memoryview(given)
    line = _Line(end)
    if line.complete(found):
        return read, True
    stream = process.stream
    stream.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ | (selectors.EVENT_WRITE if left else 0))
        while len(found) <= limit and (seconds := deadline - time.monotonic()) > 0:
            for _, ready in selector.select(seconds):
                try:
                    if ready & selectors.EVENT_WRITE:
                        left = left[stream.send(left[: 1 << 16]) :]
                        if not left:
                            selector.modify(stream, selectors.EVENT_READ)
                    chunk = stream.recv(1 << 16) if ready & selectors.EVENT_READ else None
                except BlockingIOError:
                    continue
                except OSError:
                    chunk = b""
                if chunk is None:
                    continue
                if not chunk:
                    return bytes(found), False
                found += chunk
                if line.complete(found):
                    return bytes(found), True
    return bytes(found), False


class _Line:
    """Looks for the line that begins with `end` in what grows, and looks at each byte once."""

    def __init__(self, end: bytes) -> None:
        self._begin = b"\n" + end
        self._at = 0  # nothing before this is looked at again
        self._begun = False

    def complete(self, found: bytearray) -> bool:
        if not self._begun:
            at = found.find(self._begin, self._at)
            self._begun = at >= 0
            self._at = at + len(self._begin) if self._begun else max(0, len(found) - len(self._begin))
        if self._begun and found.find(b"\n", self._at) >= 0:
            return True
        if self._begun:
            self._at = len(found)
        return False


def write(process: PrefixProcess, text: bytes, deadline: float) -> bool:
    """Write all of it; False if nobody reads it in time."""
    try:
        process.stream.settimeout(max(0.01, deadline - time.monotonic()))
        process.stream.sendall(text)
    except OSError:
        return False
    return True


def _environment(mark: str) -> dict[str, str]:
    """Our environment, in which nothing asks a person: there is none at this process's side."""
    kept = {name: value for name, value in os.environ.items() if name != KEEPER}
    return {**kept, MARK: mark, "SSH_ASKPASS_REQUIRE": "never", "GIT_TERMINAL_PROMPT": "0"}
