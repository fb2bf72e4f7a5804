"""Read the literals of a file whose language has no grammar: quoted texts outside of what looks like a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.domain.link import Form, Literal

_COMMENT = re.compile(r"/\*.*?\*/|<!--.*?-->|(?<![:\"'`\w])//[^\n]*|^[ \t]*(?:#|;|--|%|!)[^\n]*", re.S | re.M)
_QUOTED = re.compile(r"\"((?:[^\"\\\n]|\\.){2,300})\"|'((?:[^'\\\n]|\\.){2,300})'|`((?:[^`\\]|\\.){2,300})`")
_PAIR = re.compile(r"([\w.\-]+)\s*[:=]\s*(\S{2,200})$")
_BEFORE = re.compile(r"([\w$.\-]{1,80})\s*([(\[=:])\s*$")
_ENV = re.compile(r"(?:\$ENV\{|\bENV\{|getenv\(.|env\.|ENV\[.)([A-Z][A-Z0-9_]{3,})")
_HOLES = re.compile(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|#\{[^{}]*\}|<%=?[^%]*%>|%[sd@]")


def literals(source: bytes) -> Iterator[Literal]:
    """Read the quoted texts of a file, and the values of unquoted `key = value` lines."""
    text = source.decode("utf-8", "replace")
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n") or " ", text)
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > 2000:
            continue
        for variable in _ENV.findall(line):
            yield Literal(variable, number, Form.ENV)
        quoted = False
        for match in _QUOTED.finditer(line):
            quoted = True
            before = _BEFORE.search(line[: match.start()][-100:])
            call = before[1] if before and before[2] == "(" else ""
            key = before[1] if before and before[2] in "=:" else ""
            of = before[1] if before and before[2] == "[" else ""
            is_key = line[match.end() :].lstrip().startswith((":", "=>"))
            inner = _HOLES.sub("{}", match[1] or match[2] or match[3])
            yield Literal(inner, number, Form.STRING, call=call, key=key, of=of, is_key=is_key)
        if not quoted and (pair := _PAIR.search(line.strip())):
            form = Form.NUMBER if pair[2].isdigit() else Form.STRING
            yield Literal(pair[2], number, form, key=pair[1])
