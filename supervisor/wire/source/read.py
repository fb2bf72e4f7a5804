"""Read a source file: its literals and names of data, each with its context. Comments are ignored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from msgspec.structs import replace
from tree_sitter import Node

from supervisor.domain.link import Form, Literal
from supervisor.regex import regex
from supervisor.wire.source import config, grammar, graphql, grpc, installs, packages, plain
from supervisor.wire.source.context import given, in_table, naming, surroundings
from supervisor.wire.source.http import builders, deep_links, rails
from supervisor.wire.source.http.methods import methods_beside
from supervisor.wire.source.http.scopes import Scopes
from supervisor.wire.source.http.statuses import statuses
from supervisor.wire.source.http.streams import Streams, streams
from supervisor.wire.source.languages import LIMIT, word_set
from supervisor.wire.source.literal import bare, is_continued, text_of, unquoted, unwrapped, whole
from supervisor.wire.source.types import field_type, is_sent, packed, tagged_type

LONGEST = 400  # characters of a literal; a longer one is prose or data and is skipped
LONGEST_OF_SQL = 20_000  # bytes of a literal that creates tables
MANY = 4_000  # literals kept of one file
LIMIT_OF_QUERY = 20_000  # bytes of a GraphQL operation
DEEPEST = 500  # nested brackets; a file with more is read without its grammar

_OF_C = frozenset({"c", "cpp"})
_CONFIGS = frozenset({"yaml", "json", "toml", "env", "dockerfile", "proto", "graphql", "sql"})


def literals(language: str, source: bytes) -> tuple[Literal, ...]:
    """Read the literals of a file, in the order of its lines, at most `MANY`. From broken source, those that it can."""
    source = source[:LIMIT]
    if language in packages.LANGUAGES:
        rest = packages.LANGUAGES[language]
        return (*packages.literals(language, source), *(literals(rest, source) if rest else ()))
    if language == "component":
        script, page = _parts(source)
        return tuple(sorted((*literals("typescript", script), *literals("plain", page)), key=lambda word: word.line))
    if language == "app":
        return tuple(deep_links.literals(source))
    installed = installs.literals(source) if language in installs.LANGUAGES else ()
    if language == "commands":
        return tuple(islice(installed, MANY))
    if language in _CONFIGS:
        found: Iterator[Literal] = config.literals(language, source)
    elif language in grammar.languages() and not _is_deep(source):
        found = chain(statuses(source), _code(language, source))
    else:
        found = plain.literals(source)
    return tuple(sorted(islice(chain(installed, found), MANY), key=lambda word: word.line))


_SCRIPT = regex(
    rb"<script\b[^>]{0,400}>(.*?)</script\s*>|\A---[ \t]*\r?\n(.*?)\n---[ \t]*$", re.S | re.I | re.M
)  # of Vue and Svelte, and the beginning of a page of Astro
_NOT_LINES = regex(rb"[^\n]+")


def _parts(source: bytes) -> tuple[bytes, bytes]:
    """The scripts of a component, and its page without them; both with all lines where they were."""
    script, page, end = b"", b"", 0
    for found in _SCRIPT.finditer(source):
        start, stop = found.span(1 if found[1] is not None else 2)
        script += _NOT_LINES.sub(b"", source[end:start]) + source[start:stop]
        page += source[end:start] + _NOT_LINES.sub(b"", source[start:stop])
        end = stop
    return script, page + source[end:]


def _is_deep(source: bytes) -> bool:
    """Whether brackets are nested deeper than DEEPEST. The time of a query grows with the square of the depth."""
    if sum(map(source.count, (b"(", b"[", b"{"))) <= DEEPEST:
        return False
    depth = 0
    for match in _BRACKET.finditer(source):
        depth = max(0, depth + (1 if match[0] in b"([{" else -1))
        if depth > DEEPEST:
            return True
    return False


_BRACKET = regex(rb"[(\[{}\])]")
_TABLES = regex(rb"\bcreate\s+(?:unlogged\s+)?table\b", re.I)
_OPERATION = regex(rb"""\w{0,2}(?:\"{3}|'{3}|["'`])\s*((?:query|mutation|subscription|fragment)\b[^{"'`]{0,400}\{)""")
_LISTENS = regex(
    r"(?:\b(?:listen|serve|bind|run)\w{0,20}\(|port\w{0,20}[\"')\]]{0,3}\s?(?:\|\||\?\?|,|or))\s?[\"']?$", re.I
)
_OF_UUID = regex(r"(?:uuid|guid)\w*[\"')\]]{0,3}\s*(?:[=({:,]\s*){1,3}(?:\(\w+\)\s*)?$", re.I)
_UUID_BYTES = regex(rb"(?:0[xX][0-9a-fA-F]{2}\s*,\s*){15}0[xX][0-9a-fA-F]{2}")  # the last byte first
_UUID_PARTS = regex(
    rb"UUID_128_ENCODE\(\s*0x([0-9a-f]{8}),\s*0x([0-9a-f]{4}),\s*0x([0-9a-f]{4}),\s*0x([0-9a-f]{4}),\s*0x([0-9a-f]{12})",
    re.I,
)
_ATTRIBUTE = regex(r"^\s*@(\w+)\s+$")  # Elixir
_DECLARED = regex(r"\b(?:const|static|final|let|val|constexpr|define)(?=\s)")
_MULTIWORD = regex(r"[a-z0-9](?:[_-][A-Za-z0-9]|[A-Z])")
_CONSTANT = regex(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")
_FILLED = regex(rb"\w+\s*:[^=\n]{0,80}=\s*(Header|Cookie)\b")  # FastAPI
_PORT = regex(r"(?:^|_)[Pp]orts?(?![a-z])|PORT|[a-z]Port")
_DEFINED_NUMBER = regex(rb"\(?-?(0x[0-9a-fA-F]+|\d+(\.\d+)?)[uUlLfF]*\)?")
_ENVIRONMENTS = (b"process.env.", b"import.meta.env.", b"Deno.env.", b"Bun.env.")
_NAMES = {
    "field": Form.FIELD,
    "member": Form.MEMBER,
    "env": Form.ENV,
    "type": Form.USED_TYPE,
    "parameter": Form.FIELD,
    "enum": Form.FIELD,
}
_BODIES = word_set(
    """
    object interface_body object_type class_body class_parameters declaration_list field_declaration_list block hash
    keywords table_constructor
    """
)
"""Nodes that hold the fields of one thing."""

_PLAIN = regex(r"[a-z0-9]+|[A-Z][a-z0-9]*|[A-Z0-9]+")
_CODING = regex(rb"\bCodingKey\b[^{}]*\{[^{}]*\Z")
_SEVERAL = 3
"""Fields of one thing that may prove each other, although their names are plain words."""


def _code(language: str, source: bytes) -> Iterator[Literal]:
    found = grammar.captures(language, source)
    imports = {node.start_byte for node in found.get("import", ())}
    end = -1
    streaming, scopes = streams(source), Scopes(source)
    if language == "ruby" and rails.MARK in source:
        yield from rails.literals(source)
        return
    for node in islice(found.get("string", ()), 2 * MANY):
        if node.start_byte >= end and node.start_byte not in imports:  # else it is inside one that was read
            end = node.end_byte
            yield from _query(source, node) or _string(language, source, node, scopes, streaming)
    for node in found.get("number", ()):
        yield from _number(source, node)
    for node in found.get("define", ()):
        yield from _define(source, node)
    for node in found.get("tag", ()):
        yield Literal(_text(source, node).strip("`"), _line(node), Form.TAG, type=tagged_type(source, node.start_byte))
    yield from _imports(language, source, found.get("import", ()))
    yield from _names(language, source, found)
    yield from grpc.literals(source)
    yield from builders.literals(language, source)
    if language in _OF_C:
        yield from (Literal(name, line, Form.FIELD, type=of, sent=True) for line, name, of in packed(source))
    if language in _OF_C and (b"UUID" in source or b"uuid" in source):
        yield from _uuids(source)
    yield from scopes.bare()


def _query(source: bytes, node: Node) -> list[Literal]:
    """Read the literals of a GraphQL operation that is a string of another language."""
    text = source[node.start_byte : min(node.end_byte, node.start_byte + LIMIT_OF_QUERY)]
    begins = _OPERATION.match(text)
    if begins is None:
        return []
    inner, above = text[begins.start(1) :].rstrip(b"`\"')"), _line(node) - 1 + text[: begins.start(1)].count(b"\n")
    sent = graphql.embedded(inner.decode("utf-8", "replace")).encode()
    return [replace(word, line=word.line + above) for word in config.literals("graphql", sent)]


def _string(language: str, source: bytes, node: Node, scopes: Scopes, streaming: Streams | None) -> Iterator[Literal]:
    length = node.end_byte - node.start_byte
    end = min(node.end_byte, node.start_byte + LONGEST_OF_SQL)
    tables = length > LONGEST and _TABLES.search(source, node.start_byte, end)
    if not 2 < length <= (LONGEST_OF_SQL if tables else 4 * LONGEST):
        return
    if (
        language == "python"
        and node.parent is not None
        and node.parent.type in ("expression_statement", "module", "block")
    ):
        return  # a docstring
    top = whole(source, node)
    if top != node and source[node.start_byte + 1 : node.start_byte + 2] == b"/" and is_continued(source, node):
        return
    text = text_of(language, source, node, top)
    if (len(text) > LONGEST and not tables) or not (any(map(str.isalnum, text)) or text in ("/{}", "{}")):
        return
    routed = "/" in text or (scopes.everywhere and " " not in text)
    if language in _OF_C:
        top = unwrapped(source, top)
    around = surroundings(source, top, path=routed)
    named = naming(language, source, top, in_macro=around.call.endswith("!"))
    if "/" in text and not around.method:
        in_table(source, top, around, is_key=named.is_key)
    if routed:
        scopes.add(top, around)
    if streaming is not None and "/" in text and (stream := streaming.of(top)):
        around.method, around.handled = stream.kind, stream.served
    raw = bare(source[node.start_byte : node.end_byte].partition(b"\n")[0].decode("utf-8", "replace"))
    yield Literal(
        text,
        _line(node),
        call=around.call,
        at=around.at,
        handled=around.handled,
        method=around.method,
        key=named.key,
        of=named.of,
        is_key=named.is_key,
        decorates=around.decorates,
        within=around.within,
        case=named.case,
        listed=named.listed,
        raw="" if raw == text else raw,
        methods=methods_beside(source, top) if "/" in text and not around.method else "",
    )


def _number(source: bytes, node: Node) -> Iterator[Literal]:
    """Read a number that is assigned to a name which may mean something to another repo."""
    start = node.start_byte
    line = source.rfind(b"\n", max(0, start - 100), start) + 1
    before = source[max(line, start - 100) : start].decode("utf-8", "replace")
    if _LISTENS.search(before):
        yield Literal(_text(source, node), _line(node), Form.NUMBER, key="port")
        return
    if _OF_UUID.search(before):
        yield Literal(_text(source, node).rstrip("uUlL"), _line(node), Form.NUMBER, key="uuid")
        return
    attribute = _ATTRIBUTE.search(before)
    key = attribute[1] if attribute else "" if before.rstrip().endswith("(") else given(before).rpartition(".")[2]
    if key and (attribute or _CONSTANT.fullmatch(key) or _DECLARED.search(before) or _PORT.search(key)):
        yield Literal(_text(source, node).rstrip("uUlL"), _line(node), Form.NUMBER, key=key)


def _define(source: bytes, node: Node) -> Iterator[Literal]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None or value.end_byte - value.start_byte > LONGEST:
        return
    raw = re.sub(rb"\s*(/[/*].*)?$", b"", source[value.start_byte : value.end_byte]).strip()
    if raw[:1] == b'"' and raw[-1:] == b'"' and len(raw) > 2:
        yield Literal(unquoted("c", raw), _line(node), key=_text(source, name))
    elif _DEFINED_NUMBER.fullmatch(raw):
        yield Literal(raw.strip(b"()").decode(), _line(node), Form.NUMBER, key=_text(source, name))


def _uuids(source: bytes) -> Iterator[Literal]:
    """Read the UUIDs of firmware that are written as bytes or as numbers."""
    for match in islice(_UUID_BYTES.finditer(source), MANY):
        digits = re.findall(rb"0[xX](..)", match[0])[::-1]
        parts = [b"".join(digits[start:end]) for start, end in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 16))]
        yield _uuid(source, match, parts)
    for match in islice(_UUID_PARTS.finditer(source), MANY):
        yield _uuid(source, match, match.groups())


