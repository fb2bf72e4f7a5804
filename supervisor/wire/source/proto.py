"""The names of a protobuf schema, read by the parser that is made of Buf's grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from supervisor.wire.source.grammar import imported
from supervisor.wire.source.schema import Name, definitions

_IDLE = re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|//[^\n]*|/\*.*?\*/|[ \t]+""", re.S)
_OUTLINE = re.compile(
    r"""(?P<skip>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<open>[{(\[])|(?P<shut>[)\]])|(?P<end>})|(?P<stop>;)"""
    r"""|^(?P<begin>(?:message|enum|service|extend)(?=\s+\w))""",
    re.M,
)
_WORTH = re.compile(r"\b(?:package|message|enum|service|extend)\b")
_KINDS = {
    "packageName": "package",
    "messageName": "type",
    "serviceName": "type",
    "methodName": "type",
    "enumName": "type",
    "fieldName": "field",
    "enumValueName": "constant",
}
_OPTION = "messageLiteralFieldName"  # which is a fieldName as well


def names(source: str) -> Iterator[Name]:
    """The names in their order; of what is broken those that can be told. Raises GrammarError."""
    antlr = imported("antlr4", "proto")  # 45 ms to import, and few repos have such a file
    lexer_of = imported("proto_schema_parser.antlr.ProtobufLexer", "proto").ProtobufLexer
    parser_of = imported("proto_schema_parser.antlr.ProtobufParser", "proto").ProtobufParser
    starts = {lexer_of.PACKAGE, lexer_of.MESSAGE, lexer_of.ENUM, lexer_of.SERVICE, lexer_of.EXTEND}
    # The lexer takes every character by itself, in comments and indents too; and few rules know of comments.
    source = _IDLE.sub(lambda idle: idle[1] or "\n" * idle[0].count("\n") or " ", source)
    for text, above in definitions(source, _OUTLINE, _WORTH):
        lexer = lexer_of(antlr.InputStream(text))
        tokens = antlr.CommonTokenStream(lexer)
        parser = parser_of(tokens)
        for one in (lexer, parser):
            one.removeErrorListeners()  # they print
        tokens.fill()
        tokens.seek(next((token.tokenIndex for token in tokens.tokens if token.type in starts), 0))
        rules = _Rules()
        parser.buildParseTrees = False
        parser.addParseListener(rules)
        with suppress(RecursionError):  # nested as nobody nests
            parser.fileElement()
        for rule in rules.ended:
            kind = _KINDS.get(parser.ruleNames[rule.getRuleIndex()])
            if kind and rule.exception is None and rule.stop is not None and not _is_option(parser, rule):
                yield Name(kind, text[rule.start.start : rule.stop.stop + 1], rule.start.line + above)


def _is_option(parser: Any, rule: Any) -> bool:
    above = rule.parentCtx
    return above is not None and parser.ruleNames[above.getRuleIndex()] == _OPTION


class _Rules:
    """A listener of antlr4's (which has no types): the rules that the parser has been through."""

    def __init__(self) -> None:
        self.ended: list[Any] = []

    def enterEveryRule(self, rule: Any) -> None: ...

    def exitEveryRule(self, rule: Any) -> None:
        self.ended.append(rule)

    def visitTerminal(self, node: Any) -> None: ...

    def visitErrorNode(self, node: Any) -> None: ...
