"""Normalize the types of declared fields, so that those of one language can be compared with each other."""

from __future__ import annotations

import re

from supervisor.core.map.mention.stopwords import word_set
from supervisor.regex import regex

_STRING = word_set("str string text char id uuid cstring url uri symbol")
_INTEGER = regex(
    r"u?int(?:eger)?\d*(?:_t)?|[ui](?:8|16|32|64|128)|[ui]size|u?long|u?short|u?byte|s?fixed\d+|sint\d+|bigint"
)
_NUMBER = regex(r"number|float\d*|double|f32|f64|(?:big)?decimal|real|cgfloat|single")
_BOOLEAN = word_set("bool boolean")
_OBJECT = word_set(
    """
    dict map record hashmap btreemap object any interface{} json jsonobject mapping dictionary struct value
    """
)
_LIST = regex(
    r"(?:list|array|vec|sequence|set|hashset|readonlyarray|iterable|collection|ilist|ienumerable|mutablelist|tuple)"
    r"\s*[<\[](.*)[>\]]\s*\Z"
)
_MAYBE = regex(r"(?:optional|option|maybe|nullable|annotated|box|arc|rc|mapped|clientgenerated)\s*[<\[](.*)[>\]]\s*\Z")
_NOTHING = frozenset(("null", "none", "undefined", "nil"))
_DEEPEST = 6


def type_name(text: str, depth: int = 0) -> str:
    """Normalize a type as written: `string`, `integer`, `number`, `boolean`, `list of ...`, `object` or `other`.

    "" if nothing is written. What only says that a value may be missing does not count: `int | None` is `integer`.
    """
    bare = re.sub(r"&\s*('\w+\s+)?(mut\s+)?|\bmut\s+", "", text.strip()).strip("*?! ").lower()
    if not bare or depth > _DEEPEST:
        return "other" if bare else ""
    alternatives = [part.strip() for part in bare.split("|")] if "<" not in bare and "[" not in bare[:-2] else [bare]
    if len(alternatives) > 1:
        kinds = {type_name(part, depth + 1) for part in alternatives if part not in _NOTHING}
        return kinds.pop() if len(kinds) == 1 else "other"
    bare = re.sub(r"\s*\|\s*(?:null|none|undefined)\b", "", bare).strip("*?! ")
    if bare[:1] in "\"'`":
        return "string"
    if maybe := _MAYBE.match(bare):
        return type_name(maybe[1].split(",")[0], depth + 1)
    if bare.startswith("repeated "):
        return f"list of {type_name(bare.removeprefix('repeated '), depth + 1)}"
    if bare.startswith("[]"):
        return f"list of {type_name(bare[2:], depth + 1)}"
    if bare.endswith("[]"):
        return f"list of {type_name(bare[:-2].strip('()'), depth + 1)}"
    if found := _LIST.match(bare):
        return f"list of {type_name(found[1].split(',')[0], depth + 1)}"
    if bare.startswith("[") and bare.endswith("]"):  # Swift, GraphQL
        return "object" if ":" in bare else f"list of {type_name(bare[1:-1], depth + 1)}"
    head = re.split(r"[<\[({ ]", bare)[0].rpartition(".")[2].rpartition("::")[2]
    if bare.startswith("{") or head in _OBJECT or bare in _OBJECT:
        return "object"
    if head in _STRING:
        return "string"
    if head in _BOOLEAN:
        return "boolean"
    if head in ("list", "array"):
        return "list"
    return "integer" if _INTEGER.fullmatch(head) else "number" if _NUMBER.fullmatch(head) else "other"
