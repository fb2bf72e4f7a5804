"""Read a config without a YAML parser, if it needs none: `orch init` writes such a file."""

from __future__ import annotations

import re

_LINE = re.compile(
    r"""(?: (?P<indent>[ ]*) (?P<key>[A-Za-z][\w-]{0,99}) :
            (?: [ ]+ (?P<value> [A-Za-z][\w./-]* | [\w.~-]*/[\w./~-]*) )? )?
        (?: (?: ^ | [ ]+) \#[ -~]* )? [ ]*""",
    re.ASCII | re.VERBOSE,
)
_NO_TEXT = ("true", "false", "null")  # words that YAML takes for something else


def read_plain(content: bytes) -> dict[str, object] | None:
    """Return what YAML says of a file whose lines are `key:`, `key: word`, and comments. None: ask a YAML parser."""
    levels: list[tuple[int, dict[str, object]]] = [(0, {})]  # the mappings around a line, each with its indentation
    opened: dict[str, object] | None = None  # the mapping of the last key, if its lines are still to come
    for line in content.decode("ascii", "replace").split("\n"):
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        indent, key, value = len(found["indent"] or ""), found["key"], found["value"]
        if key is None:
            continue
        if opened is not None:
            if indent <= levels[-1][0]:
                return None
            levels.append((indent, opened))
        while indent < levels[-1][0]:
            levels.pop()
        mapping = levels[-1][1]
        if indent != levels[-1][0] or key in mapping or key.lower() in _NO_TEXT or (value or "").lower() in _NO_TEXT:
            return None
        opened = {} if value is None else None
        mapping[key] = value if opened is None else opened
    return None if opened is not None else levels[0][1]
