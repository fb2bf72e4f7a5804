"""A program in a pseudo-terminal, and what a person would see there."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

ROWS, COLUMNS = 60, 160
ENTER = "\r"


class _Screen(pyte.HistoryScreen):  # type: ignore[misc]
    """Answers the queries that programs send to a terminal."""

    answers: list[str]

    def write_process_input(self, data: str) -> None:
        self.answers.append(data)

    def report_device_status(self, mode: int, **rest: object) -> None:
        if not rest.get("private"):
            super().report_device_status(mode)


class Terminal:
    """Runs a command for the body of a `with`, then kills it and what it started."""

    def __init__(self, command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> None:
        self._screen = _Screen(COLUMNS, ROWS, history=2000)
        self._screen.answers = []
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**environ, "TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL if kind else signal.SIGTERM)
        self.process.wait(10)
        os.close(self._master)

    def text(self) -> str:
        """The text that has scrolled away, and the screen."""
        gone = ["".join(line[x].data for x in range(COLUMNS)).rstrip() for line in self._screen.history.top]
        return "\n".join([*gone, *(line.rstrip() for line in self._screen.display)])

    def screen(self) -> str:
        """The text on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def say(self, words: str) -> None:
        """Type a line, and send it once it is on the screen."""
        self.type(words)
        self.until(words[-40:])
        self.type(ENTER)

    def until(self, *words: str, timeout: float = 60.0) -> str:
        """Wait until the text has all of these words, ignoring white space. Fails after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        wanted = [" ".join(one.split()) for one in words]
        while True:
            text = " ".join(self.text().split())
            if all(one in text for one in wanted):
                return text
            left = deadline - time.monotonic()
            assert left > 0, f"{words} not within {timeout:g} s; the screen:\n{self.text()}"
            assert self._read(min(left, 0.5)), f"the program ended; the screen:\n{self.text()}"

    def _read(self, seconds: float) -> bool:
        """Read what the program writes. False if it will not write any more."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self._stream.feed(data)
        for answer in self._screen.answers:
            self.type(answer)
        self._screen.answers.clear()
        return bool(data)
