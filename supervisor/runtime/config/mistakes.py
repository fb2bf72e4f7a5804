"""A mistake in the config, how its place is written, and the variables in its paths: `$NAME` and `${NAME}`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from supervisor.regex import regex

Where = tuple[str | int, ...]
"""A place in the file: keys, and indexes of entries from 0."""


class Mistake(Exception):
    """A value in the file is wrong. The reader adds the file and the line."""

    def __init__(self, where: Where, what: str, next_step: str) -> None:
        super().__init__(what)
        self.where = where
        self.what = what
        self.next_step = next_step


def path_at(where: Where, text: str) -> str:
    """Return a path of the file with the values of its variables. Raises Mistake for one that is not set."""
    try:
        return with_variables(text, os.environ)
    except UnsetVariable as error:
        what = f"the variable {error.name} is not set" if error.name else "a `$` stands before no name of a variable"
        raise Mistake(where, f"`{name_of(where)}`: {what}", "set it, or write `$$` for a dollar sign") from error


def name_of(where: Where) -> str:
    """Format a place: `children.api.path`. Rules are counted from 1, as they are in logs."""
    rule = len(where) > 1 and where[0] == "rules"
    return ".".join(str(part + 1) if rule and isinstance(part, int) else str(part) for part in where)


class UnsetVariable(Exception):
    """A text names a variable that is not set, or has a `$` that begins no name (then `name` is "")."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def with_variables(text: str, environ: Mapping[str, str]) -> str:
    """Return a text with the values of its variables. Raises UnsetVariable, also for one that is empty."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        name = found[1] or found[2] or ""
        if not (given := environ.get(name)):
            raise UnsetVariable(name)
        return given

    return _DOLLAR.sub(value, text)


def without_variables(text: str) -> str:
    """Escape a text, so that `with_variables` returns it as it is."""
    return text.replace("$", "$$")


def variables_of(text: str) -> tuple[str, ...]:
    """Return the names of the variables in a text, each once."""
    found = (one[1] or one[2] for one in _DOLLAR.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name))


_DOLLAR = regex(r"\$\$|\$([A-Za-z_][A-Za-z0-9_]*)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$")
