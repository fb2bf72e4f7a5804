"""Several commands to one shell at the other end of a prefix, for the price of one login."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from supervisor.shell.prefix.process import PrefixProcess, read_until, write

OUTPUT_LIMIT = 16 << 20  # bytes of one answer


class PrefixOutput(NamedTuple):
    """What one command printed on its standard output."""

    out: bytes  # up to the line that ends it
    last: str  # that line; "": it never came
    cut: bool  # there was more than OUTPUT_LIMIT


class Conversation:
    """A shell that is told one thing after the other, also by several threads: what one of them tells is sent while
    another one waits for its answer. Blocks; use it in a thread. Ends with the `with` block."""

    def __init__(self, argv: Sequence[str], tag: str, *, mark: str, cwd: Path, errors: Path) -> None:
        """Start the process. Raises NotReady if there is no such program."""
        self.process = PrefixProcess(argv, mark=mark, cwd=cwd, errors=errors)
        self._tag = tag.encode()
        self._sending = threading.Lock()
        self._turn = threading.Condition()
        self._asked = self._answered = 0  # how many were told something, and have their answer
        self._broken = False  # an answer did not come: nobody knows what comes next
        self._read = b""  # behind the last answer

    def __enter__(self) -> Conversation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.end(0.2)

    def tell(
        self, script: str | bytes, seconds: float, *, given: bytes = b"", limit: int | None = None
    ) -> PrefixOutput:
        """Send a script that ends in a line of ours, and wait for that, `seconds` once it is its turn.

        A script that reads `given` asks for it first, with a line of ours: no shell reads ahead what is not there yet.
        Of its output, `limit` bytes are read (None: OUTPUT_LIMIT).
        """
        text = script.encode("utf-8", "surrogateescape") if isinstance(script, str) else script
        limit = OUTPUT_LIMIT if limit is None else limit
        try:
            with self._sending:
                number = self._asked
                if given:  # what others send meanwhile would be taken for it
                    self._wait_for(number)
                self._asked += 1
                sent = not self._broken and write(self.process, text, time.monotonic() + seconds)
                if given:
                    return self._answer(number, sent, seconds, given, limit)
            return self._answer(number, sent, seconds, given, limit)
        except BaseException:
            self._answered_with("")
            raise

    def _answer(self, number: int, sent: bool, seconds: float, given: bytes, limit: int) -> PrefixOutput:
        self._wait_for(number)
        deadline = time.monotonic() + seconds
        answer = PrefixOutput(b"", "", cut=False)
        if sent and not self._broken:
            answer = self._next(b"", limit, deadline)
            if given and answer.last:
                answer = self._next(given, limit, deadline)
        if not answer.last:
            self.process.wait(max(0.0, min(1.0, deadline - time.monotonic())))  # its exit code says more
        self._answered_with(answer.last)
        return answer

    def _answered_with(self, last: str) -> None:
        with self._turn:
            self._broken = self._broken or not last
            self._answered += 1
            self._turn.notify_all()

    def _wait_for(self, number: int) -> None:
        """Wait until so many have their answer: each waits for its own no longer than it said."""
        with self._turn:
            self._turn.wait_for(lambda: self._broken or self._answered == number)

    def _next(self, given: bytes, limit: int, deadline: float) -> PrefixOutput:
        found, complete = read_until(
            self.process, self._tag, limit=limit, deadline=deadline, given=given, read=self._read
        )
        if not complete:
            return PrefixOutput(found[:limit], "", cut=len(found) > limit)
        out, _, rest = found.partition(b"\n" + self._tag)
        last, _, self._read = rest.partition(b"\n")
        return PrefixOutput(out, (self._tag + last).decode("utf-8", "replace"), cut=False)
