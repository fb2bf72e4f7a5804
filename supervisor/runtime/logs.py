"""Structured logs: JSON lines through structlog, rotated by size; one file for the supervisor, one per child.

A thread writes them, so that neither a slow disk nor the import of structlog (45 ms, much of it rich) blocks the loop.
It begins once a start is over. A crash may lose the last lines; events among them are in the ledger.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import NamedTuple, TextIO

from supervisor.regular_file import descriptor, open_regular
from supervisor.runtime.error_output import ErrorOutput
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import make_inside

BEGINS_AFTER = 0.5  # seconds from the first line: writing sooner would take CPU time from the start
TAIL = 16384  # bytes of a server's error output that are looked at for its last lines
DRAINED_WITHIN = 5.0  # seconds that `close` waits for the queued lines to be written


class Logs:
    """The logs of one supervisor: `supervisor.jsonl`, and a file for each child. `close` writes the queued lines."""

    def __init__(self, folder: Path, *, megabytes: float, mirror: TextIO | None = None) -> None:
        make_inside(folder)
        self._folder = folder
        self._bytes = int(megabytes * 2**20)
        self._mirror = mirror
        self._lines: SimpleQueue[Queued] = SimpleQueue()
        self._writer: Thread | None = None
        self._closing = Event()
        self._output = ErrorOutput()
        self._offsets: dict[str, int] = {}  # the size of each child's error output when its server was started

    def write(self, line: dict[str, object]) -> None:
        """Queue the line of an event as the ledger wrote it: `ts`, `level`, `event` and fields."""
        self._enqueue("supervisor", line)
        if self._mirror is not None:
            action = line.get("action")
            what = action["action"] if isinstance(action, dict) else line["event"]
            rest = " ".join(str(line[name]) for name in ("child", "task", "why", "reason") if line.get(name))
            print(f"{str(line.get('ts', ''))[11:23]} {what} {rest}".rstrip(), file=self._mirror, flush=True)

    def say(self, event: str, *, level: str = "info", child: str | None = None, **fields: object) -> None:
        """Queue a line that is not an event. With `child`, it goes to that child's log."""
        extra = {"child": child} if child else {}
        present = {name: value for name, value in fields.items() if value is not None}
        self._enqueue(child or "supervisor", {"level": level, "event": event, **extra, **present})

    def stderr_of(self, child: str) -> Path:
        """Return the file for a server's standard error. The server writes it; `trim` keeps it small."""
        return self._folder / f"{child}.stderr.log"

    def trim(self, child: str) -> None:
        """Rotate a server's error output by copy and truncate, because the server keeps its descriptor open."""
        path = self.stderr_of(child)
        try:
            if path.stat().st_size <= self._bytes:
                self._mask(path, ended=False)
                return
            with open(path, "r+b", opener=descriptor) as file:
                file.seek(-min(self._bytes // 2, path.stat().st_size), 2)
                with open(path.with_suffix(".log.1"), "wb", opener=descriptor) as kept:
                    kept.write(file.read(self._bytes // 2))
                file.truncate(0)
            self._mask(path.with_suffix(".log.1"), ended=True, anew=True)
            self._mask(path, ended=False, anew=True)
        except FileNotFoundError:
            return  # no server wrote there yet
        except OSError as error:
            self.say("log_not_trimmed", level="warning", path=str(path), reason=str(error))

    def begin_stderr(self, child: str) -> Path:
        """Return the file for a new server's standard error. `tail` then starts from its present end."""
        self.trim(child)
        path = self.stderr_of(child)
        self._offsets[child] = path.stat().st_size if path.exists() else 0
        return path

    def tail(self, child: str, lines: int = 12) -> str:
        """Return the last lines of a server's error output; "" if there are none."""
        try:
            with open_regular(self.stderr_of(child)) as file:
                file.seek(0, 2)
                offset = self._offsets.get(child, 0)
                begin, last = offset if offset <= file.tell() else 0, file.tell() - TAIL
                file.seek(max(begin, last))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        self._mask(self.stderr_of(child), ended=True)
        if last > begin and "\n" in text:
            text = text.partition("\n")[2]  # of a line that is cut, a secret may be left that looks like none
        return "\n".join(clean(text).splitlines()[-lines:])

    def close(self) -> None:
        """Write the queued lines, and mask what the servers wrote. Later lines start another writer."""
        for path in self._folder.glob("*.stderr.log"):
            self._mask(path, ended=True)
        writer, self._writer = self._writer, None
        self._closing.set()
        if writer is not None:
            self._lines.put(None)
            writer.join(DRAINED_WITHIN)

    def _mask(self, path: Path, *, ended: bool, anew: bool = False) -> None:
        """Have the secrets in a server's error output masked. Takes 70 ms a megabyte, so the writer does it."""
        if path.exists():
            self._put(Masking(path, ended, anew))

    def _enqueue(self, name: str, line: dict[str, object]) -> None:
        self._put((name, {"ts": _now(), **line}))

    def _put(self, queued: Queued) -> None:
        self._lines.put(queued)
        if self._writer is None:
            self._writer = Thread(target=self._write, name="log writer", daemon=True)
            self._writer.start()

    def _write(self) -> None:
        self._closing.wait(BEGINS_AFTER)
        from supervisor.runtime.log_files import LogFiles  # structlog: see above

        files = LogFiles(self._folder, self._bytes)
        while (queued := self._lines.get()) is not None:
            line = self._masked(queued) if isinstance(queued, Masking) else queued
            with suppress(OSError):  # the workspace is gone, or something else has the name of the file
                if line is not None:
                    files.write(*line)
        files.close()

    def _masked(self, masking: Masking) -> tuple[str, dict[str, object]] | None:
        """Mask a file; return the line that says why not."""
        try:
            self._output.mask(masking.path, ended=masking.ended, anew=masking.anew)
        except OSError as error:
            said = {"path": str(masking.path), "reason": str(error)}
            return "supervisor", {"ts": _now(), "level": "warning", "event": "log_not_masked", **said}
        return None


class Masking(NamedTuple):
    """A server's error output whose secrets are to be masked."""

    path: Path
    ended: bool  # the server writes no more
    anew: bool  # the file has another content than before


Queued = tuple[str, dict[str, object]] | Masking | None
"""The name of a log and one line for it; None ends the writer."""


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
