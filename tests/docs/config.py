"""The table of the keys of `orchestrator.config.yaml`, made from the models that parse it."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import fields

from supervisor.runtime.config.schema import BudgetPart, ConfigFile

NAMES = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", BudgetPart: "amount"}


class Key(NamedTuple):
    """One key of a model; `kind` is its annotation, and `default` is `...` where the key is required."""

    name: str
    kind: Any
    default: Any
    meaning: str


def keys(model: type[Struct]) -> list[Key]:
    """The keys of one model of the config. The only place that knows by which library the models are made."""
    hints = get_type_hints(model, include_extras=True)
    return [
        Key(name, _one_form(hints[name]), ... if default is NODEFAULT else default, _meaning(hints[name]))
        for name, default in ((one.name, one.default) for one in fields(model))
    ]


def _one_form(kind: Any) -> Any:
    """The annotation, reduced to one form where there is a short one, too: an amount in words, `yes`, one word."""
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    forms = get_args(plain) if get_origin(plain) in (Union, UnionType) else ()
    for form in forms:
        if form in (BudgetPart, bool) or (get_origin(form) is tuple and get_origin(get_args(form)[0]) is Literal):
            return form
    return plain


def _meaning(kind: Any) -> str:
    """The description of a key; that of a part of a union counts too."""
    for one in (kind, *get_args(kind)):
        for meta in get_args(one)[1:] if get_origin(one) is Annotated else ():
            if isinstance(meta, Meta) and meta.description:
                return meta.description
    return ""


def table() -> str:
    """Every key with its type, its default and its meaning, as a Markdown table."""
    rows = [f"| `{path}` | {_type(key.kind)} | {_default(key.default)} | {key.meaning} |" for path, key in every()]
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows])


def every() -> Iterator[tuple[str, Key]]:
    """Each key that has a value, with its whole path: `children.NAME.path`."""
    yield from _below(ConfigFile, "")


def _below(model: type[Struct], prefix: str) -> Iterator[tuple[str, Key]]:
    for key in keys(model):
        path = prefix + key.name
        part = next((one for one in _within(key.kind) if isinstance(one, type) and issubclass(one, Struct)), None)
        if part is None or part in NAMES:
            yield path, key
        else:
            holder = get_origin(key.kind)
            yield from _below(part, path + {dict: ".NAME.", tuple: "[]."}.get(holder, "."))


def _within(kind: Any) -> Iterator[Any]:
    """The plain types in an annotation."""
    if get_origin(kind) in (dict, tuple, Annotated, Union, UnionType):
        for one in get_args(kind)[: 1 if get_origin(kind) is Annotated else None]:
            yield from _within(one)
    else:
        yield kind


def _type(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        return _type(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(kind))
    if get_origin(kind) is tuple:
        one = next(_within(kind))
        return f"list of {_type(one)}" + ("" if get_origin(one) is Literal else "s")
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_type(one) for one in get_args(kind) if one is not type(None))
    return "texts by name" if get_origin(kind) is dict else NAMES[kind]


def _default(value: Any) -> str:
    if value is ...:
        return "required"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(_plain(one) for one in value)}]`"
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
