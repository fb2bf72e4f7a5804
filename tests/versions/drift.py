"""What changed from one codex to the next in its protocol, as its own schemas say."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec.inspect

from supervisor.wire.codex.answers import METHODS
from supervisor.wire.codex.items import KINDS, Item
from supervisor.wire.codex.notifications import BODIES
from supervisor.wire.codex.requests import ASKED
from tests.wire.schema import Json, Protocol, fields, shapes

Fields = dict[str, set[str]]


class Surface(NamedTuple):
    """The protocol of one version."""

    methods: set[str]
    notifications: set[str]
    requests: set[str]  # of the server
    fields: Fields  # that we read: Struct.field -> the types and words that it may have


def surface(binary: Path) -> Surface:
    """Have a codex write its schemas, and read them."""
    with TemporaryDirectory(prefix="schema-") as folder:
        command = [str(binary), "app-server", "generate-json-schema", "--experimental", "--out", folder]
        subprocess.run(command, env={**os.environ, "CODEX_HOME": folder}, check=True, timeout=60, capture_output=True)
        protocol = Protocol(Path(folder))
        return Surface({*protocol.calls}, {*protocol.notices}, {*protocol.server_calls}, _fields(protocol))


def changes(before: Surface, after: Surface) -> Iterator[str]:
    """Describe each difference in one line, in Markdown."""
    for name, one, other in (
        ("methods", before.methods, after.methods),
        ("notifications", before.notifications, after.notifications),
        ("requests of the server", before.requests, after.requests),
    ):
        yield from _line(name, other - one, one - other)
    for field in sorted({*before.fields, *after.fields}):
        one, other = before.fields.get(field, set()), after.fields.get(field, set())
        yield from _line(f"field `{field}`", other - one, one - other)


def _line(name: str, more: set[str], less: set[str]) -> Iterator[str]:
    parts = [
        f"{word} {', '.join(f'`{one}`' for one in sorted(names))}"
        for word, names in (("new:", more), ("gone:", less))
        if names
    ]
    if parts:
        yield f"{name}: {'; '.join(parts)}"


def _fields(protocol: Protocol) -> Fields:
    found: Fields = {}
    read = [(method.answer, protocol.result_of(method.name)) for method in METHODS if method.answer is not object]
    for kinds, known in ((BODIES, protocol.notices), (ASKED, protocol.server_calls)):
        read += [(kind, protocol.params_of(method)) for method, kind in kinds.items() if method in known]
    for kind, schema in read:
        _walk(msgspec.inspect.type_info(kind), schema, schema.get("definitions", {}), found)
    return found


def _walk(info: msgspec.inspect.Type, schema: Any, types: Json, found: Fields) -> None:
    match info:
        case msgspec.inspect.StructType(cls=cls):
            for field in info.fields:
                inner = {"anyOf": (fields(schema, types) or {}).get(field.encode_name, [])}
                words = found.setdefault(f"{cls.__name__}.{field.encode_name}", set())
                words |= {word for shape in shapes(inner, types) for word in _words(shape)}
                _walk(field.type, inner, types, found)
        case msgspec.inspect.VarTupleType(item_type=item):
            parts = [one["items"] for one in shapes(schema, types) if isinstance(one.get("items"), dict)]
            _walk(item, {"anyOf": parts}, types, found)
        case msgspec.inspect.DictType(value_type=value):
            more = [one.get("additionalProperties") for one in shapes(schema, types)]
            _walk(value, {"anyOf": [one for one in more if isinstance(one, dict)]}, types, found)
        case msgspec.inspect.UnionType(types=parts):
            for part in parts:
                _walk(part, schema, types, found)
        case msgspec.inspect.CustomType(cls=cls) if cls is Item:
            for name, kind in KINDS.items():
                forms = [one for one in shapes(schema, types) if name in _tag(one)]
                _walk(msgspec.inspect.type_info(kind), {"anyOf": forms}, types, found)


def _tag(shape: Json) -> list[str]:
    words: list[str] = shape.get("properties", {}).get("type", {}).get("enum", [])
    return words


def _words(shape: Json) -> Iterator[str]:
    """The words that a value may be, else its types. An object of one key, such as a kind of error, is that key."""
    if "enum" in shape:
        yield from map(json.dumps, shape["enum"])
    elif shape.get("additionalProperties") is False and len(shape.get("required", ())) == 1:
        yield f"{{{shape['required'][0]}}}"
    else:
        kinds = shape.get("type", "anything")
        yield from [kinds] if isinstance(kinds, str) else kinds
        yield from _tag(shape)
