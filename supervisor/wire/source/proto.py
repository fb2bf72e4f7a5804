"""Read the names of a protobuf schema with the parser that is generated from Buf's grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

from supervisor.regex import regex
from supervisor.wire.source.grammar import imported
from supervisor.wire.source.schema import Name, definitions
from supervisor.wire.source.types import proto_type

_IDLE = regex(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|//[^\n]*|/\*.*?\*/|[ \t]+""", re.S)
_OUTLINE = regex(
    r"""(?P<skip>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<open>[{(\[])|(?P<shut>[)\]])|(?P<end>})|(?P<stop>;)"""
    r"""|^(?P<begin>(?:message|enum|service|extend)(?=\s+\w))""",
    re.M,
)
_WORTH = regex(r"\b(?:package|message|enum|service|extend)\b")
_KINDS = {
    "packageName": "package",
    "messageName": "type",
    "serviceName": "type",
    "methodName": "type",
    "enumName": "type",
    "fieldName": "field",
    "enumValueName": "constant",
}
_OPTION = "messageLiteralFieldName"  # a rule that contains a fieldName too


def names(source: str) -> Iterator[Name]:
    """Read the names, in their order; from a broken file those that can be read. Raises GrammarError."""
    antlr = imported("antlr4", "proto")  # takes 45 ms, and few repos have such a file
    lexer_of = imported("proto_schema_parser.antlr.ProtobufLexer", "proto").ProtobufLexer
    parser_of = imported("proto_schema_parser.antlr.ProtobufParser", "proto").ProtobufParser
    starts = {lexer_of.PACKAGE, lexer_of.MESSAGE, lexer_of.ENUM, lexer_of.SERVICE, lexer_of.EXTEND}
    # Remove comments and indents first: the lexer makes a token of each of their characters, and few rules allow
    # comments.
    source = _IDLE.sub(lambda idle: idle[1] or "\n" * idle[0].count("\n") or " ", source)
    for text, above in definitions(source, _OUTLINE, _WORTH):
        lexer = lexer_of(antlr.InputStream(text))
        tokens = antlr.CommonTokenStream(lexer)
        parser = parser_of(tokens)
        for one in (lexer, parser):
            one.removeErrorListeners()  # they print to stderr
        tokens.fill()
        tokens.seek(next((token.tokenIndex for token in tokens.tokens if token.type in starts), 0))
        rules = _Rules()
        parser.buildParseTrees = False
        parser.addParseListener(rules)
        with suppress(RecursionError):  # nested deeper than anybody writes
            parser.fileElement()
        names_of: list[str] = parser.ruleNames
        for rule in rules.completed:
            kind = _KINDS.get(names_of[rule.getRuleIndex()])
            within = names_of[rule.parentCtx.getRuleIndex()] if rule.parentCtx is not None else ""
            if kind and within != _OPTION and rule.exception is None and rule.stop is not None:
                written = proto_type(text, rule.start.start) if kind == "field" else ""
                yield Name(kind, text[rule.start.start : rule.stop.stop + 1], rule.start.line + above, written)


class _Token(Protocol):
    start: int
    stop: int
    """Where its first and its last character are."""
    line: int


class _Rule(Protocol):
    """What is used of a rule of antlr4's, which has no types of its own."""

    start: _Token
    stop: _Token | None
    exception: Exception | None
    parentCtx: _Rule | None

    def getRuleIndex(self) -> int: ...


class _Rules:
    """A listener that collects the rules which the parser has completed."""

    def __init__(self) -> None:
        self.completed: list[_Rule] = []

    def enterEveryRule(self, rule: _Rule) -> None: ...

    def exitEveryRule(self, rule: _Rule) -> None:
        self.completed.append(rule)

    def visitTerminal(self, node: object) -> None: ...

    def visitErrorNode(self, node: object) -> None: ...
