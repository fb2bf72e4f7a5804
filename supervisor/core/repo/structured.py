"""Parse untrusted YAML, TOML, JSON and XML into plain values. Malformed or hostile input raises Malformed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from xml.parsers import expat

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

YAML_LIMIT = 48 << 10
"""Bytes of a YAML file: the parser reads 180 KB a second, and a hostile file of this size takes it a second."""

LIMIT = 512 << 10
"""Bytes of any other file."""

DEEPEST = 60
"""Levels of nesting: no person writes more."""

NODES = 20_000
"""Values of one YAML file, aliases counted each time: a YAML bomb expands to many thousand times its size."""


class Malformed(Exception):
    """The text cannot be parsed. The message says why."""


class Value(Struct, frozen=True):
    """A YAML value: a text, a list, or a mapping with texts as keys."""

    data: str | tuple[Value, ...] | dict[str, Value]
    line: int  # where it begins, from 1

    @property
    def text(self) -> str:
        """The text; "" for a list or a mapping."""
        return self.data if isinstance(self.data, str) else ""

    @property
    def items(self) -> tuple[Value, ...]:
        """The entries of a list. A text counts as a list with one entry; a mapping and "" have none."""
        return (
            self.data if isinstance(self.data, tuple) else (self,) if self.data and isinstance(self.data, str) else ()
        )

    @property
    def pairs(self) -> dict[str, Value]:
        """The entries of a mapping; {} for a text or a list."""
        return self.data if isinstance(self.data, dict) else {}

    def at(self, *keys: str) -> Value:
        """Return the value below these keys, or an empty one."""
        found = self
        for key in keys:
            found = found.pairs.get(key, Value("", found.line))
        return found


def read_yaml(content: bytes) -> Value:
    """Parse the first document of a YAML file. Tags create no objects. Raises Malformed."""
    if len(content) > YAML_LIMIT:
        raise Malformed(f"it is larger than {YAML_LIMIT >> 10} KiB")
    text = content.decode("utf-8", "replace")
    if _nesting(text) > DEEPEST:
        raise Malformed("it is nested too deep")
    first = re.split(r"\n(?:---|\.\.\.)\s*?(?=\n)", text.removeprefix("---"), maxsplit=1)[0]
    try:
        node = YAML(typ="safe", pure=True).compose(first)
    except Exception as error:  # Fed junk, the parser raises more kinds of errors than it documents.
        raise Malformed(f"it is not YAML{_where(error)}") from error
    return _value(node, 0, [NODES])


def read_toml(content: bytes) -> dict[str, object]:
    """Parse a TOML file. Raises Malformed."""
    text = _text(content)
    if max((line.count(".") for line in text.splitlines()), default=0) > 1000 or _nesting(text) > DEEPEST:
        raise Malformed("it is nested too deep")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise Malformed("it is not TOML") from error


def read_json(content: bytes) -> dict[str, object]:
    """Parse a JSON file that is an object. Lines with nothing but a `//` comment are allowed. Raises Malformed."""
    text = _text(content)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
        except (ValueError, RecursionError) as error:
            raise Malformed("it is not JSON") from error
    if not isinstance(found, dict):
        raise Malformed("it is not a JSON object")
    return found


def read_xml(content: bytes, deepest: int = DEEPEST) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Yield the elements of an XML file that contain text: (names from the root, text, line). Raises Malformed."""
    if len(content) > LIMIT:
        raise Malformed(f"it is larger than {LIMIT >> 10} KiB")
    if re.search(rb"<!(DOCTYPE|ENTITY)", content):
        raise Malformed("it defines entities")
    found: list[tuple[tuple[str, ...], str, int]] = []
    path: list[str] = []
    texts: list[str] = []
    parser = expat.ParserCreate()

    def begin(name: str, _: dict[str, str]) -> None:
        if len(path) >= deepest:
            raise Malformed("it is nested too deep")
        path.append(name.rpartition(":")[2])
        texts.append("")

    def collect(text: str) -> None:
        if texts and len(texts[-1]) < 1000:
            texts[-1] += text

    def end(_: str) -> None:
        if texts[-1].strip():
            found.append((tuple(path), texts[-1].strip(), parser.CurrentLineNumber))
        path.pop()
        texts.pop()

    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = begin, collect, end
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Malformed("it is not XML") from error
    return iter(found)


def table(value: object) -> dict[str, object]:
    """Return the value if it is a table, else {}."""
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[object]:
    """Return the value if it is a list, else []."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Return a text or a number as text, else ""."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _text(content: bytes) -> str:
    if len(content) > LIMIT:
        raise Malformed(f"it is larger than {LIMIT >> 10} KiB")
    return content.decode("utf-8", "replace").removeprefix("\ufeff")


def _nesting(text: str) -> int:
    """Return how deep brackets are nested. Those inside strings count too, so the result may be too high."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[{}\]]", text):
        depth = depth + 1 if bracket in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _value(node: Node | None, depth: int, left: list[int]) -> Value:
    left[0] -= 1
    if left[0] < 0:
        raise Malformed("its aliases make it too large")
    if depth > DEEPEST:
        raise Malformed("it is nested too deep")
    if node is None:
        return Value("", 1)
    line = node.start_mark.line + 1
    match node:
        case MappingNode():
            pairs = {}
            for key, value in node.value:
                if isinstance(key, ScalarNode):
                    pairs[str(key.value)] = _value(value, depth + 1, left)
            return Value(pairs, line)
        case SequenceNode():
            return Value(tuple(_value(item, depth + 1, left) for item in node.value), line)
        case ScalarNode():
            # The text of a block scalar (`|`, `>`) begins on the line below its mark.
            return Value(str(node.value), line + (node.style in ("|", ">")))
    return Value("", line)


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark is not None else ""
