"""Read the context of a literal: the name it is assigned to, the call it is an argument of, the routes above it.

Names are found in the text before and after the node, which looks much the same in all languages. Calls are found in
the syntax tree. Every search is bounded, so no source can make it slow.
"""

from __future__ import annotations

import re

from msgspec import Struct
from tree_sitter import Node

from supervisor.regex import regex
from supervisor.wire.source.languages import word_set

BEFORE = 160  # bytes before a node that are searched
DEEP = 7  # ancestors that are searched for a call
PATH_DEEP = 40  # the same for a route, which may be nested in others
MANY = 40  # arguments of one call, which are not counted any more

ARGUMENTS = word_set(
    """
    argument_list arguments value_arguments argument_part attribute_argument_list annotation_argument_list
    bracketed_argument_list token_tree
    """
)
_PARENTHESIS = "parenthesized_expression"
_TYPED = regex(rb"\w<[\w.]{1,80}>$")
_LISTS = word_set(
    """
    list tuple array array_creation_expression literal_value array_literal array_expression collection_literal set
    initializer_list array_initializer initializer_expression
    """
)
_ELEMENTS = word_set("array_element_initializer literal_element element value_argument")
_DECORATORS = frozenset({"decorator", "annotation", "marker_annotation", "attribute_item", "attribute_list"})
_BLOCKS = frozenset(
    {"block", "statement_block", "function_body", "compound_statement", "declaration_list", "class_body"}
)
_FUNCTIONS = ("function", "lambda", "closure")
_METHOD = regex(
    rb"""\(\s*(?:[\w.]{1,60},\s*)?(?:["']|HTTP_|http\.Method|Method::|HttpMethod\.|Method\.)"""
    rb"(GET|POST|PUT|PATCH|DELETE)\b",
    re.I,
)
_METHOD_BEFORE = regex(rb"""[(\[]\s*["'](GET|POST|PUT|PATCH|DELETE)["']\s*,\s*$""", re.I)
_METHOD_BELOW = regex(rb"""\s*:\s*\{\s*["']?(GET|POST|PUT|PATCH|DELETE)["']?\s*:""", re.I)
_CALLEE = regex(r"[A-Za-z_$@][\w$]*(?:\s?(?:\.|->|::|\?\.|!\.|!)\s?[A-Za-z_$][\w$]*)*!?$")
_BRACKETS = regex(r"\([^()]*\)|\[[^\[\]]*\]")
_BETWEEN = regex(r"\s+(?=[.?!]|->|::)|<[^<>]*>\s*$")
_OUTER_ROUTE = regex(rb"""["'](/[^"'\n]{0,200})["']""")
_INDEXED = regex(r"(?:\[[^\[\]]*\]|\([^()]*\)|[!?.\s])+$")
_ELEMENT = regex(rb"<(?:Route|Link|NavLink|Navigate|Redirect)(?=\s[^<]*\Z)")
_SCOPE = regex(rb"""\(?\s*(?:["'](/[^"'\n]{0,200})["']|:(\w{1,80}))""")

_NAME = regex(r"[\w$.\-@]+$")
_TYPE = regex(r":\s*[&\w<>\[\]'|.?* ]{1,40}$")
_SIBLINGS = regex(r"""(?:["'][^"'\n]{1,80}["']\s{0,4}[|,]\s{0,4}){1,20}$""")
_SIGNS = ("===", "!==", "==", "!=", ".equals(", " eq", " in [", " in (", " in {")
_CASE = regex(r"\b(?:case|when|where)\s(?:[^;{}]{0,100},\s?)?$")
_VALUED = regex(r"\bcase\s+\w+\s*=\s*$")  # Swift: a case of an enum with a value
_COMPARED_AFTER = regex(r"\s*(?:===?|!==?)\s*([\w.$\[\]\"']{1,80})")
_IS_KEY = regex(r"\s*(?::(?![:=])|=>)")
_ARMS = {
    "rust": regex(r"\s*(?:\||=>)"),
    "kotlin": regex(r"\s*(?:,[^>]{0,80})?->"),
    "elixir": regex(r"\s*->"),
    "scala": regex(r"\s*=>"),
}


class Naming(Struct, frozen=True):
    """The name that a literal is assigned to or compared with. `Literal` describes the fields."""

    key: str = ""
    of: str = ""
    is_key: bool = False
    case: bool = False
    listed: bool = False


class Surroundings(Struct):
    """The calls around a literal. `Literal` describes the fields."""

    call: str = ""
    at: int = 0
    handled: bool = False
    method: str = ""
    decorates: bool = False
    within: str = ""


