"""The JSON schemas that codex generates for its protocol: validate strictly, make samples, see what is read of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec.inspect
from jsonschema import Draft7Validator

from supervisor.wire.codex.items import KINDS, Item

Json = dict[str, Any]
DEPTH = 12  # levels of a sample; some types contain themselves


class Protocol:
    """The protocol of one codex, read from the folder of schemas that it wrote."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Json] = {}
        self.calls = self._methods("ClientRequest")
        self.server_calls = self._methods("ServerRequest")
        self.notices = self._methods("ServerNotification")

    def result_of(self, method: str) -> Json:
        """The schema of the answer to a request, of ours or of the server's."""
        row = {**self.calls, **self.server_calls}[method]
        params = (row.get("$ref") or row["anyOf"][0]["$ref"]).rsplit("/", 1)[-1]  # they may be optional
        name = params.removesuffix("Params") + "Response"
        (path,) = [one for one in self._folder.rglob(f"{name}.json") if one.parent.name in ("v1", "v2", self._root)]
        return self._load(path)

    def params_of(self, method: str) -> Json:
        """The schema of the params of a request or a notification."""
        for file, methods in (
            ("ClientRequest", self.calls),
            ("ServerRequest", self.server_calls),
            ("ServerNotification", self.notices),
        ):
            if method in methods:
                return {**methods[method], "definitions": self._load(self._folder / f"{file}.json")["definitions"]}
        raise KeyError(method)

    @property
    def _root(self) -> str:
        return self._folder.name

    def _methods(self, file: str) -> dict[str, Json]:
        rows = self._load(self._folder / f"{file}.json")["oneOf"]
        return {row["properties"]["method"]["enum"][0]: row["properties"].get("params", {}) for row in rows}

    def _load(self, path: Path) -> Json:
        if path.name not in self._files:
            self._files[path.name] = json.loads(path.read_text(encoding="utf-8"))
        return self._files[path.name]


def diagnostics(schema: Json, value: Any) -> list[str]:
    """List what is wrong with a value that we send. A field that the schema does not know is wrong too."""
    found = [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(value)]
    return found + list(_unknown(schema, schema.get("definitions", {}), value, "$"))


def misread(kind: type, schema: Json) -> list[str]:
    """List what is wrong with a Struct that values of the schema are read into, however deep.

    A field that the schema does not know is wrong, and so is one without a default that the schema may leave out.
    """
    return list(_misread(msgspec.inspect.type_info(kind), schema, schema.get("definitions", {}), kind.__name__))


def _misread(info: msgspec.inspect.Type, schema: Any, types: Json, where: str) -> Iterator[str]:
    found = shapes(schema, types)
    match info:
        case msgspec.inspect.StructType():
            known = fields(schema, types)
            if known is None:
                return
            always = set.intersection(*[{*one.get("required", ())} for one in found if "properties" in one])
            for field in info.fields:
                if field.encode_name not in known:
                    yield f"{where}: there is no field {field.encode_name}"
                    continue
                if field.required and field.encode_name not in always:
                    yield f"{where}: {field.encode_name} may be left out"
                inner = {"anyOf": known[field.encode_name]}
                yield from _misread(field.type, inner, types, f"{where}.{field.encode_name}")
        case msgspec.inspect.VarTupleType(item_type=item):
            items = [one["items"] for one in found if isinstance(one.get("items"), dict)]
            yield from _misread(item, {"anyOf": items}, types, f"{where}[]")
        case msgspec.inspect.DictType(value_type=value):
            values = [one["additionalProperties"] for one in found if isinstance(one.get("additionalProperties"), dict)]
            yield from _misread(value, {"anyOf": values}, types, f"{where}.*")
        case msgspec.inspect.UnionType(types=parts):
            for part in parts:
                yield from _misread(part, schema, types, where)
        case msgspec.inspect.CustomType(cls=cls) if cls is Item:
            for name, kind in KINDS.items():
                forms = [one for one in found if one["properties"].get("type", {}).get("enum") == [name]]
                if not forms:
                    yield f"{where}: there is no item {name}"
                yield from _misread(msgspec.inspect.type_info(kind), {"anyOf": forms}, types, f"{where} ({name})")


