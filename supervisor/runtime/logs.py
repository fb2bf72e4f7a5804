"""Structured logs: JSON lines through structlog, rotated by size; one file for the supervisor, one per child.

A thread writes them, so that neither a slow disk nor loading structlog (45 ms, much of it rich) holds the loop up. It
begins when a start is over. The ledger has what a crash loses of them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import TextIO

from supervisor.runtime.secrets import clean

BEGINS_AFTER = 0.5  # seconds from the first line: it would take the processor from a start, whose lines can wait
DRAINED_WITHIN = 5.0  # seconds for the lines that wait to be written, when the logs are closed


class Logs:
    """The logs of one supervisor: `supervisor.jsonl`, and a file for each child. `close` writes what waits."""

    def __init__(self, folder: Path, *, megabytes: float, mirror: TextIO | None = None) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._bytes = int(megabytes * 2**20)
        self._mirror = mirror
        self._lines: SimpleQueue[Queued] = SimpleQueue()
        self._writer: Thread | None = None
        self._closing = Event()
        self._begun: dict[str, int] = {}  # the size of each child's error output when its server was started

    def write(self, line: dict[str, object]) -> None:
        """A line that is ready-made: `ts`, `level`, `event` and fields (an event, as in the ledger)."""
        self._tell("supervisor", line)
        if self._mirror is not None:
            action = line.get("action")
            what = action["action"] if isinstance(action, dict) else line["event"]
            rest = " ".join(str(line[name]) for name in ("child", "task", "why", "reason") if line.get(name))
            print(f"{str(line.get('ts', ''))[11:23]} {what} {rest}".rstrip(), file=self._mirror, flush=True)

    def say(self, event: str, *, level: str = "info", child: str | None = None, **fields: object) -> None:
        """A line of the shell's own, that is no event; with a child, it goes to that child's log."""
        extra = {"child": child} if child else {}
        told = {name: value for name, value in fields.items() if value is not None}
        self._tell(child or "supervisor", {"level": level, "event": event, **extra, **told})

    def stderr_of(self, child: str) -> Path:
        """Where a server's standard error goes. The server writes it; `trim` keeps it small."""
        return self._folder / f"{child}.stderr.log"

    def trim(self, child: str) -> None:
        """Rotate a server's error output by copy and truncate: the server goes on appending to its descriptor."""
        path = self.stderr_of(child)
        try:
            if path.stat().st_size <= self._bytes:
                return
            with path.open("r+b") as file:
                file.seek(-min(self._bytes // 2, path.stat().st_size), 2)
                path.with_suffix(".log.1").write_bytes(file.read(self._bytes // 2))
                file.truncate(0)
        except FileNotFoundError:
            return  # no server wrote there yet
        except OSError as error:
            self.say("log_not_trimmed", level="warning", path=str(path), reason=str(error))

    def begin_stderr(self, child: str) -> Path:
        """Where a new server's standard error goes; `tail` then speaks of this server only."""
        self.trim(child)
        path = self.stderr_of(child)
        self._begun[child] = path.stat().st_size if path.exists() else 0
        return path

    def tail(self, child: str, lines: int = 12) -> str:
        """The last lines of a server's error output; "" if it said nothing."""
        try:
            with self.stderr_of(child).open("rb") as file:
                file.seek(0, 2)
                begun = self._begun.get(child, 0)
                file.seek(max(begun if begun <= file.tell() else 0, file.tell() - 16384))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return clean("\n".join(text.splitlines()[-lines:]))

    def close(self) -> None:
        """Write the lines that wait. Lines that come later start another writer."""
        writer, self._writer = self._writer, None
        self._closing.set()
        if writer is not None:
            self._lines.put(None)
            writer.join(DRAINED_WITHIN)

    def _tell(self, name: str, line: dict[str, object]) -> None:
        self._lines.put((name, {"ts": _now(), **line}))
        if self._writer is None:
            self._writer = Thread(target=self._write, name="log writer", daemon=True)
            self._writer.start()

    def _write(self) -> None:
        self._closing.wait(BEGINS_AFTER)
        from supervisor.runtime.log_files import LogFiles  # structlog: see above

        files = LogFiles(self._folder, self._bytes)
        while (queued := self._lines.get()) is not None:
            files.write(*queued)
        files.close()


Queued = tuple[str, dict[str, object]] | None  # the name of a log and a line of it; None: no more


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
