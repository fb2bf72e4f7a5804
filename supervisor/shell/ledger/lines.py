"""Encode events as lines of the ledger, and decode them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args

from msgspec import Struct, to_builtins

from supervisor.domain.action import Action
from supervisor.domain.event import Event, Intended
from supervisor.domain.event.level import level
from supervisor.wire.plain import typed

_EVENTS = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Event)}
_ACTIONS = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Action)}
_NAMES = {kind: name for name, kind in (*_EVENTS.items(), *_ACTIONS.items())}
_SHOWN = ("child", "task", "run", "thread", "turn", "why")  # fields of an action that its line repeats at the top level


def encode(event: Event, seq: int) -> dict[str, object]:
    """Encode an event as a ledger line: `seq`, `ts`, `level`, `event`, then the event's own fields."""
    fields = _fields(event)
    at = fields.pop("at")
    line: dict[str, object] = {"seq": seq, "ts": at, "level": level(event), "event": _NAMES[type(event)]}
    if isinstance(event, Intended):
        action = {"action": _NAMES[type(event.action)], **_fields(event.action)}
        return {**line, **{name: action[name] for name in _SHOWN if action.get(name) is not None}, "action": action}
    return {**line, **fields}


def decode(line: Mapping[str, object]) -> Event:
    """Decode the event of a ledger line. Raises KeyError or ValueError if the line holds none."""
    kind = _EVENTS[str(line["event"])]
    if kind is Intended:
        fields = typed(dict, line["action"])
        action = typed(_ACTIONS[fields["action"]], fields)
        return Intended(datetime.fromisoformat(str(line["ts"])).astimezone(UTC), action)
    event: Event = typed(kind, {**line, "at": line["ts"]})
    return event


def labelled(line: Mapping[str, object], label: Mapping[str, object]) -> dict[str, object]:
    """Add fields to a line that help its readers but are not part of the event. Never overwrites a field."""
    return {**line, **{name: value for name, value in label.items() if name not in line}}


def _fields(value: Struct) -> dict[str, object]:
    """Convert the fields of a Struct to JSON values."""
    return _timed(to_builtins(value, builtin_types=(datetime,)))


def _timed(fields: dict[str, object]) -> dict[str, object]:
    """Write each time in JSON values as a text."""
    return {name: one if type(one) in _SCALARS else _written(one) for name, one in fields.items()}


def _written(value: object) -> object:
    if isinstance(value, dict):
        return _timed(value)
    if isinstance(value, list | tuple):
        return [one if type(one) in _SCALARS else _written(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value


_SCALARS = frozenset((str, int, float, bool, type(None)))
