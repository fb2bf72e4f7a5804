"""Encode events as lines of the ledger, and decode them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, get_args

from msgspec import Struct

from supervisor.domain.action import Action
from supervisor.domain.event import Event, Intended
from supervisor.domain.event.level import level
from supervisor.wire.plain import typed

_EVENTS = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Event)}
_ACTIONS = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Action)}
_NAMES = {kind: name for name, kind in (*_EVENTS.items(), *_ACTIONS.items())}
_SHOWN = ("child", "task", "run", "thread", "turn", "why")  # fields of an action that its line repeats at the top level


def encode(event: Event, seq: int) -> dict[str, Any]:
    """Encode an event as a ledger line: `seq`, `ts`, `level`, `event`, then the event's own fields."""
    fields = _plain(event)
    at = fields.pop("at")
    line: dict[str, Any] = {"seq": seq, "ts": at, "level": level(event), "event": _NAMES[type(event)]}
    if isinstance(event, Intended):
        action = {"action": _NAMES[type(event.action)], **fields["action"]}
        return {**line, **{name: action[name] for name in _SHOWN if action.get(name) is not None}, "action": action}
    return {**line, **fields}


def decode(line: dict[str, Any]) -> Event:
    """Decode the event of a ledger line. Raises KeyError or ValueError if the line holds none."""
    kind = _EVENTS[line["event"]]
    if kind is Intended:
        action = typed(_ACTIONS[line["action"]["action"]], line["action"])
        return Intended(datetime.fromisoformat(line["ts"]).astimezone(UTC), action)
    event: Event = typed(kind, {**line, "at": line["ts"]})
    return event


def labelled(line: dict[str, Any], label: dict[str, Any]) -> dict[str, Any]:
    """Add fields to a line that help its readers but are not part of the event. Never overwrites a field."""
    return {**line, **{name: value for name, value in label.items() if name not in line}}


def _plain(value: Any) -> Any:
    """Convert a domain value to JSON values."""
    if isinstance(value, Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        return {written: _plain(getattr(value, name)) for written, name in names}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value
