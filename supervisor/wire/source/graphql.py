"""Read the names of a GraphQL schema or operation with GraphQL's reference parser for Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from supervisor.regex import regex
from supervisor.wire.source.grammar import imported
from supervisor.wire.source.schema import Name, definitions

if TYPE_CHECKING:
    from graphql.language import Node

REPAIRS = 50  # tokens that are removed from one file because they are not GraphQL
FEW = 5  # the same for one definition
REPAIRED = 20_000  # characters; a longer definition is not repaired, because each repair parses all of it again

_OUTLINE = regex(
    r'''(?P<skip>"""(?:\\"""|.)*?"""|"(?:\\.|[^"\\\n])*"|\#[^\n]*)|(?P<open>[{(\[])|(?P<shut>[)\]])|(?P<end>})|'''
    r"""^(?P<begin>(?:type|input|enum|interface|extend|query|mutation|subscription|fragment|directive)(?=\s+[\w@{]))""",
    re.S | re.M,
)
_WORTH = regex(r"[{(]")
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
_TOKEN = regex(r"\w+|\S")

FILLED = "_"
"""The name that replaces what a program inserts into an operation at run time."""

_HOLE = r"[$#]\{(?:[^{}]|\{[^{}]*\})*\}|%\(\w+\)s|%[sdv]|\\\((?:[^()]|\([^()]*\))*\)"
_PUT_IN = regex(rf"""(?P<alone>\(\s*(?:{_HOLE})\s*\))|(?P<hole>{_HOLE})|\\(?P<escaped>["'$`\\])|(?P<blank>\\[nrt])""")
_DOUBLED = regex(r"(?<!\{)\{[^{}]*\}(?!\})")


def names(source: str) -> Iterator[Name]:
    """Read the names, in their order; from a broken file those that can be read. Raises GrammarError."""
    graphql = imported("graphql", "graphql")  # takes 100 ms, and few repos have such a file
    left = REPAIRS
    for text, above in definitions(source, _OUTLINE, _WORTH):
        tries = min(left, FEW) if len(text) < REPAIRED else 0
        left -= tries
        found: list[Name] | None = None
        while found is None:
            try:
                found = _declared(graphql.parse(text))
            except RecursionError:
                found = []  # nested deeper than anybody writes
            except graphql.GraphQLSyntaxError as error:
                if tries == 0:
                    found = []
                else:
                    tries -= 1
                    text = _repaired(text, error.positions[0])
        left += tries
        yield from (name._replace(line=name.line + above) for name in found)


def embedded(text: str) -> str:
    """Turn an operation in a string of another language into the operation that is sent. Line numbers stay the same."""
    if "{{" in text:  # a Python format string
        text = _DOUBLED.sub(_filled, text).replace("{{", "{").replace("}}", "}")
    return _PUT_IN.sub(lambda found: found["escaped"] or (_filled(found) if found["hole"] else _blank(found)), text)


def _filled(found: re.Match[str]) -> str:
    return FILLED + _blank(found)


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n") or " "


def _repaired(text: str, at: int) -> str:
    """Remove the unexpected token at a position; at the end of the text, add the missing bracket."""
    wrong = _TOKEN.search(text, at)
    return text[: wrong.start()] + " " * len(wrong[0]) + text[wrong.end() :] if wrong else text + "}"


def _type(node: Node) -> str:
    """Return the type of a field that is declared, as written."""
    kind = getattr(node, "type", None) if node.kind in ("field_definition", "input_value_definition") else None
    around = "{}"
    while kind is not None and getattr(kind, "type", None) is not None:
        around = around.replace("{}", "[{}]") if kind.kind == "list_type" else around
        kind = kind.type
    return "" if kind is None else around.replace("{}", kind.name.value)


def _declared(document: Node) -> list[Name]:
    """List the names in a syntax tree, in the order of the source."""
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
                found.append((start.start, Name(_KINDS[node.kind], text, start.line, _type(node))))
            waiting.extend(getattr(node, key) for key in node.keys if key != "loc")
    return [name for _, name in sorted(found)]
