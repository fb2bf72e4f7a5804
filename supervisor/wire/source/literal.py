"""Read the text of a string literal: without quotes, and with `{}` for each value that is inserted at run time."""

from __future__ import annotations

import re

from tree_sitter import Node

from supervisor.regex import regex

_SUMS = frozenset({"binary_operator", "binary_expression", "additive_expression", "concatenated_string"})
_PLUS = (b"+", b".", b"<>", b"&", b'"', b"'")
"""Signs after or before a literal that is joined with another."""

_OPENS = regex(r"""[A-Za-z@$#]{0,3}(?:\"\"\"|'''|["'`]|\#+")""")
_SHUTS = regex(r"""(?:\"\"\"|'''|["'`]|"\#+)\Z""")
_TAIL = regex(rb"""\s*\+\s*[\w.()\[\]]{1,60}\s*\+\s*(["'`][^"'`\n]{1,80}["'`])""")
_CONTINUES = regex(rb"""/[^"'`\n]{0,80}["'`]\s*\+\s*[\w.()\[\]]{1,60}\s*\+\s*\Z""")
_SIDE_BY_SIDE = regex(r'"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*)')
_STORED = regex(rb"(?:F|FPSTR|PSTR|TEXT|_T|QStringLiteral|QLatin1String(?:View)?)\(\s*\Z")
_HOLES = {
    "python": regex(r"\{[^{}]*\}|%\(\w+\)[sdif]|%[sdif]"),
    "javascript": regex(r"\$\{(?:[^{}]|\{[^{}]*\})*\}"),
    "go": regex(r"%[+#]?[svdqxt]"),
    "rust": regex(r"\{[^{}]*\}"),
    "java": regex(r"%[sdf]"),
    "kotlin": regex(r"\$\{[^{}]*\}|\$\w+|%[sd]"),
    "swift": regex(r"\\\((?:[^()]|\([^()]*\))*\)|%[@d]"),
    "c": regex(r"%[\d.l]*[sdiuxXfz]+"),
    "csharp": regex(r"\{[^{}]*\}"),
    "ruby": regex(r"#\{[^{}]*\}|%[sd]"),
    "php": regex(r"\{?\$[\w>\-\[\]']+\}?|%[sd]"),
    "dart": regex(r"\$\{[^{}]*\}|\$\w+"),
    "elixir": regex(r"#\{[^{}]*\}"),
    "bash": regex(r"\$\{[^{}]*\}|\$\w+"),
    "hcl": regex(r"\$\{[^{}]*\}"),
    "scala": regex(r"\$\{[^{}]*\}|\$\w+"),
}
for _same, _as in (("typescript", "javascript"), ("tsx", "javascript"), ("cpp", "c")):
    _HOLES[_same] = _HOLES[_as]


def whole(source: bytes, node: Node) -> Node:
    """Find the concatenation that a literal is part of, such as `"/v1/" + id`; else return the literal itself."""
    top = node
    while top.parent is not None and top.parent.type in _SUMS:
        top = top.parent
    if top.start_byte < node.start_byte:
        joined = source[max(top.start_byte, node.start_byte - 40) : node.start_byte].rstrip().endswith(_PLUS)
    else:
        joined = source[node.end_byte : node.end_byte + 40].lstrip().startswith(_PLUS)
    return top if joined else node  # not joined: it is one side of a comparison or of a pair


def unwrapped(source: bytes, top: Node) -> Node:
    """Find the macro or type of C around a literal, which changes only how it is stored; else return `top` itself."""
    call = top.parent.parent if top.parent is not None and top.parent.type == "argument_list" else None
    is_stored = call is not None and _STORED.match(source, call.start_byte, top.start_byte)
    return call if call is not None and is_stored else top


def text_of(language: str, source: bytes, node: Node, top: Node) -> str:
    """Read a literal that is part of `top`. What is joined before or after it becomes a hole, `{}`."""
    text = unquoted(language, source[node.start_byte : node.end_byte])
    if top == node:
        return text
    behind = source[node.end_byte : node.end_byte + 200]
    if behind.lstrip().startswith(b"+") and not text.startswith(" "):
        text += "{}"
        while tail := _TAIL.match(behind):
            text += unquoted(language, tail[1])
            behind = behind[tail.end() :]
            text += "{}" if behind.lstrip().startswith(b"+") else ""
    if source[max(0, node.start_byte - 40) : node.start_byte].rstrip().endswith(b"+"):
        text = "{}" + text
    return text


def is_continued(source: bytes, node: Node) -> bool:
    """Whether a literal is a further part of a path, which `text_of` reads with the first one."""
    return _CONTINUES.search(source, max(0, node.start_byte - 160), node.start_byte) is not None


def unquoted(language: str, raw: bytes) -> str:
    """Read the text of a literal; `raw` is the literal as written in the source."""
    text = raw.decode("utf-8", "replace")
    if language in ("c", "cpp"):  # adjacent literals, and macros between them
        parts = _SIDE_BY_SIDE.findall(re.sub(r'^[LuUR8]+(?=")', "", text))
        text = "".join("{}" if macro else literal for literal, macro in parts)
    else:
        text = bare(text)
    if language in ("ruby", "elixir"):
        text = text.removeprefix(":")
    holes = _HOLES.get(language)
    if holes is not None and ("%" in text or "{" in text or "$" in text or "\\(" in text):
        text = holes.sub("{}", text)
    return text.replace("\\/", "/")


def bare(text: str) -> str:
    """Remove the quotes at the ends of a text."""
    opens = _OPENS.match(text)
    return _SHUTS.sub("", text[opens.end() :] if opens else text)