def _uuid(source: bytes, match: re.Match[bytes], parts: Iterable[bytes]) -> Literal:
    text = b"-".join(parts).decode("ascii").lower()
    return Literal(text, source.count(b"\n", 0, match.start()) + 1, key="uuid", raw=match[0].decode("utf-8", "replace"))


def _imports(language: str, source: bytes, nodes: Iterable[Node]) -> Iterator[Literal]:
    """List each imported package once, where it is first imported. Relative imports are skipped."""
    seen: set[str] = set()
    for node in nodes:
        text = _text(source, node).strip("\"'")
        if text not in seen and not text.startswith("."):
            seen.add(text)
            yield Literal(text, _line(node), Form.PACKAGE, key="imports", call=language)


def _names(language: str, source: bytes, found: Mapping[str, list[Node]]) -> Iterator[Literal]:
    """List the identifiers, each once for a form, where it first occurs; a field with a type at each declaration."""
    seen: set[tuple[str, Form]] = set()
    for capture, usual in _NAMES.items():
        for node in found.get(capture, ()):
            text = _text(source, node).rstrip(": ")
            if capture == "field" and _PLAIN.fullmatch(text) and not _among_others(node, text, seen):
                continue
            declared, sent = "", False
            if capture == "field" and node.parent is not None and node.parent.type != "pair":
                declared = field_type(language, source, node.start_byte, node.end_byte)
                sent = bool(declared) and is_sent(language, source, node)
            if not text or (not declared and (text, usual) in seen):
                continue
            if (name := _name(language, source, node, capture, text)) is None:
                continue
            seen.add((text, name.form))
            yield replace(name, type=declared, sent=sent) if declared else name


