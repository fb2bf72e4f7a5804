"""`children.json`: the server processes that orch started, so that the next supervisor can adopt or stop them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from supervisor.errors import StoreError
from supervisor.regular_file import read_regular
from supervisor.shell.atomic import write_atomic
from supervisor.shell.process import Identity, alive


class Record(NamedTuple):
    """One server of ours: its process and its socket."""

    identity: Identity
    socket: str


class RecordElsewhere(NamedTuple):
    """One server of ours on another machine: how it is reached, its repo, and its process, as far as that is known."""

    runner: Mapping[str, object]
    path: str
    identity: Identity

    @property
    def at(self) -> str:
        """The name of the runner."""
        return str(self.runner.get("name"))


class Registry:
    """The records of all servers of one workspace. A new one is written to disk before its server is used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        rows = _read(path)
        self._records = _records(rows)
        self._elsewhere = _elsewhere(rows)
        self._lines: dict[str, tuple[Record | RecordElsewhere, str]] = {}  # of the file, and what each was made of

    def get(self, child: str) -> Record | None:
        """Return what is recorded of a child's server; None if none was started."""
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

    def elsewhere(self) -> dict[str, RecordElsewhere]:
        """Return the servers on other machines that were started and not stopped, as far as is known."""
        return self._elsewhere

    def put_elsewhere(self, child: str, record: RecordElsewhere) -> None:
        """Record a server on another machine, as `put` does."""
        self._elsewhere[child] = record
        self.save()

    def drop_elsewhere(self, child: str) -> None:
        """Forget a server on another machine that has ended. Raises StoreError if the disk refuses it."""
        if self._elsewhere.pop(child, None) is not None:
            self.save()

    def save(self) -> None:
        """Write the records to disk. Raises StoreError if the disk refuses them."""
        records: dict[str, Record | RecordElsewhere] = dict(self._records)
        records |= {name + _THERE: one for name, one in self._elsewhere.items()}
        self._lines = {name: self._line(name, one) for name, one in records.items()}
        try:
            write_atomic(self._path, "{\n" + ",\n".join(text for _, text in self._lines.values()) + "\n}\n")
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written ({error.strerror})", "make room on the disk") from error

    def _line(self, name: str, record: Record | RecordElsewhere) -> tuple[Record | RecordElsewhere, str]:
        """Return a record and its line. Made once: with a thousand servers, all lines take 16 ms for each start."""
        known = self._lines.get(name)
        if known is not None and known[0] is record:
            return known
        row = {**record._asdict(), "identity": record.identity._asdict()}
        return record, f"  {json.dumps(name)}: {json.dumps(row)}"


_THERE = "@elsewhere"
"""What follows the name of a child whose server is on another machine. No name has an `@`."""


def _read(path: Path) -> dict[str, dict[str, object]]:
    """Read the file; empty if it is missing, torn or in a newer format, because marks find our processes without it."""
    try:
        rows = json.loads(read_regular(path))
        return {str(child): dict(row) for child, row in rows.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _records(rows: dict[str, dict[str, object]]) -> dict[str, Record]:
    try:
        local = {child: row for child, row in rows.items() if not child.endswith(_THERE)}
        return {child: Record(_identity(row), str(row["socket"])) for child, row in local.items()}
    except (TypeError, KeyError):
        return {}


def _elsewhere(rows: dict[str, dict[str, object]]) -> dict[str, RecordElsewhere]:
    found = {}
    for name, row in rows.items():
        if name.endswith(_THERE):
            with suppress(TypeError, KeyError, ValueError):
                runner, path = row["runner"], str(row["path"])
                if isinstance(runner, dict):
                    found[name.removesuffix(_THERE)] = RecordElsewhere(runner, path, _identity(row))
    return found


def _identity(row: dict[str, object]) -> Identity:
    given = row["identity"]
    if not isinstance(given, dict):
        raise TypeError("an identity is an object")
    return Identity(**given)
