"""Say what is wrong with the arguments of a tool call: which argument of which tool, and what it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from supervisor.core.plan.diagnostics import any_of, nearest, quoted

SHOWN = 3  # problems in one answer


def unknown_tool(tool: str, known: Collection[str]) -> str:
    """Say that there is no such tool, and which one was meant."""
    return f"there is no tool {_corrected(tool, known)}"


def unknown_argument(tool: str, argument: str, known: Collection[str]) -> str:
    """Say that a tool takes no such argument, and which one was meant."""
    return f"`{tool}` takes no {_corrected(argument, known)}" if known else f"`{tool}` takes no arguments"


def misfits(tool: str, error: ValidationError, schema: Mapping[str, Any]) -> str:
    """Return what is wrong, without the values: they may be secret. `schema` is that of the tool's arguments."""
    found = [
        unknown_argument(f"{tool}.{_path(one['loc'][:-1])}", str(one["loc"][-1]), _fields(schema, one["loc"][:-1]))
        if one["type"] == "extra_forbidden"
        else _misfit(tool, one["type"], one["loc"], one.get("ctx", {}))
        for one in error.errors()
    ]
    return "; ".join(dict.fromkeys(found[:SHOWN]))


def _misfit(tool: str, kind: str, place: tuple[int | str, ...], bounds: Mapping[str, object]) -> str:
    name = quoted(_path(place))
    if kind == "missing":
        return f"`{tool}` needs {name}"
    bound = next((f"{words} {_number(bounds[key])}" for key, words in _BOUNDS.items() if key in bounds), "")
    if kind == "literal_error":
        bound = str(bounds.get("expected", "")).replace("'", "`")
    elif kind in ("string_too_long", "string_too_short"):
        bound += " characters long"
    elif kind in ("too_long", "too_short"):
        bound += " entries long"
    wanted = bound or next((words for start, words in _KINDS.items() if kind.startswith(start)), "as its schema says")
    return f"{name} of `{tool}` must be {wanted}"


def _path(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place))


def _fields(schema: Mapping[str, Any], place: tuple[int | str, ...]) -> Collection[str]:
    """Return the names that the object at this place may have."""
    inner = schema
    for part in place:
        inner = inner["items"] if isinstance(part, int) else inner["properties"][part]
        if "$ref" in inner:
            inner = schema["$defs"][inner["$ref"].rsplit("/", 1)[-1]]
    found: Mapping[str, Any] = inner["properties"]
    return found


def _number(bound: object) -> str:
    return f"{bound:g}" if isinstance(bound, float) else f"{bound}"


def _corrected(word: str, known: Collection[str]) -> str:
    near = nearest(word, known)
    return f"{quoted(word)}: " + (f"did you mean {quoted(near)}?" if near else f"use {any_of(known)}")


_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"} | {
    "max_length": "at most",
    "min_length": "at least",
}
_KINDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "list": "a list",
    "tuple": "a list",
    "dict": "an object",
    "model": "an object",
    "finite": "a number",
}
