"""Read routes that code makes of several parts: builders of URLs, and actions of Django REST framework."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.domain.link import Literal
from supervisor.regex import regex

_MARKS = (b"ppendPath", b"ppendEncodedPath", b"addPathSegment", b"ppendingPath", b"appending(path:", b"JoinPath(")
_ACTION_MARK = b"@action"

_ADDS = (
    rb"(?:appendPath(?:Segments?)?|appendEncodedPath|addPathSegments?|appendingPathComponent|appendingPathSegment"
    rb"|appendPathComponent|appending\(path:|JoinPath)"
)
_PART = rb"""(?:"[^"\n]{0,120}"|[^()"\n]{0,80}(?:\([^()\n]{0,60}\))?)"""
_STEP = regex(rb"\.\s*" + _ADDS + rb"\(?\s*(" + _PART + rb"(?:\s*,\s*" + _PART + rb"){0,7})\s*\)")
_CHAIN_GAP = regex(rb"\s*[?!]{0,2}\s*\Z")
_WORDS = regex(rb"""\s*(?:"([^"\n]*)"|([^,()"\n]+(?:\([^()\n]*\))?))\s*(?:,|\Z)""")
_FILLED = regex(r"\$\{[^{}]*\}|\$\w+|\\\([^()]*\)")
_OPTIONS = regex(rb"""\s*(?:isDirectory|conformingTo)\b|\s*(?:true|false)\s*\Z""")

_ACTION = regex(
    rb"""@action\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*\n(?:[ \t]*@[^\n]*\n)*[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)"""
)
_URL_PATH = regex(rb"""\burl_path\s*=\s*[rf]?["']([^"'\n]{1,80})["']""")
_OF_ONE = regex(rb"\bdetail\s*=\s*True\b")
_VERB = regex(rb"""["'](get|post|put|patch|delete)["']""", re.I)
_GROUP = regex(r"\([^()]*\)")


def literals(language: str, source: bytes) -> Iterator[Literal]:
    """Yield the routes that chains of calls build, and those of methods that `@action` declares."""
    if any(mark in source for mark in _MARKS):
        yield from _built(source)
    if language == "python" and _ACTION_MARK in source:
        yield from _actions(source)


def _built(source: bytes) -> Iterator[Literal]:
    """Yield each chain of at least two parts as one route: `.appendPath("api").appendPath("rides").appendPath(id)`."""
    parts: list[str] = []
    began, end = 0, -1
    for match in _STEP.finditer(source):
        if end < 0 or not _CHAIN_GAP.match(source[end : match.start()]):
            yield from _route(source, parts, began)
            parts, began = [], match.start(1)
        parts += _parts(match[1])
        end = match.end()
    yield from _route(source, parts, began)


def _parts(arguments: bytes) -> Iterator[str]:
    for match in _WORDS.finditer(arguments):
        if match[1] is None:
            if not _OPTIONS.match(match[2]):
                yield "{}"
        else:
            text = _FILLED.sub("{}", match[1].decode("utf-8", "replace")).strip("/")
            yield from filter(None, text.split("/"))


def _route(source: bytes, parts: list[str], start: int) -> Iterator[Literal]:
    """Yield the route of these parts. The first ones may be the address, so they are no words."""
    while parts and parts[0] == "{}":
        parts = parts[1:]
    if len(parts) > 1:
        first = next(part for part in parts if part != "{}")
        yield Literal("/" + "/".join(parts), source.count(b"\n", 0, start) + 1, call="urljoin", raw=first)


def _actions(source: bytes) -> Iterator[Literal]:
    """Yield the route of each action below that of its view set: `/check`, or `/{}/archive` with `detail=True`."""
    for match in _ACTION.finditer(source):
        named = _URL_PATH.search(match[1])
        path = named[1].decode("utf-8", "replace").strip("/") if named else match[2].decode()
        at = match.start(1) + named.start(1) if named else match.start(2)
        above = "/{}" if _OF_ONE.search(match[1]) else ""
        verbs = sorted({verb.decode().upper() for verb in _VERB.findall(match[1])}) or ["GET"]
        for verb in verbs:
            yield Literal(
                f"{above}/{_GROUP.sub('{}', path)}",
                source.count(b"\n", 0, at) + 1,
                call=f"routes.{verb.lower()}",
                handled=True,
                method=verb,
                within="/",
                raw=path,
            )
