"""Parse simple, correct command lines without typer. Its import takes as long as all that `orch status` needs (35 ms).

Everything else (help, a mistake, a spelling that only typer knows) is left to typer. It uses the same signatures, so a
value that is accepted here is the one that typer would return.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from supervisor.cli.command.parameters import Argument, Option, Parameter


def read(takes: Sequence[Parameter], words: Sequence[str]) -> dict[str, object] | None:
    """Return the value of each option and argument; None if typer has to parse these words."""
    try:
        return _read([one for one in takes if one.word is not None], list(words))
    except _Unplain:
        return None


class _Unplain(Exception):
    """Typer has to parse this command line."""


def _read(takes: Sequence[Parameter], words: list[str]) -> dict[str, object]:
    options = {name: one for one in takes if isinstance(one.word, Option) for name in (one.word.name, one.word.short)}
    values: dict[str, object] = {}
    places: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--":
            places += words
            break
        if not word.startswith("-") or word == "-":
            places.append(word)
            continue
        name, sign, value = word.partition("=")
        option = options.get(name)
        if option is None or (sign and (option.type is bool or not name.startswith("--"))):
            raise _Unplain
        if option.type is bool:
            values[option.name] = True
            continue
        if not sign:
            if not words or (words[0].startswith("-") and words[0] != "-"):
                raise _Unplain
            value = words.pop(0)
        _put(values, option, value)
    for one in takes:
        if isinstance(one.word, Argument):
            taken = len(places) if one.many else 1
            for place in places[:taken]:
                _put(values, one, place)
            places = places[taken:]
    if places or any(one.required and one.name not in values for one in takes):
        raise _Unplain
    return {one.name: values.get(one.name, [] if one.many else one.default) for one in takes}


def _put(values: dict[str, object], one: Parameter, text: str) -> None:
    value, before = _value(one, text), values.get(one.name)
    values[one.name] = [*(before if isinstance(before, list) else ()), value] if one.many else value


def _value(one: Parameter, text: str) -> object:
    """Convert a text to the type of its parameter."""
    if one.type in (str, Path):
        return one.type(text)
    if issubclass(one.type, Enum) and text in [choice.value for choice in one.type]:
        return one.type(text)
    if (one.type is int and _INT.fullmatch(text)) or (one.type is float and _FLOAT.fullmatch(text)):
        number = one.type(text)
        least = one.word.least if isinstance(one.word, Option) else None
        if least is None or number >= least:
            return number
    raise _Unplain


_INT = re.compile(r"[0-9]{1,9}")
_FLOAT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