def _among_others(node: Node, text: str, seen: set[tuple[str, Form]]) -> bool:
    """Whether a plain word is the name of a field beside others."""
    if len(text) < _SEVERAL or ((text, Form.FIELD) in seen and node.type == "shorthand_property_identifier"):
        return False
    body = node.parent
    for _ in range(4):
        if body is None or body.type in _BODIES:
            break
        body = body.parent
    return body is not None and body.named_child_count >= _SEVERAL and body.type in _BODIES


def _name(language: str, source: bytes, node: Node, capture: str, text: str) -> Literal | None:
    """Turn an identifier into a literal; None if it is only a name of the program itself."""
    form, key = _NAMES[capture], ""
    match capture:
        case "member" if source[max(0, node.start_byte - 20) : node.start_byte].endswith(_ENVIRONMENTS):
            form = Form.ENV
        case "member" if not _MULTIWORD.search(text) or source[node.end_byte : node.end_byte + 1] == b"(":
            return None
        case "type" if len(text) < 6 or not _MULTIWORD.search(text):
            return None
        case "env" if not text.isupper():
            return None
        case "enum" if b"CodingKey" in source and _CODING.search(
            source[max(0, node.start_byte - 400) : node.start_byte]
        ):
            return None  # of Swift: the fields have these names, too
        case "enum":
            key = "enum"
        case "parameter" if language == "php":
            key = "Query"
        case "parameter":
            filled = _FILLED.match(source, node.start_byte)
            if filled is None:
                return None
            key = filled[1].decode()
    return Literal(text, _line(node), form, key=key)


def _text(source: bytes, node: Node) -> str:
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _line(node: Node) -> int:
    return node.start_point[0] + 1
