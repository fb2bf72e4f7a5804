"""Find the command that words name, and parse its words without typer.

Typer takes as long to import as all that `orch status` needs (35 ms).
It only prints help. A value that is accepted here is the one that typer would return for the same signature.
"""

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from supervisor.cli.command.parameters import Argument, Option, Parameter
from supervisor.cli.command.table import COMMANDS, GROUPS, HELP_OPTIONS, Command


class Wrong(Enum):
    """What is wrong with a command line."""

    NO_SUCH_OPTION = auto()
    NEEDS_VALUE = auto()
    TAKES_NO_VALUE = auto()
    BAD_VALUE = auto()
    TOO_MANY = auto()
    MISSING = auto()


class WrongWords(NamedTuple):
    """A mistake in a command line: the word, and the parameter that it is about, if any."""

    kind: Wrong
    word: str = ""
    about: Parameter | None = None


def spelled_out(words: Sequence[str]) -> list[str]:
    """The words with the default command of a group put in where it is meant: `orch plan "PROBLEM"` is
    `orch plan write "PROBLEM"`."""
    group = next((one for one in GROUPS if words and one.name == words[0]), None)
    if group is None or group.default is None or len(words) < 2:
        return list(words)
    named = words[1] in HELP_OPTIONS or any(one.words == f"{group.name} {words[1]}" for one in COMMANDS)
    return list(words) if named else [words[0], group.default, *words[1:]]


def found(words: Sequence[str]) -> tuple[Command, list[str]] | None:
    """Find the command that these words begin with, and return it with the other words; None if there is none."""
    for command in COMMANDS:
        own = command.words.split(" ")
        if list(words[: len(own)]) == own:
            return command, list(words[len(own) :])
    return None


def read(takes: Sequence[Parameter], words: Sequence[str]) -> dict[str, object] | WrongWords | None:
    """Return the value of each option and argument, the first mistake, or None if the words ask for help."""
    try:
        return _read([one for one in takes if one.word is not None], iter(words))
    except _Stop as wrong:
        return wrong.mistake
    except _Help:
        return None


class _Stop(Exception):
    def __init__(self, kind: Wrong, word: str = "", about: Parameter | None = None) -> None:
        super().__init__(kind, word)
        self.mistake = WrongWords(kind, word, about)


class _Help(Exception):
    """The words ask for help."""


def _read(takes: Sequence[Parameter], words: Iterator[str]) -> dict[str, object]:
    options = {name: one for one in takes if isinstance(one.word, Option) for name in (one.word.name, one.word.short)}
    values: dict[str, object] = {}
    places: list[str] = []
    for word in words:
        if word == "--":
            places += words
            break
        if not word.startswith("-") or word == "-":
            places.append(word)
            continue
        if word in HELP_OPTIONS:
            raise _Help
        name, sign, value = word.partition("=")
        option = options.get(name)
        if option is None or (sign and not name.startswith("--")):
            raise _Stop(Wrong.NO_SUCH_OPTION, name)
        if option.type is bool:
            if sign:
                raise _Stop(Wrong.TAKES_NO_VALUE, word, option)
            values[option.name] = True
            continue
        if not sign:
            value = next(words, "--")
            if value in ("--", *options, *HELP_OPTIONS):
                raise _Stop(Wrong.NEEDS_VALUE, name, option)
        _put(values, option, value)
    for one in takes:
        if isinstance(one.word, Argument):
            taken = len(places) if one.many else 1
            for place in places[:taken]:
                _put(values, one, place)
            places = places[taken:]
    if places:
        raise _Stop(Wrong.TOO_MANY, places[0])
    for one in takes:
        if one.required and one.name not in values:
            raise _Stop(Wrong.MISSING, about=one)
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
    if one.type is int and one.word is not None and text.isascii() and text.isdigit() and len(text) <= _DIGITS:
        least, most = one.word.least or 0, 10**_DIGITS if one.word.most is None else one.word.most
        if least <= int(text) <= most:
            return int(text)
    raise _Stop(Wrong.BAD_VALUE, text, one)


_DIGITS = 9  # of the largest number that an option takes