def naming(language: str, source: bytes, node: Node, *, in_macro: bool) -> Naming:
    """Find the name that a node is assigned to or compared with, or find that the node is a name itself."""
    first = _before(source, node)
    before = _SIBLINGS.sub("", first) if first.rstrip().endswith(("|", ",")) else first
    behind = source[node.end_byte : node.end_byte + 100].decode("utf-8", "replace")
    bare = before.rstrip()
    if bare.endswith("[") and (of := _indexed(bare[:-1])):
        return Naming(of=of)
    if language in _ARMS and _ARMS[language].match(behind):
        return Naming(case=True)
    if ("case" in before or "wh" in before) and _CASE.search(before) and not _VALUED.search(before):
        return Naming(case=True)
    up_to = before.rstrip(" ")
    if up_to.endswith(_SIGNS):
        sign = next(one for one in _SIGNS if up_to.endswith(one))
        return Naming(last_name(up_to.removesuffix(sign)), case=True)
    if _IS_KEY.match(behind) and not bare.endswith("?") and (language != "rust" or in_macro):
        return Naming(_above(source, node), is_key=True)
    if key := given(before):
        return Naming(key, listed=before != first or bare.endswith(("[", "{", "(", ",")))
    if match := _COMPARED_AFTER.match(behind):
        return Naming(last_name(match[1]), case=True)
    return _in_list(source, node) or Naming()


def _indexed(text: str) -> str:
    """The name of what is indexed at the end of a text: `doc` of `doc["leds"]`, `res.json` of `res.json()!`."""
    match = _NAME.search(text.rstrip(")>!?."))
    if match is None and text.endswith((")", "]", "!", "?", ".")):
        match = _NAME.search(_INDEXED.sub("", text))
    return match[0] if match else ""


def _in_list(source: bytes, node: Node) -> Naming | None:
    """Find the name of the list that a node is in, however far its beginning is; None if it is in none."""
    above = node.parent
    if above is not None and above.type in _ELEMENTS:
        above = above.parent
    if above is None or above.type not in _LISTS:
        return None
    if above.parent is not None and above.parent.type in _LISTS:
        above = above.parent  # one of several pairs
    start = above.start_byte
    key = given(source[max(0, start - 60) : start].decode("utf-8", "replace").rpartition("\n")[2])
    return Naming(key, listed=True) if key else None


def given(before: str) -> str:
    """The name in `name = `, `"name": `, `name: Type = [` or the like at the end of a text; "" if there is none."""
    text = before.rstrip().rstrip("[{(&*").rstrip()
    for sign in (":=", "=>", "=", ":"):
        if text.endswith(sign):
            break
    else:
        return ""
    text = text.removesuffix(sign)
    if text.endswith(("<", ">", "!", "=", ":")) or (sign == ":" and "?" in text):
        return ""
    return last_name(_TYPE.sub("", text) if sign == "=" else text)


def last_name(text: str) -> str:
    """The last name in a text such as `msg["type"]` or `Router(prefix`; "" if there is none."""
    match = _NAME.search(text.rstrip().rstrip("\"')]?! "))
    return match[0].strip(".-") if match else ""


def surroundings(source: bytes, node: Node, *, path: bool) -> Surroundings:
    """Find the calls around a node. With `path`, the node may be a route, so calls far above count too."""
    found = Surroundings()
    child, parent = node, node.parent
    for _ in range(PATH_DEEP if path else DEEP):
        if parent is None or (parent.type in _BLOCKS and not path):
            break
        if parent.type in ARGUMENTS or (parent.type == _PARENTHESIS and _is_call(source, parent)):
            if not found.call:
                _add_call(found, source, parent, child, path=path)
            elif path:
                found.within = _outer_route(source, parent, child) + found.within
        elif path and parent.type == "call" and child.type in ("do_block", "block"):
            found.within = _scope(source, parent) + found.within
        elif parent.type in _DECORATORS:
            found.decorates = True
            if not found.call and parent.type.startswith("attribute"):
                start = source[max(parent.start_byte, child.start_byte - BEFORE) : child.start_byte]
                found.call = start.decode("utf-8", "replace").strip("([#")
        elif parent.type == "jsx_attribute" and not found.call:
            element = _ELEMENT.search(source, max(0, parent.start_byte - BEFORE), parent.start_byte)
            found.call = element[0].decode("utf-8", "replace") if element else ""
        child, parent = parent, parent.parent
    return found


