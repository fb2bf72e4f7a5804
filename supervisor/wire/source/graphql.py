"""The names of a GraphQL schema or operation, read by GraphQL's own reference parser for Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from supervisor.wire.source.grammar import imported
from supervisor.wire.source.schema import Name, definitions

if TYPE_CHECKING:
    from graphql.language import Node

REPAIRS = 50  # tokens of one file that are taken out because they are not GraphQL
FEW = 5  # the same of one definition
REPAIRED = 20_000  # characters of a definition that is repaired: it is parsed anew after each token

_OUTLINE = re.compile(
    r'''(?P<skip>"""(?:\\"""|.)*?"""|"(?:\\.|[^"\\\n])*"|\#[^\n]*)|(?P<open>[{(\[])|(?P<shut>[)\]])|(?P<end>})|'''
    r"""^(?P<begin>(?:type|input|enum|interface|extend|query|mutation|subscription|fragment|directive)(?=\s+[\w@{]))""",
    re.S | re.M,
)
_WORTH = re.compile(r"[{(]")
_KINDS = {
    "object_type_definition": "type",
    "input_object_type_definition": "type",
    "enum_type_definition": "type",
    "interface_type_definition": "type",
    "operation_definition": "type",
    "field_definition": "field",
    "input_value_definition": "field",
    "field": "member",
    "enum_value_definition": "constant",
    "enum_value": "constant",
}
_TOKEN = re.compile(r"\w+|\S")

FILLED = "_"
"""The name that stands for what a program puts into an operation."""

_HOLE = r"[$#]\{(?:[^{}]|\{[^{}]*\})*\}|%\(\w+\)s|%[sdv]|\\\((?:[^()]|\([^()]*\))*\)"
_PUT_IN = re.compile(
    rf"""(?P<alone>\(\s*(?:{_HOLE})\s*\))|(?P<hole>{_HOLE})|\\(?P<escaped>["'$`\\])|(?P<blank>\\[nrt])"""
)
_DOUBLED = re.compile(r"(?<!\{)\{[^{}]*\}(?!\})")


def names(source: str) -> Iterator[Name]:
    """The names in their order; of what is broken those that can be told. Raises GrammarError."""
    graphql = imported("graphql", "graphql")  # 100 ms to import, and few repos have such a file
    left = REPAIRS
    for text, above in definitions(source, _OUTLINE, _WORTH):
        tries = min(left, FEW) if len(text) < REPAIRED else 0
        left -= tries
        found: list[Name] | None = None
        while found is None:
            try:
                found = _declared(graphql.parse(text))
            except RecursionError:
                found = []  # nested as nobody nests
            except graphql.GraphQLSyntaxError as error:
                if tries == 0:
                    found = []
                else:
                    tries -= 1
                    text = _repaired(text, error.positions[0])
        left += tries
        yield from (name._replace(line=name.line + above) for name in found)


def embedded(text: str) -> str:
    """An operation as it is sent, of how it stands in a string of another language; its lines stay the same."""
    if "{{" in text:  # as in a format string of Python's
        text = _DOUBLED.sub(_filled, text).replace("{{", "{").replace("}}", "}")
    return _PUT_IN.sub(lambda found: found["escaped"] or (_filled(found) if found["hole"] else _blank(found)), text)


def _filled(found: re.Match[str]) -> str:
    return FILLED + _blank(found)


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n") or " "


def _repaired(text: str, at: int) -> str:
    """`text` without the token that was not expected there; or with the bracket that was, at its end."""
    wrong = _TOKEN.search(text, at)
    return text[: wrong.start()] + " " * len(wrong[0]) + text[wrong.end() :] if wrong else text + "}"


def _declared(document: Node) -> list[Name]:
    """The names in a tree, whose nodes hold others in lists and tuples."""
    found: list[tuple[int, Name]] = []
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (list, tuple)):
            waiting.extend(node)
        elif hasattr(node, "kind"):
            named = node if node.kind == "enum_value" else getattr(node, "name", None)
            text = getattr(named, "value", FILLED)
            if node.kind in _KINDS and named is not None and named.loc is not None and text != FILLED:
                start = named.loc.start_token
                found.append((start.start, Name(_KINDS[node.kind], text, start.line)))
            waiting.extend(getattr(node, key) for key in node.keys if key != "loc")
    return [name for _, name in sorted(found)]
