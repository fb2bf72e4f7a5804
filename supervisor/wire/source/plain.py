"""Read the literals of a file whose language has no grammar: quoted texts outside of what looks like a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.domain.link import Form, Literal
from supervisor.regex import regex

_COMMENT = regex(r"/\*.*?\*/|<!--.*?-->|(?<![:\"'`\w])//[^\n]*|^[ \t]*(?:#|;|--|%|!)[^\n]*", re.S | re.M)
_QUOTED = regex(r"\"((?:[^\"\\\n]|\\.){2,300})\"|'((?:[^'\\\n]|\\.){2,300})'|`((?:[^`\\]|\\.){2,300})`")
_PAIR = regex(r"([\w.\-]+)\s*[:=]\s*(\S{2,200})$")
_BEFORE = regex(r"([\w$.\-]{1,80})\s*([(\[=:])\s*$")
_BOUND = regex(r"(?:^|[\s\"'])(?:[:@#*\[(]|v-|x-|ng-|bind:|on:)[\w.:\-\[\]()]{1,80}\s*=\s*$")
"""An attribute whose value is code: of Vue (`:key`, `@click`, `v-if`), Angular (`[x]`, `(x)`, `*ngIf`) and Alpine."""

_MEMBER = regex(r"(?<=\.)([A-Za-z]\w*?(?:_[A-Za-z0-9]|[a-z0-9][A-Z])\w*)\b(?!\s*\()")
_SERVED = regex(r"\{%|\{\{(?:[#/>!-]|\s*(?:\.|(?:end|range|if|with|define|block|template)\b))")
"""What only templates have that a server fills in (Django, Jinja, Twig, Go, Handlebars): they name its variables."""

_MUSTACHE = regex(r"\{\{([^{}\n]{1,300})\}\}")
_ENV = regex(r"(?:\$ENV\{|\bENV\{|getenv\(.|env\.|ENV\[.)([A-Z][A-Z0-9_]{3,})")
_HOLES = regex(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|#\{[^{}]*\}|<%=?[^%]*%>|%[sd@]")


def literals(source: bytes) -> Iterator[Literal]:
    """Read the quoted texts of a file, and the values of unquoted `key = value` lines."""
    text = source.decode("utf-8", "replace")
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n") or " ", text)
    page = _SERVED.search(text) is None
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > 2000:
            continue
        for variable in _ENV.findall(line):
            yield Literal(variable, number, Form.ENV)
        quoted = False
        if page and "{{" in line:
            for inside in _MUSTACHE.finditer(line):
                yield from _members(inside[1], number)
        for match in _QUOTED.finditer(line):
            quoted = True
            if match[0][0] == '"' and _BOUND.search(line[: match.start()][-100:]):
                yield from _code(match[1], number)
                continue
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


def _code(text: str, line: int) -> Iterator[Literal]:
    """Read the value of an attribute that is code: the texts in it, and the fields of what it names."""
    for match in _QUOTED.finditer(text):
        before = _BEFORE.search(text[: match.start()][-100:])
        call = before[1] if before and before[2] == "(" else ""
        yield Literal(_HOLES.sub("{}", match[1] or match[2] or match[3]), line, Form.STRING, call=call)
    yield from _members(_QUOTED.sub("''", text), line)


def _members(text: str, line: int) -> Iterator[Literal]:
    for match in _MEMBER.finditer(text):
        yield Literal(match[1], line, Form.MEMBER)
