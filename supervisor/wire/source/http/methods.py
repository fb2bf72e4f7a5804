"""Find the HTTP methods that stand beside a route."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from supervisor.regex import regex
from supervisor.wire.source.context import ARGUMENTS, BEFORE

_OBJECTS = frozenset(("object", "initializer_list", "dictionary", "hash", "object_expression"))
_METHODS = regex(rb"GET|POST|PUT|PATCH|DELETE", re.I)
_METHOD_NAMED = regex(
    rb"""\bmethods?["']?\s*[:=]\s*([\[({]?\s*(?:(?:["'.]|HTTP_|HttpMethod\.|RequestMethod\.|http\.Method)*"""
    rb"""(?:GET|POST|PUT|PATCH|DELETE)\b["']?[\s,]{0,3}){1,5})""",
    re.I,
)
_ROUTED = regex(rb"(?<![\w])(get|post|put|patch|delete)\(")  # axum
_CHAINED = regex(rb"\s*\.(?:Methods|methods|via)\(([^()\n]{1,60})\)")
_REQUEST_CLASS = regex(rb"(?:HTTP::|\bHttp)(Get|Post|Put|Patch|Delete)(?:\.new)?\Z")
_CURL = regex(rb"(?:-X|--request)[ =]?[\"']?(GET|POST|PUT|PATCH|DELETE)\b")


def methods_beside(source: bytes, node: Node) -> str:
    """Return the HTTP methods that stand beside a route, as `GET, PUT`: in the other arguments of its call, in the
    fields of the same object, or in the command of a shell."""
    start, end = node.start_byte, node.end_byte
    holder = next((one for one in _above_of(node) if one.type in ARGUMENTS or one.type in _OBJECTS), None)
    if holder is not None:
        behind = source[end : min(holder.end_byte, end + 2 * BEFORE)]
        before = source[max(holder.start_byte, start - BEFORE) : start]
        if named := _METHOD_NAMED.findall(before + b"\n" + behind):
            return _listed(method for one in named for method in _METHODS.findall(one))
        if source[max(0, holder.start_byte - 6) : holder.start_byte].rstrip().endswith((b"route", b"Route")):
            return _listed(_ROUTED.findall(behind))
        after = source[holder.end_byte : holder.end_byte + 60]
        if chained := _CHAINED.match(after):
            return _listed(_METHODS.findall(chained[1]))
        made = _REQUEST_CLASS.search(source[max(0, holder.start_byte - 30) : holder.start_byte])
        return made[1].decode().upper() if made else ""
    line = source.rfind(b"\n", max(0, start - 2 * BEFORE), start) + 1
    sent = _CURL.search(source[max(line, start - 2 * BEFORE) : start])
    return sent[1].decode().upper() if sent else ""


def _above_of(node: Node) -> Iterator[Node]:
    one = node.parent
    for _ in range(4):
        if one is None:
            return
        yield one
        one = one.parent


def _listed(methods: Iterable[bytes]) -> str:
    return ", ".join(sorted({method.decode().upper() for method in methods}))