def _unknown(schema: Any, types: Json, value: Any, where: str) -> Iterator[str]:
    if isinstance(value, list):
        items = [one["items"] for one in shapes(schema, types) if isinstance(one.get("items"), dict)]
        for number, item in enumerate(value):
            yield from _unknown({"anyOf": items}, types, item, f"{where}[{number}]") if items else ()
    if not isinstance(value, dict) or (known := fields(schema, types)) is None:
        return
    for name, inner in value.items():
        if name not in known:
            yield f"{where}: there is no field {name}"
        else:
            yield from _unknown({"anyOf": known[name]}, types, inner, f"{where}.{name}")


def shapes(schema: Any, types: Json) -> list[Json]:
    """The schemas without references or alternatives that a value may follow."""
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        return shapes(types[schema["$ref"].rsplit("/", 1)[-1]], types)
    parts = [part for key in ("oneOf", "anyOf", "allOf") for part in schema.get(key, ())]
    inner = [shape for part in parts for shape in shapes(part, types)]
    return [schema, *inner] if "properties" in schema or not parts else inner


def fields(schema: Any, types: Json) -> dict[str, list[Any]] | None:
    """Every field that an object of this schema may have, in any of its forms; None: any name will do."""
    known: dict[str, list[Any]] = {}
    found = shapes(schema, types)
    objects = [one for one in found if "properties" in one]
    loose = [one for one in found if one.get("additionalProperties") or ("properties" not in one and "type" not in one)]
    if not objects or loose:
        return None
    for shape in objects:
        for name, inner in shape["properties"].items():
            known.setdefault(name, []).append(inner)
    return known


class Witness(dict[str, Any]):
    """An object that a server may send. Notes in `missed` each field that is looked up but that it can never have."""

    def __init__(self, fields: Json, known: dict[str, list[Any]] | None, where: str, missed: list[str]) -> None:
        super().__init__(fields)
        self._known, self._where, self._missed = known, where, missed

    def _look(self, name: str) -> None:
        if self._known is not None and name not in self._known:
            self._missed.append(f"{self._where}.{name}")

    def get(self, name: str, default: Any = None) -> Any:
        self._look(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self._look(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._look(str(name))
        return super().__contains__(name)


def samples(schema: Json, where: str, missed: list[str]) -> list[Any]:
    """Make values of a schema with every field set, which together have every alternative in it."""
    return _samples(schema, schema.get("definitions", {}), where, missed, 0)


def _samples(schema: Any, types: Json, where: str, missed: list[str], depth: int) -> list[Any]:
    if not isinstance(schema, dict) or depth > DEPTH:
        return [None]
    known = fields(schema, types)
    found: list[Any] = []
    for form in _forms(schema, types):
        found += _of_shape(form, types, known, where, missed, depth)
    return found or [None]


def _forms(schema: Any, types: Json) -> list[Json]:
    """The alternatives of a schema, each with the fields that it shares with the others."""
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        return _forms(types[schema["$ref"].rsplit("/", 1)[-1]], types)
    parts = [part for key in ("oneOf", "anyOf", "allOf") for part in schema.get(key, ())]
    inner = [form for part in parts for form in _forms(part, types)]
    if "properties" not in schema:
        return inner or [schema]
    forms = inner or [{}]
    return [{"properties": {**schema["properties"], **form.get("properties", {})}, "type": "object"} for form in forms]


def _of_shape(shape: Json, types: Json, known: Any, where: str, missed: list[str], depth: int) -> list[Any]:
    if "enum" in shape:
        return list(shape["enum"])
    if "properties" in shape:
        options = {
            name: _samples(inner, types, f"{where}.{name}", missed, depth + 1)
            for name, inner in shape["properties"].items()
        }
        first = {name: values[0] for name, values in options.items()}
        rows = [first] + [{**first, name: value} for name, values in options.items() for value in values[1:]]
        return [Witness(row, known, where, missed) for row in rows]
    kinds = shape.get("type", [])
    values: list[Any] = []
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if kind == "array":
            inner = _samples(shape.get("items"), types, f"{where}[]", missed, depth + 1)
            values += [inner, []]
        elif kind == "object":
            extra = shape.get("additionalProperties")
            values += [{"some": one} for one in _samples(extra, types, f"{where}.*", missed, depth + 1)]
        else:
            values.append({"string": "word", "integer": 7, "number": 1.5, "boolean": True}.get(kind))
    return values
