"""Describe what msgspec finds wrong in a config: where it is, what is wrong, and how to correct it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import ValidationError
from msgspec.inspect import DictType, LiteralType, Metadata, StructType, Type, UnionType, VarTupleType, type_info

from supervisor.core.plan.diagnostics import any_of, quoted
from supervisor.regex import regex
from supervisor.runtime.config.mistakes import Mistake, Where, name_of
from supervisor.runtime.config.schema import ChildPart, ConfigFile, PricePart, RunnerPart
from supervisor.wire.plain import in_words


def mistake_of(error: ValidationError, data: dict[Any, Any]) -> Mistake:
    """Translate msgspec's error about the values of a ConfigFile."""
    message, _, place = str(error).partition(" - at ")
    where = _where(place, data)
    key = quoted(name_of(where))
    if found := _UNKNOWN.fullmatch(message):
        return _unknown((*where, found[1]), _fields(where))
    if found := _MISSING.fullmatch(message):
        return Mistake((*where, found[1]), f"{quoted(name_of((*where, found[1])))} is missing", "add it")
    if found := _NO_CHOICE.fullmatch(message):
        word = found[1].strip("'")
        return Mistake(where, f"{key} may not be {quoted(word)}", _suggestion(word, _choices(where)))
    if place.startswith("`key`"):
        return Mistake(where, f"a key of {key if where else 'the file'} is not text", "put it in quotes")
    return Mistake(where, f"{key}: {in_words(message)}", "correct that line")


def _unknown(where: Where, known: Sequence[str]) -> Mistake:
    return Mistake(where, f"the key {quoted(name_of(where))} is not known", _suggestion(str(where[-1]), known))


def _suggestion(word: str, right: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, right, n=1, cutoff=0.5)
    return f"did you mean {quoted(near[0])}?" if near else f"use {any_of(right)}"


def _where(place: str, data: dict[Any, Any]) -> Where:
    """Parse the place in msgspec's error. It says `[...]` for a name, such as that of a child, so we look for the
    invalid value."""
    where: list[str | int] = []
    for name, number in _STEPS.findall(place):
        if number == "...":
            below = data
            for part in where:
                below = below[part]
            kind = _NAMED.get(str(where[-1]), str)
            where.append(next(str(one) for one, value in below.items() if not _fits(value, kind)))
        else:
            where.append(name or int(number))
    return tuple(where)


def _fits(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except ValidationError:
        return False
    return True


def _types(where: Where) -> list[Type]:
    """Return the types that the schema allows at this place."""
    found: list[Type] = _plain(type_info(ConfigFile))
    for part in where:
        below: list[Type] = []
        for one in found:
            if isinstance(one, StructType):
                below += [kind for field in one.fields if field.name == part for kind in _plain(field.type)]
            elif isinstance(one, DictType):
                below += _plain(one.value_type)
            elif isinstance(one, VarTupleType):
                below += _plain(one.item_type)
        found = below
    return found


def _plain(kind: Type) -> list[Type]:
    if isinstance(kind, Metadata):
        return _plain(kind.type)
    return [plain for one in kind.types for plain in _plain(one)] if isinstance(kind, UnionType) else [kind]


def _fields(where: Where) -> list[str]:
    return [field.name for one in _types(where) if isinstance(one, StructType) for field in one.fields]


def _choices(where: Where) -> list[str]:
    return [str(value) for one in _types(where) if isinstance(one, LiteralType) for value in one.values]


_NAMED = {"children": ChildPart | str, "runners": RunnerPart, "prices": PricePart}
"""The values that have names, by their key; those of any other key are texts."""

_UNKNOWN = regex("Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = regex("Object missing required field `(.*)`", re.DOTALL)
_NO_CHOICE = regex("Invalid enum value (.*)", re.DOTALL)
_STEPS = regex(r"\.(\w+)|\[(\d+|\.\.\.)\]")