def in_table(source: bytes, node: Node, found: Surroundings, *, is_key: bool) -> None:
    """Recognise a route in a table: `("POST", "/v1/rides")` calls it, `"/v1/rides": {POST: ...}` serves it."""
    if is_key and (match := _METHOD_BELOW.match(source, node.end_byte, node.end_byte + BEFORE)):
        found.method, found.handled = match[1].decode().upper(), True
    elif match := _METHOD_BEFORE.search(source[max(0, node.start_byte - 40) : node.start_byte]):
        found.method, found.at = match[1].decode().upper(), 1


def _is_call(source: bytes, parenthesis: Node) -> bool:
    """Whether this is the argument of `get<Ride>("/v1/ride")`, which Kotlin's grammar parses as two comparisons."""
    start = parenthesis.start_byte
    return _TYPED.search(source[max(0, start - BEFORE) : start]) is not None


def _add_call(found: Surroundings, source: bytes, arguments: Node, child: Node, *, path: bool) -> None:
    found.call = _callee(source, arguments)
    found.at = _place_among(arguments, child)
    if not path:
        return
    siblings = arguments.named_children if arguments.named_child_count < MANY else [child]
    method = _METHOD.match(source, arguments.start_byte, arguments.start_byte + BEFORE)
    found.method = method[1].decode().upper() if method else ""
    behind = source[arguments.end_byte : arguments.end_byte + 12].lstrip()
    found.handled = behind.startswith((b"{", b"do")) or any(
        one.start_byte != child.start_byte and any(word in _kind(one) for word in _FUNCTIONS) for one in siblings
    )


def _place_among(arguments: Node, child: Node) -> int:
    """The number of an argument, from 0; 0 also among very many."""
    count = arguments.named_child_count
    for number in range(count if count < MANY else 0):
        one = arguments.named_child(number)
        if one is not None and one.start_byte >= child.start_byte:
            return number
    return 0


def _kind(argument: Node) -> str:
    """The type of an argument; PHP's grammar puts each into a node of its own."""
    inner = argument.named_children[-1] if argument.type == "argument" and argument.named_child_count else argument
    return inner.type


def _callee(source: bytes, arguments: Node) -> str:
    """The name of what is called with these arguments: `w.Header.Set` for `w.Header().Set(`."""
    start, top = arguments.start_byte, arguments.parent
    while top is not None and top.start_byte == start:
        top = top.parent
    if top is None:
        return ""
    text = source[max(top.start_byte, start - BEFORE) : start].decode("utf-8", "replace")
    if ")" in text or "]" in text:
        for _ in range(6):
            if (without := _BRACKETS.sub("", text)) == text:
                break
            text = without
    match = _CALLEE.search(_BETWEEN.sub("", text).rstrip())
    return "".join(match[0].split()).lstrip("@") if match else ""


def _outer_route(source: bytes, arguments: Node, child: Node) -> str:
    first = arguments.named_children[0] if arguments.named_child_count > 1 else child
    if first.start_byte == child.start_byte:
        return ""
    match = _OUTER_ROUTE.match(source, first.start_byte)
    return match[1].decode("utf-8", "replace") if match else ""


def _scope(source: bytes, call: Node) -> str:
    """The route of a Ruby or Elixir block: `scope "/api" do`, `namespace :api do`. "" if it has none."""
    arguments = next((one for one in call.named_children if one.type in ARGUMENTS), None)
    match = _SCOPE.match(source, arguments.start_byte) if arguments is not None else None
    if arguments is None or match is None:
        return ""
    named = source[call.start_byte : arguments.start_byte].strip()
    if match[2] and named not in (b"namespace", b"resources"):
        return ""
    return (match[1] or b"/" + match[2]).decode("utf-8", "replace")


def _above(source: bytes, node: Node) -> str:
    """The name of the mapping in which a node is a key: `headers` for `headers: {"X-A": 1}`."""
    mapping = node.parent.parent if node.parent is not None else None
    if mapping is None:
        return ""
    start = mapping.start_byte
    return given(source[max(0, start - 60) : start].decode("utf-8", "replace").rpartition("\n")[2])


def _before(source: bytes, node: Node) -> str:
    """The text of the line before a node; if that is blank, the end of the lines above."""
    start = node.start_byte
    line = source.rfind(b"\n", max(0, start - BEFORE), start) + 1
    text = source[max(line, start - BEFORE) : start].decode("utf-8", "replace")
    if text.strip():
        return text
    return source[max(0, line - 80) : start].decode("utf-8", "replace").replace("\n", " ")
