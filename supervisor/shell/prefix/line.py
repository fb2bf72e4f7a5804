"""The line to a server elsewhere: a prefix whose script has become `codex app-server proxy`."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from supervisor.shell.prefix.process import PrefixProcess, read_until, write

NOISE_LIMIT = 1 << 20  # bytes that a login may print before our line


class PrefixLine:
    """The process of a line, and what its script said last. The socket is handed on; the process is ours to end."""

    def __init__(self, process: PrefixProcess, last: str, *, cut: bool = False) -> None:
        self.process = process
        self.last = last  # the line with our tag; "": it never came
        self.cut = cut  # so much was printed instead of it that we read no further

    @property
    def stream(self) -> socket.socket:
        """The connection, ready for an event loop."""
        self.process.stream.setblocking(False)
        return self.process.stream


def open_line(
    argv: Sequence[str],
    script: str,
    tag: str,
    *,
    begun: Callable[[], None],
    mark: str,
    cwd: Path,
    errors: Path,
    seconds: float,
) -> PrefixLine:
    """Start the prefix, send it the script, and wait for the line with our tag; whoever gets it ends the process.

    The script waits for leave before it starts anything: it says `hello`, and `begun` is called before it gets that.

    Blocks; use it in a thread. Raises NotReady if there is no such program.
    """
    deadline = time.monotonic() + seconds
    process = PrefixProcess(argv, mark=mark, cwd=cwd, errors=errors)
    if not write(process, script.encode("utf-8", "surrogateescape"), deadline):
        process.wait(1.0)
        return PrefixLine(process, "")
    line = _line(process, tag, deadline)
    if line.last == f"{tag} hello":
        begun()
        line = _line(process, tag, deadline) if write(process, b"go\n", deadline) else PrefixLine(process, "")
    return line


def _line(process: PrefixProcess, tag: str, deadline: float) -> PrefixLine:
    """Read the next line with our tag. Nothing comes behind it before we write again."""
    found, complete = read_until(process, tag.encode(), limit=NOISE_LIMIT, deadline=deadline)
    if not complete:
        cut = len(found) > NOISE_LIMIT
        process.wait(0.0 if cut else max(0.0, min(1.0, deadline - time.monotonic())))  # its exit code says more
        return PrefixLine(process, "", cut=cut)
    rest = found.rpartition(b"\n" + tag.encode())[2]
    return PrefixLine(process, (tag.encode() + rest.partition(b"\n")[0]).decode("utf-8", "replace").strip())
