"""The ledger: only ever appended to, one fsync for each step."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

from supervisor.domain.action import Action
from supervisor.domain.event import Event, Intended
from supervisor.domain.level import level
from supervisor.errors import StoreError

_EVENTS = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Event)}
_ACTIONS = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Action)}
_NAMES = {kind: name for name, kind in (*_EVENTS.items(), *_ACTIONS.items())}
_SHOWN = ("child", "task", "run", "thread", "turn", "why")  # an action's fields that its ledger line shows at the top


@dataclass(frozen=True, slots=True)
class Opened:
    """A ledger as it was found: its events, oldest first; `cut`: the bytes of a torn last line that were cut off."""

    events: tuple[Event, ...]
    cut: int


class Ledger:
    """The append-only file of all events. One line is one event, with a sequence number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seq = 0
        self._size = 0
        self._file: int | None = None

    def open(self) -> Opened:
        """Read all events and get ready to append. A torn last line is cut off.

        Raises StoreError if the file cannot be read or written, or holds a line that no version of ours wrote.
        """
        try:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            data = self._path.read_bytes()
        except OSError as error:
            raise StoreError(
                f"the ledger {self._path} cannot be opened ({error.strerror})",
                "make the workspace writable, then run `orch up`",
            ) from error
        whole = data.rfind(b"\n") + 1
        events = []
        for number, line in enumerate(data[:whole].splitlines(), start=1):
            try:
                fields = json.loads(line)
                events.append(decode(fields))
                if not isinstance(fields["seq"], int):
                    raise TypeError("a sequence number is a number")
                self._seq = fields["seq"]
            except Exception as error:
                raise StoreError(
                    f"{self._path}:{number}: this is not an event of this version ({type(error).__name__})",
                    "run the version that wrote it, or move the `.orchestrator` folder away and start afresh",
                ) from error
        if whole < len(data):
            os.ftruncate(self._file, whole)
        self._size = whole
        return Opened(tuple(events), len(data) - whole)

    def append(self, events: Sequence[Event], label: Callable[[Event], dict[str, Any]]) -> list[dict[str, Any]]:
        """Record events with one fsync; gives their lines. Either all of them are recorded or none.

        `label` gives what a reader wants to find an event by and the event itself does not say (its task, say).

        Raises StoreError if the disk will not take them (full, read-only, gone).
        """
        if self._file is None:
            raise AssertionError("open() comes before append()")
        lines = [_labelled(encode(event, self._seq + number), label(event)) for number, event in enumerate(events, 1)]
        data = b"".join(json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode() + b"\n" for line in lines)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._file, data[written:], self._size + written)
            os.fdatasync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise StoreError(
                f"the ledger {self._path} takes no more ({error.strerror})", "make room on the disk"
            ) from error
        self._size += len(data)
        self._seq += len(lines)
        return lines

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def encode(event: Event, seq: int) -> dict[str, Any]:
    """An event as a ledger line: `seq`, `ts`, `level`, `event`, then its own fields."""
    fields = _plain(event)
    at = fields.pop("at")
    line: dict[str, Any] = {"seq": seq, "ts": at, "level": level(event), "event": _NAMES[type(event)]}
    if isinstance(event, Intended):
        action = {"action": _NAMES[type(event.action)], **fields["action"]}
        return {**line, **{name: action[name] for name in _SHOWN if action.get(name) is not None}, "action": action}
    return {**line, **fields}


def decode(line: dict[str, Any]) -> Event:
    """The event of a ledger line. Raises KeyError or ValueError for what is none."""
    kind = _EVENTS[line["event"]]
    known = {field.name for field in dataclasses.fields(kind)}
    fields = {name: value for name, value in line.items() if name in known}
    fields["at"] = line["ts"]
    if kind is Intended:
        action = dict(line["action"])
        made = _adapter(_ACTIONS[action.pop("action")]).validate_python(action)
        return Intended(datetime.fromisoformat(line["ts"].replace("Z", "+00:00")).astimezone(UTC), made)
    event: Event = _adapter(kind).validate_python(fields)
    return event


def _labelled(line: dict[str, Any], label: dict[str, Any]) -> dict[str, Any]:
    return {**line, **{name: value for name, value in label.items() if name not in line}}


def _plain(value: Any) -> Any:
    """A domain value as JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
