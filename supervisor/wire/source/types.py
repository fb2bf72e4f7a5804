"""Read the type with which a field is declared, as written beside its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tree_sitter import Node

from supervisor.regex import regex

LONGEST = 80  # bytes of a type

_BEHIND = regex(rb"\s?[?!]?\s?:\s?([^=;,\n{})(]{1,80})")
_OBJECT = regex(rb"\s?[?!]?\s?:\s?\{")
_FRONT = regex(rb"([A-Za-z_][\w.]*(?:<[^<>\n]{0,60}(?:<[^<>\n]{0,40}>)?>)?(?:\[\])?\??)\s+\Z")
_GO = regex(rb"^\s*\w+(?:\s*,\s*\w+)*[ \t]+(\S[^\n]{0,80}?)\s*\Z")
_PROTO = regex(r"(?:(repeated|optional)\s+)?(map\s*<[^<>]{0,60}>|[A-Za-z_.][\w.]*)\s+\Z")
_SCHEMA = regex(
    r"""\s*:\s*\{[^{}]{0,120}?"?type"?\s*:\s*["'\[]*(\w+)"""
    r"""|\s*:[ \t]*\n(?P<indent>[ ]+)(?=\S)(?:(?!properties)[^\n]{0,120}\n(?P=indent)[ ]*){0,4}?type:\s*["'\[]*(\w+)"""
)
_MODIFIERS = frozenset(
    (b"private", b"public", b"static", b"final", b"return", b"required", b"readonly", b"var", b"new")
)
_WITH_COLON = frozenset(("python", "typescript", "tsx", "rust", "kotlin", "swift"))
_WITH_TYPE_FIRST = frozenset(("java", "csharp"))


def field_type(language: str, source: bytes, start: int, end: int) -> str:
    """Return the type of the field whose name is at these bytes; "" if there is none."""
    if language in _WITH_COLON:
        match = _BEHIND.match(source, end)
        if match is None:
            return "{" if _OBJECT.match(source, end) else ""
        return match[1].decode("utf-8", "replace").strip()
    if language in _WITH_TYPE_FIRST:
        line = source.rfind(b"\n", 0, start) + 1
        match = _FRONT.search(source[max(line, start - LONGEST) : start])
        return match[1].decode("utf-8", "replace") if match and match[1] not in _MODIFIERS else ""
    return ""


_CLASSES = {
    "rust": ("struct_item", regex(rb"#\[derive\([^)]*\b(?:Serialize|Deserialize)\b|#\[repr\([^)]*\bpacked\b"), 200),
    "python": (
        "class_definition",
        regex(rb"class\s+\w+\s*\([^)]*\b(?:BaseModel|Schema|Serializer|TypedDict|Struct)\b"),
        0,
    ),
    "swift": ("class_declaration", regex(rb"(?:struct|class)\s+\w+[^{]*\b(?:Codable|Decodable|Encodable)\b"), 0),
    "kotlin": ("class_declaration", regex(rb"@(?:Serializable|JsonClass)\b"), 0),
}
"""Classes whose fields are data that is sent: the node, what its beginning says, and how much to read before it."""

_PACKED = regex(rb"\bpacked\b|__packed|\bPACKED\b")
_PACK = regex(rb"^[ \t]*#[ \t]*pragma[ \t]+pack[ \t]*\(([^()\n]*)\)", re.M)
_STRUCT = regex(
    rb"\b(?:struct|PACKED_STRUCT)\b([^;{}()]{0,120}(?:\(\([^;{}]{0,60}\)\))?[^;{}()]{0,60})"
    rb"\{([^{}]{1,8000})\}([^;{}]{0,160});"
)
_STRUCT_MEMBER = regex(rb"([A-Za-z_][\w ]{0,60}?)[\s*]+([A-Za-z_]\w*)\s*((?:\[[^\[\]\n]{0,40}\])*)\s*(?::\s*\d+\s*)?;")
_REMARK = regex(rb"//[^\n]*|/\*.*?\*/", re.S)
_BLANK = regex(rb"[^\n]")

_OF_LIST = rb"(?:(?:List|Set|Collection)<|Map<\w+,\s*)?"
_READ = {
    "kotlin": regex(
        rb"\b(?:fromJson|readValue|convertValue|adapter)\([^;{}\n]{0,120}?\b(\w+)::class\b"
        rb"|\b(?:decodeFrom\w+|fromJson|readValue|adapter|body|receive|TypeToken)<" + _OF_LIST + rb"(\w+)>"
    ),
    "java": regex(
        rb"\b(?:fromJson|readValue|treeToValue|convertValue|adapter)\([^;{}\n]{0,120}?\b(\w+)\.class\b"
        rb"|\bType(?:Token|Reference)<" + _OF_LIST + rb"(\w+)>"
    ),
    "csharp": regex(
        rb"\b(?:Deserialize|DeserializeObject|DeserializeAsync|ReadFromJsonAsync|GetFromJsonAsync)<"
        + _OF_LIST
        + rb"(\w+)>"
    ),
    "python": regex(
        rb"\b(?:from_dict|structure|TypeAdapter)\(\s*(?:data_class\s*=\s*)?([A-Z]\w+)\b|\b([A-Z]\w+)\.from_(?:dict|json)\("
    ),
}
"""Calls that read data into a class, which counts if it is of the same file."""

_EXPOSED = regex(rb"@(?:\w+:)?Expose\b(?!\s*\([^)]*false)")  # Gson
_DECLARATIONS = frozenset(("field_declaration", "class_parameter", "property_declaration"))
_NAMED = regex(rb"\b(?:class|record)\s+(\w+)")
_LAST_ITEM = regex(rb"[};]\s")


def is_sent(language: str, source: bytes, field: Node) -> bool:
    """Whether a field or its class says that it is written to data or read from it, or a call in its file does."""
    if _is_exposed(source, field):
        return True
    read = _read_classes(language, source)
    if language not in _CLASSES and not read:
        return False
    kind, says, before = _CLASSES.get(language, ("class_declaration", None, 0))
    one = field.parent
    for _ in range(6):
        if one is None:
            return False
        if one.type == kind:
            head = source[max(0, one.start_byte - before) : one.start_byte]
            own = source[one.start_byte : one.start_byte + 300]
            named = _NAMED.search(own) if read else None
            if named and named[1] in read:
                return True
            return says is not None and says.search(_LAST_ITEM.split(head)[-1] + own) is not None
        one = one.parent
    return False


def _is_exposed(source: bytes, field: Node) -> bool:
    """Whether an annotation of the field says that it is sent."""
    one = field.parent
    while one is not None and one.type not in _DECLARATIONS:
        one = one.parent if one.type == "variable_declarator" else None
    return one is not None and _EXPOSED.search(source, one.start_byte, field.start_byte) is not None


@lru_cache(4)
def _read_classes(language: str, source: bytes) -> frozenset[bytes]:
    """Return the classes that the file reads from data: `gson.fromJson(text, Ride::class.java)`."""
    found = _READ[language].finditer(source) if language in _READ else ()
    return frozenset(name for match in found for name in match.groups() if name)


def packed(source: bytes) -> Iterator[tuple[int, str, str]]:
    """Yield the members of packed structs of C: they are sent byte by byte. Each is a line, a name and a type."""
    if b"packed" not in source and b"PACKED" not in source and b"pragma" not in source:
        return
    source = _REMARK.sub(lambda found: _BLANK.sub(b" ", found[0]), source)
    marks = [(found.start(), b"push" in found[1] or found[1].strip().isdigit()) for found in _PACK.finditer(source)]
    for struct in _STRUCT.finditer(source):
        before = [is_packed for at, is_packed in marks if at < struct.start()]
        if (before and before[-1]) or _PACKED.search(struct[1]) or _PACKED.search(struct[3]):
            for member in _STRUCT_MEMBER.finditer(struct[2]):
                line = source.count(b"\n", 0, struct.start(2) + member.start(2)) + 1
                yield line, member[2].decode("utf-8", "replace"), (member[1] + member[3]).decode("utf-8", "replace")


def tagged_type(source: bytes, tag: int) -> str:
    """Return the type of a field in Go, whose tag begins at this byte."""
    line = source.rfind(b"\n", 0, tag) + 1
    match = _GO.match(source[max(line, tag - 3 * LONGEST) : tag])
    return match[1].decode("utf-8", "replace") if match else ""


def proto_type(definition: str, start: int) -> str:
    """Return the type of a field of protobuf, whose name begins at this character."""
    match = _PROTO.search(definition[max(0, start - LONGEST) : start])
    return "" if match is None else f"repeated {match[2]}" if match[1] == "repeated" else match[2]


def schema_type(behind: str) -> str:
    """Return the type that a JSON schema gives to a property; `behind` is what follows its name."""
    match = _SCHEMA.match(behind)
    return "" if match is None else match[1] or match[3]
