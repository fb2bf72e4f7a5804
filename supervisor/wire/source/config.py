"""Read the literals of declarative files: YAML, JSON, TOML, `.env`, Dockerfiles, protobuf, GraphQL, SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from supervisor.domain.link import Form, Literal
from supervisor.regex import regex
from supervisor.wire.source import grammar, graphql, proto
from supervisor.wire.source.schema import Name
from supervisor.wire.source.types import schema_type

LONGEST = 300  # characters of a value; a longer one is prose
DEEPEST = 12  # keys of a path that are kept, from the innermost up


def literals(language: str, source: bytes) -> Iterator[Literal]:
    """Read the literals of one file.

    In nested data, `within` is the path of keys down to the literal, such as `paths./v1/devices`.
    """
    match language:
        case "env":
            return _env(source)
        case "dockerfile":
            return _dockerfile(source)
        case "toml":
            return _toml(source)
        case "sql":
            return _sql(source)
        case "proto":
            return _schema(language, proto.names(source.decode("utf-8", "replace")))
        case "graphql":
            return _schema(language, graphql.names(source.decode("utf-8", "replace")))
    return _nested(language, source)


def _env(source: bytes) -> Iterator[Literal]:
    """Read the names and the ports. Other values may be secrets."""
    for number, line in enumerate(source.decode("utf-8", "replace").splitlines(), 1):
        if match := re.match(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*[\"']?([^\"'\s]*)", line):
            yield Literal(match[1], number, Form.ENV, is_key=True)
            if match[1].upper().endswith("PORT") and match[2].isdigit():
                yield Literal(match[2], number, Form.NUMBER, key=match[1], is_key=True)


def _dockerfile(source: bytes) -> Iterator[Literal]:
    env = False
    for number, line in enumerate(source.decode("utf-8", "replace").splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        if match := re.match(r"\s*(ENV|ARG)\s+(.*)", line, re.I):
            env, rest = True, match[2]
        elif match := re.match(r"\s*EXPOSE\s+(.*)", line, re.I):
            for port in re.findall(r"\d{2,5}", match[1]):
                yield Literal(port, number, Form.NUMBER, key="port", is_key=True)
            continue
        elif env:
            rest = line
        else:
            continue
        for pair in re.finditer(r"([A-Z_][A-Z0-9_]+)(?:=|\s+(?=\S+$))(\"[^\"]*\"|\S+)?", rest):
            yield Literal(pair[1], number, Form.ENV, is_key=True)
            if pair[2]:
                yield Literal(pair[2].strip('"'), number, Form.STRING, key=pair[1])
        env = line.rstrip().endswith("\\")


def _toml(source: bytes) -> Iterator[Literal]:
    """Read line by line: in practice TOML has one table or key on a line."""
    table = ""
    for number, line in enumerate(source.decode("utf-8", "replace").splitlines(), 1):
        bare = line.split(" #")[0].strip()
        if match := re.fullmatch(r"\[+\s*([\w.\-\" ]+?)\s*\]+", bare):
            table = match[1].replace('"', "")
        elif match := re.match(r"([\w.\-\"]+)\s*=\s*(.*)", bare):
            key = match[1].strip('"')
            yield Literal(key, number, Form.FIELD, is_key=True, key=table, within=f"{table}.{key}")
            for text in re.findall(r"\"([^\"]{2,300})\"|'([^']{2,300})'", match[2]):
                yield Literal(text[0] or text[1], number, Form.STRING, key=key, within=f"{table}.{key}")
            if re.fullmatch(r"\d{2,9}", match[2]):
                yield Literal(match[2], number, Form.NUMBER, key=key, within=f"{table}.{key}")


_SQL_COMMENT = regex(r"--[^\n]*|/\*.*?\*/", re.S)


def _sql(source: bytes) -> Iterator[Literal]:
    text = _SQL_COMMENT.sub(lambda found: "\n" * found[0].count("\n"), source.decode("utf-8", "replace"))
    line = 1
    for statement in re.split(r";", text):
        lead = len(statement) - len(statement.lstrip())
        first = line + statement[:lead].count("\n")
        yield Literal(statement.strip()[:4000], first, Form.STRING, call="sql")
        line += statement.count("\n")


_FORMS = {"type": Form.TYPE, "field": Form.FIELD, "member": Form.MEMBER, "package": Form.TYPE}


def _schema(language: str, names: Iterable[Name]) -> Iterator[Literal]:
    for name in names:
        if name.kind == "constant":
            yield Literal(name.text, name.line, Form.STRING, key="enum", call=language)
        else:
            yield Literal(name.text, name.line, _FORMS[name.kind], key=name.kind, call=language, type=name.type)


def _nested(language: str, source: bytes) -> Iterator[Literal]:
    """Read every key and value of YAML or JSON, with the path of keys that leads to it."""
    found = grammar.captures(language, source)
    keys = {node.start_byte for node in found.get("key", ())}
    pairs = iter(found.get("pair", ()))
    stack: list[tuple[int, str]] = []  # the pairs that are open: where each ends, and its key
    pair = next(pairs, None)
    for node in found.get("scalar", ()):
        start = node.start_byte
        while pair is not None and pair.start_byte <= start:
            while stack and stack[-1][0] <= pair.start_byte:
                stack.pop()
            stack.append((pair.end_byte, _key(source, pair)))
            pair = next(pairs, None)
        while stack and stack[-1][0] <= start:
            stack.pop()
        text = source[start : node.end_byte].decode("utf-8", "replace").strip("\"'")
        if not text or len(text) > LONGEST:
            continue
        is_key = start in keys
        path = [key for _, key in stack[-DEEPEST:]]
        above = path[:-1] if is_key else path
        number = text.isdigit()
        declared = is_key and above[-1:] == ["properties"]
        yield Literal(
            text,
            node.start_point[0] + 1,
            Form.NUMBER if number and not is_key else Form.STRING,
            key=above[-1] if above else "",
            is_key=is_key,
            call=language,
            within=".".join(above),
            type=schema_type(source[node.end_byte : node.end_byte + 600].decode("utf-8", "replace"))
            if declared
            else "",
        )


def _key(source: bytes, pair: Node) -> str:
    key = pair.child_by_field_name("key")
    return "" if key is None else source[key.start_byte : key.end_byte].decode("utf-8", "replace").strip("\"'")
