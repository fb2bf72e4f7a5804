"""words: what a source file says in literals and names of data, and what stands around each. Comments say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.domain.seam import Form, Word
from supervisor.wire.source import config, grammar, packages, plain
from supervisor.wire.source.languages import LIMIT

LONGEST = 400  # characters of a literal that is read; longer ones are prose or data, but for SQL
MANY = 4_000  # words kept of one file

_CONFIGS = frozenset({"yaml", "json", "toml", "env", "dockerfile", "proto", "graphql", "sql"})


def words(language: str, source: bytes) -> tuple[Word, ...]:
    """The words of a file, in the order of its lines; at most `MANY`. Source that is broken gives what can be read."""
    source = source[:LIMIT]
    if language in packages.LANGUAGES:
        rest = packages.LANGUAGES[language]
        return (*packages.words(language, source), *(words(rest, source) if rest else ()))
    if language in _CONFIGS:
        found: Iterator[Word] = config.words(language, source)
    elif language in grammar.languages():
        found = _code(language, source)
    else:
        found = plain.words(source)
    kept = []
    for word in found:
        kept.append(word)
        if len(kept) == MANY:
            break
    return tuple(sorted(kept, key=lambda word: word.line))


_ARGUMENTS = frozenset(
    "argument_list arguments value_arguments argument_part attribute_argument_list annotation_argument_list "
    "bracketed_argument_list token_tree".split()
)
_FUNCTIONS = ("function", "lambda", "closure", "block")
_STRINGS = frozenset(
    "string string_literal interpreted_string_literal raw_string_literal template_string line_string_literal "
    "multi_line_string_literal encapsed_string interpolated_string_expression verbatim_string_literal "
    "concatenated_string string_lit raw_string interpolated_string word simple_symbol atom".split()
)
_SUMS = frozenset({"binary_operator", "binary_expression", "additive_expression", "concatenated_string"})
_DECORATORS = frozenset(
    {"decorator", "annotation", "marker_annotation", "attribute_item", "attribute_list"}
)
_STOPS = frozenset({"block", "statement_block", "function_body", "compound_statement", "declaration_list", "class_body"})

_KEY = re.compile(
    r"""([\w$.\-\])("'@]{1,80}?)["'\])]*[?!]?\s*
        (?::\s*[&\w<>\[\]'|.?* ]{1,40}?)?\s*(?<![<>])(:=|=>|=|:|\()\s*[&*]?[\[{(]?\s*$""",
    re.X,
)
_COMPARED = re.compile(r"""([\w$.\-\])(\["']{1,80}?)["'\])]*\s*(===?|!==?|\.equals\(|\bin\b\s*[\[{(]|\beq\b)\s*$""")
_CASE = re.compile(r"(\bcase|\bwhen|\bwhere)\s+(?:[^;{}]{0,200},\s*)?$")
_ASSIGNED = re.compile(r"\bcase\s+\w+\s*=\s*$")  # of Swift: a case that has a value
_NEVER = re.compile(r"(?!)")
_ARM = {
    "rust": re.compile(r"\s*(\||=>)"),
    "kotlin": re.compile(r"\s*(,\s*\"[^\"]*\"\s*)*->"),
    "elixir": re.compile(r"\s*->"),
    "scala": re.compile(r"\s*=>"),
}
_LISTENS = re.compile(r"(?:\b(?:listen|serve|bind|run)\w*\(|port\w*[\"')\]]*\s*(?:\|\||\?\?|,|or))\s*[\"']?$", re.I)
_ATTRIBUTE = re.compile(r"^\s*(@\w+)\s+$")  # of Elixir
_INDEX = re.compile(r"([\w$.\-\])>]{1,80})\[\s*$")
_IS_KEY = re.compile(r"\s*(:(?![:=])|=>)")
_CALLEE = re.compile(r"([A-Za-z_$@][\w$]*(?:\s*(?:\.|->|::|\?\.|!\.|!)\s*[A-Za-z_$][\w$]*)*!?)\s*(?:<[^<>]*>)?\s*\(?$")
_ENDS = re.compile(r"""^[A-Za-z@$#]{0,3}(?:\"\"\"|'''|["'`]|\#+")|(?:\"\"\"|'''|["'`]|"\#+)$""")
_HOLES = {
    "python": re.compile(r"\{[^{}]*\}|%\([\w]+\)[sdif]|%[sdif]"),
    "javascript": re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}"),
    "go": re.compile(r"%[+#]?[svdqxt]"),
    "rust": re.compile(r"\{[^{}]*\}"),
    "java": re.compile(r"%[sdf]"),
    "kotlin": re.compile(r"\$\{[^{}]*\}|\$\w+|%[sd]"),
    "swift": re.compile(r"\\\((?:[^()]|\([^()]*\))*\)|%[@d]"),
    "c": re.compile(r"%[\d.l]*[sdiuxXfz]+"),
    "csharp": re.compile(r"\{[^{}]*\}"),
    "ruby": re.compile(r"#\{[^{}]*\}|%[sd]"),
    "php": re.compile(r"\{?\$[\w>\-\[\]']+\}?|%[sd]"),
    "dart": re.compile(r"\$\{[^{}]*\}|\$\w+"),
    "elixir": re.compile(r"#\{[^{}]*\}"),
    "bash": re.compile(r"\$\{[^{}]*\}|\$\w+"),
    "hcl": re.compile(r"\$\{[^{}]*\}"),
    "scala": re.compile(r"\$\{[^{}]*\}|\$\w+"),
}
for _same, _as in (("typescript", "javascript"), ("tsx", "javascript"), ("cpp", "c")):
    _HOLES[_same] = _HOLES[_as]
_METHOD = re.compile(rb"""\(\s*(?:[\w.]+,\s*)?(?:["']|HTTP_|http\.Method|Method::|HttpMethod\.|Method\.)(GET|POST|PUT|PATCH|DELETE)\b""", re.I)
_SIBLINGS = re.compile(r"""(?:["'][^"'\n]{1,80}["']\s*[|,]\s*)+$""")
_MULTIWORD = re.compile(r"[a-z0-9](?:[_-][A-Za-z0-9]|[A-Z])")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")
_ENVIRONMENTS = (b"process.env.", b"import.meta.env.", b"Deno.env.", b"Bun.env.")
_DOCUMENTS = frozenset({"expression_statement", "module", "block", "program", "source_file"})


def _code(language: str, source: bytes) -> Iterator[Word]:
    found = grammar.captures(language, source)
    end = -1
    imports = {node.start_byte for node in found.get("import", ())}
    for node in found.get("string", ()):
        if node.start_byte < end or node.start_byte in imports:
            continue  # inside of one that was read: a concatenation, an interpolation
        end = node.end_byte
        word = _string(language, source, node)
        if word is not None:
            yield word
    for node in found.get("number", ()):
        if (word := _number(source, node)) is not None:
            yield word
    for node in found.get("define", ()):
        if (word := _define(source, node)) is not None:
            yield word
    for node in found.get("tag", ()):
        text = source[node.start_byte + 1 : node.end_byte - 1].decode("utf-8", "replace")
        yield Word(text, node.start_point[0] + 1, Form.TAG)
    seen: set[str] = set()
    for node in found.get("import", ()):
        text = source[node.start_byte : node.end_byte].decode("utf-8", "replace").strip("\"'")
        if text not in seen and not text.startswith("."):
            seen.add(text)
            yield Word(text, node.start_point[0] + 1, Form.PACKAGE, key="imports", call=language)
    yield from _names(source, found, language)


def _names(source: bytes, found: dict[str, list], language: str) -> Iterator[Word]:  # type: ignore[type-arg]
    """Identifiers: each once a file and form, where it stands first."""
    seen: set[tuple[str, Form]] = set()
    for capture, form in (
        ("field", Form.FIELD),
        ("member", Form.MEMBER),
        ("env", Form.ENV),
        ("type", Form.USED_TYPE),
        ("parameter", Form.FIELD),
    ):
        for node in found.get(capture, ()):
            start = node.start_byte
            text = source[start : node.end_byte].decode("utf-8", "replace").rstrip(": ")
            at, key = form, ""
            if capture == "member":
                if source[max(0, start - 20) : start].endswith(_ENVIRONMENTS):
                    at = Form.ENV
                elif not _MULTIWORD.search(text) or source[node.end_byte : node.end_byte + 1] == b"(":
                    continue
            elif capture == "type" and (len(text) < 6 or not _MULTIWORD.search(text)):
                continue
            elif capture == "env" and not text.isupper():
                continue
            elif capture == "parameter":
                rest = re.match(rb"\w+\s*:[^=]{0,80}=\s*(Header|Cookie)\b", source[start : start + 160])
                if rest is None:
                    continue
                key = rest[1].decode()
            if (text, at) not in seen and text:
                seen.add((text, at))
                yield Word(text, node.start_point[0] + 1, at, key=key)


def _string(language: str, source: bytes, node) -> Word | None:  # type: ignore[no-untyped-def]
    start, stop = node.start_byte, node.end_byte
    if stop - start < 3 or stop - start > 4 * LONGEST:
        return None
    top = node
    while top.parent is not None and top.parent.type in _SUMS:
        top = top.parent
    raw = source[start:stop]
    if top is not node and top.start_byte < start:
        before = source[top.start_byte : start].rstrip()
        if not before.endswith((b"+", b".", b"..", b"<>", b"&", b'"', b"'")):
            top = node  # one side of a comparison
    elif top is not node and not source[stop : stop + 40].lstrip().startswith((b"+", b".", b"<>", b"&", b'"', b"'")):
        top = node
    text = _text(language, raw)
    if top is not node:
        following = source[stop : stop + 40].lstrip()
        if following.startswith(b"+") and not text.startswith(" "):
            text += "{}"
            tail = re.match(rb"""\+\s*[\w.()\[\]]{1,60}\s*\+\s*(["'`][^"'`\n]{1,80}["'`])""", source[stop:].lstrip()[:160])
            if tail:
                text += _text(language, tail[1])
        if source[max(0, start - 40) : start].rstrip().endswith(b"+"):
            text = "{}" + text
    shown = _ENDS.sub("", _ENDS.sub("", raw.partition(b"\n")[0].decode("utf-8", "replace"), count=1))
    shown = "" if shown == text else shown
    if not 1 < len(text) <= LONGEST or not any(map(str.isalnum, text)):
        return None
    parent = node.parent
    if parent is not None and parent.type in _DOCUMENTS and language == "python":
        return None  # a docstring
    line_start = source.rfind(b"\n", 0, top.start_byte) + 1
    before = source[max(line_start, top.start_byte - 160) : top.start_byte].decode("utf-8", "replace")
    if not before.strip():  # the argument stands on a line of its own
        before = source[max(0, line_start - 80) : top.start_byte].decode("utf-8", "replace").replace("\n", " ")
    after = source[top.end_byte : top.end_byte + 24].decode("utf-8", "replace")
    line = node.start_point[0] + 1
    call, at, handled, method, decorates, within = _around(source, top, text)
    key, of, is_key, case = "", "", False, False
    before = _SIBLINGS.sub("", before)
    if match := _INDEX.search(before):
        of = match[1]
    elif _CASE.search(before) and not _ASSIGNED.search(before) or _ARM.get(language, _NEVER).match(after):
        case = True
    elif match := _COMPARED.search(before):
        key, case = _last(match[1]), True
    elif _IS_KEY.match(after) and not before.rstrip().endswith("?") and (language != "rust" or call.endswith("!")):
        is_key, key = True, _above(source, node)
    elif (match := _KEY.search(before)) and match[2] != "(" and not (match[2] == ":" and "?" in before[: match.end(1)]):
        key = _last(match[1])
    elif match := re.match(r"\s*(?:===?|!==?)\s*([\w.$\[\]\"']+)", after):
        key, case = _last(match[1]), True
    return Word(text, line, Form.STRING, call, at, handled, method, key, of, is_key, decorates, within, case, shown)


def _above(source: bytes, node) -> str:  # type: ignore[no-untyped-def]
    """What the mapping is assigned to that a string is a key of: `headers` for `headers: {"X-A": 1}`."""
    mapping = node.parent.parent if node.parent is not None else None
    if mapping is None:
        return ""
    start = mapping.start_byte
    match = _KEY.search(source[max(0, start - 60) : start].decode("utf-8", "replace").rpartition("\n")[2])
    return _last(match[1]) if match and match[2] != "(" else ""


def _around(source: bytes, node, text: str):  # type: ignore[no-untyped-def]
    """The call that a node is an argument of, as which one, whether a function stands beside it, whether it is in
    a decorator, the HTTP method before it, and the routes of the calls around."""
    call, at, handled, method, decorates, within = "", 0, False, "", False, ""
    path = text.startswith("/") or "/" in text
    child, parent, depth = node, node.parent, 0
    deep = 40 if path else 7
    while parent is not None and depth < deep:
        kind = parent.type
        if kind in _ARGUMENTS:
            callee = _callee(source, parent)
            if not call:
                call = callee
                siblings = parent.named_children
                at = next((i for i, one in enumerate(siblings) if one.start_byte >= child.start_byte), 0)
                if path and (found := _METHOD.match(source, parent.start_byte)):
                    method = found[1].decode().upper()
                if path or len(siblings) > 1:
                    handled = any(
                        one.start_byte != child.start_byte and one.type.endswith(_FUNCTIONS + ("_expression",))
                        and any(word in one.type for word in ("function", "lambda", "closure"))
                        for one in siblings
                    )
                    tail = source[parent.end_byte : parent.end_byte + 12].lstrip()
                    handled = handled or tail.startswith((b"{", b"do"))
            elif path and parent.named_child_count > 1:
                first = source[parent.start_byte + 1 : parent.start_byte + 80].lstrip()
                if first[:2] in (b'"/', b"'/") and parent.named_children[0].start_byte != child.start_byte:
                    outer = re.match(rb"""["'](/[^"']*)["']""", first)
                    if outer:
                        within = outer[1].decode("utf-8", "replace") + within
        elif path and kind == "call" and child.type in ("do_block", "block"):
            within = _scope(source, parent) + within
        elif kind in _DECORATORS:
            decorates = True
            if not call and kind.startswith("attribute"):
                call = source[parent.start_byte : child.start_byte].decode("utf-8", "replace").strip("([#")
        elif kind in _STOPS and not path:
            break
        child, parent, depth = parent, parent.parent, depth + 1
    return call, at, handled, method, decorates, within


def _scope(source: bytes, call) -> str:  # type: ignore[no-untyped-def]
    """The route that a block of Ruby or Elixir is below: `scope "/api" do`, `namespace :api do`."""
    arguments = next((one for one in call.named_children if one.type in _ARGUMENTS), None)
    if arguments is None:
        return ""
    match = re.match(rb"""\(?\s*(?:["'](/[^"']*)["']|:(\w+))""", source[arguments.start_byte : arguments.start_byte + 80])
    named = source[call.start_byte : arguments.start_byte].strip()
    if match is None or (match[2] and named not in (b"namespace", b"resources")):
        return ""
    return (match[1] or b"/" + match[2]).decode("utf-8", "replace")


def _callee(source: bytes, arguments) -> str:  # type: ignore[no-untyped-def]
    start = arguments.start_byte
    top = arguments.parent
    while top is not None and top.start_byte == start:
        top = top.parent
    if top is None:
        return ""
    text = source[max(top.start_byte, start - 120) : start].decode("utf-8", "replace").rstrip()
    while (bare := re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", text)) != text:  # `w.Header().Set(` is `w.Header.Set`
        text = bare
    match = _CALLEE.search(text)
    return re.sub(r"\s+", "", match[1]) if match else ""


def _last(expression: str) -> str:
    """The last name of `msg["type"`, `Router(prefix` and the like."""
    names = re.findall(r"[\w$.\-@]+", expression)
    return names[-1].strip(".-") if names else ""


def _text(language: str, raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    if language in ("c", "cpp"):  # literals side by side, and macros between them
        parts = re.findall(r'"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*)', re.sub(r'^[LuUR8]+(?=")', "", text))
        text = "".join("{}" if macro else literal for literal, macro in parts)
    text = _ENDS.sub("", _ENDS.sub("", text, count=1))
    if language in ("ruby", "elixir"):
        text = text.removeprefix(":")
    holes = _HOLES.get(language)
    if holes is not None and ("%" in text or "{" in text or "$" in text or "\\(" in text):
        text = holes.sub("{}", text)
    return text.replace("\\/", "/")


def _number(source: bytes, node) -> Word | None:  # type: ignore[no-untyped-def]
    start, stop = node.start_byte, node.end_byte
    line_start = source.rfind(b"\n", 0, start) + 1
    before = source[max(line_start, start - 100) : start].decode("utf-8", "replace")
    line = node.start_point[0] + 1
    if _LISTENS.search(before):
        return Word(source[start:stop].decode("ascii", "replace"), line, Form.NUMBER, key="port")
    match = _KEY.search(before) or _ATTRIBUTE.search(before)
    if match is None or match[0].rstrip().endswith("("):
        return None
    key = _last(match[1]).rpartition(".")[2].lstrip("@")
    declared = re.search(r"\b(const|static|final|let|val|constexpr|define)\b", before)
    if not (_CONSTANT.fullmatch(key) or declared or match[1].startswith("@") or "port" in key.lower()):
        return None
    return Word(source[start:stop].decode("ascii", "replace"), line, Form.NUMBER, key=key)


def _define(source: bytes, node) -> Word | None:  # type: ignore[no-untyped-def]
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None:
        return None
    key = source[name.start_byte : name.end_byte].decode("utf-8", "replace")
    raw = re.sub(rb"\s*(/[/*].*)?$", b"", source[value.start_byte : value.end_byte]).strip()
    line = node.start_point[0] + 1
    if raw[:1] == b'"' and raw[-1:] == b'"' and len(raw) > 2:
        return Word(_text("c", raw), line, Form.STRING, key=key)
    if re.fullmatch(rb"\(?-?(0x[0-9a-fA-F]+|\d+(\.\d+)?)[uUlLfF]*\)?", raw):
        return Word(raw.strip(b"()").decode(), line, Form.NUMBER, key=key)
    return None
