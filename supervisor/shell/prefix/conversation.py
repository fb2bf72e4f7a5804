"""Several commands to one shell at the other end of a prefix, for the price of one login."""

from __future__ import annotations

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
    """A shell that is told one thing after the other. Blocks; use it in a thread. Ends with the `with` block."""

    def __init__(self, argv: Sequence[str], tag: str, *, mark: str, cwd: Path, errors: Path) -> None:
        """Start the process. Raises NotReady if there is no such program."""
        self.process = PrefixProcess(argv, mark=mark, cwd=cwd, errors=errors)
        self._tag = tag.encode()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.end(0.2)

    def tell(
        self, script: str | bytes, seconds: float, *, given: bytes = b"", limit: int | None = None
    ) -> PrefixOutput:
        """Send a script that ends in a line of ours, and wait for that.

        A script that reads `given` asks for it first, with a line of ours: no shell reads ahead what is not there yet.
        Of its output, `limit` bytes are read (None: OUTPUT_LIMIT).
        """
        deadline = time.monotonic() + seconds
        text = script.encode("utf-8", "surrogateescape") if isinstance(script, str) else script
        if not write(self.process, text, deadline):
            self.process.wait(max(0.0, min(1.0, deadline - time.monotonic())))  # its exit code says more
            return PrefixOutput(b"", "", cut=False)
        limit = OUTPUT_LIMIT if limit is None else limit
        answer = self._answer(b"", limit, deadline)
        return self._answer(given, limit, deadline) if given and answer.last else answer

    def _answer(self, given: bytes, limit: int, deadline: float) -> PrefixOutput:
        found, complete = read_until(self.process, self._tag, limit=limit, deadline=deadline, given=given)
        if not complete:
            self.process.wait(max(0.0, min(1.0, deadline - time.monotonic())))
            return PrefixOutput(found[:limit], "", cut=len(found) > limit)
        out, _, rest = found.rpartition(b"\n" + self._tag)
        return PrefixOutput(out, (self._tag + rest.partition(b"\n")[0]).decode("utf-8", "replace"), cut=False)
