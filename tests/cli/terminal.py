"""A pseudo-terminal with a real program in it: its output, and the resulting screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyte

SIZE = (40, 120)
# Queries that programs send to a terminal when they start, and the answers.
_ANSWERS = ((b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62;22c"), (b"\x1b[?u", b"\x1b[?0u"))


class Terminal:
    """Runs a program in a pseudo-terminal, for the body of a `with`."""

    def __init__(self, arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str]) -> None:
        self.raw = b""
        self._shown = 0  # bytes of it that are on `_screen`, which takes long to draw
        self._screen = pyte.Screen(SIZE[1], SIZE[0])
        self._stream = pyte.ByteStream(self._screen)
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(cwd)
                os.execvpe(arguments[0], list(arguments), dict(environ))
            finally:
                os._exit(127)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self._fd)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    @property
    def screen(self) -> str:
        fresh, self._shown = self.raw[self._shown :], len(self.raw)
        self._stream.feed(fresh)
        return "\n".join(line.rstrip() for line in self._screen.display).strip()

    def resize(self, lines: int, columns: int) -> None:
        assert self.screen is not None, "what was printed before belongs to the old size"
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen.resize(lines, columns)

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def until(self, *words: str, timeout: float = 30.0) -> str:
        """Wait until the screen or the raw output has one of `words`, and return the screen.

        Fails after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not any(word in self.screen or word.encode() in self.raw for word in words):
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"not within {timeout:g} s: {' or '.join(words)}; the screen:\n{self.screen}")
        return self.screen

    def printed(self, words: bytes, timeout: float = 30.0) -> float:
        """Wait until the raw output has these bytes, and return the time. Fails after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while words not in self.raw:
            assert self._read(deadline - time.monotonic()), f"not within {timeout:g} s: {words!r}; {self.screen}"
        return time.time()

    def last_output(self, seconds: float, timeout: float = 30.0) -> float:
        """Wait for output, and until nothing more was printed for some time. Return when the last of it came."""
        assert self._read(timeout), f"nothing within {timeout:g} s; the screen:\n{self.screen}"
        last = time.time()
        while self._read(seconds):
            last = time.time()
        return last

    def quiet(self, seconds: float = 0.5, timeout: float = 30.0) -> str:
        """Wait until nothing was printed for some time, and return the screen.

        A program that has drawn its screen waits for keys.
        """
        deadline = time.monotonic() + timeout
        while self._read(seconds) and time.monotonic() < deadline:
            pass
        return self.screen

    def end(self, timeout: float = 30.0) -> int:
        """Wait until the program exits by itself, and return its exit code."""
        deadline = time.monotonic() + timeout
        while self._read(deadline - time.monotonic()):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self, timeout: float) -> bool:
        """Read output for `timeout` seconds. False if there was none, or the program is gone."""
        if timeout <= 0 or not select.select([self._fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux raises this when the other side is closed
            return False
        self.raw += data
        for asked, answer in _ANSWERS:
            os.write(self._fd, answer * data.count(asked))
        return bool(data)
