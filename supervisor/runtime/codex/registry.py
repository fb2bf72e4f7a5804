"""`children.json`: the server processes that orch started, so that the next supervisor can adopt or stop them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from supervisor.errors import StoreError
from supervisor.shell.atomic import write_atomic
from supervisor.shell.process import Identity, alive


class Record(NamedTuple):
    """One server of ours: its process and its socket."""

    identity: Identity
    socket: str


class Registry:
    """The records of all servers of one workspace. A new one is written to disk before its server is used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records = _read(path)

    def get(self, child: str) -> Record | None:
        return self._records.get(child)

    def all(self) -> dict[str, Record]:
        """Return the servers that were started and not stopped, whether they still run or not."""
        return self._records

    def alive(self) -> dict[str, Record]:
        """Return the servers that still run."""
        return {child: record for child, record in self._records.items() if alive(record.identity)}

    def put(self, child: str, record: Record) -> None:
        """Record a server, and write that to disk. Raises StoreError if the disk refuses it."""
        self._records[child] = record
        self.save()

    def drop(self, child: str) -> None:
        """Forget a server that has ended. The disk may follow later: its identity never matches another process."""
        self._records.pop(child, None)

    def save(self) -> None:
        """Write the records to disk. Raises StoreError if the disk refuses them."""
        try:
            rows = {name: {**one._asdict(), "identity": one.identity._asdict()} for name, one in self._records.items()}
            write_atomic(self._path, json.dumps(rows, indent=2))
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written ({error.strerror})", "make room on the disk") from error


def _read(path: Path) -> dict[str, Record]:
    """Read the file; empty if it is missing, torn or in a newer format, because marks find our processes without it."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {str(child): Record(Identity(**row["identity"]), str(row["socket"])) for child, row in rows.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
