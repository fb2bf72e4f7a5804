"""Classify a string: each classifier knows one kind of thing, and returns mentions, or None to pass the string on.

`CLASSIFIERS` are asked in order, the surest first; the first that does not pass decides. No mentions is an answer too:
the string is of that kind, and too common to tie anything together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from supervisor.core.map import keywords, stopwords
from supervisor.core.map.context import LiteralContext, has
from supervisor.core.map.normalize import plain_name, topic_name
from supervisor.core.map.routes import ends_like_a_file, routes
from supervisor.domain.link import Kind, Mention, Role

Verdict = tuple[Mention, ...] | None

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")
_OWN_HEADER = re.compile(r"[Xx]-[A-Za-z][A-Za-z0-9\-]+")
_HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+):\s")
_ENV = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{5,}")
_CODE = re.compile(
    r"[A-Za-z][A-Za-z0-9]*(?:[_\-.:/][A-Za-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # a UUID, whatever it begins with
)
_ERROR_NUMBER = re.compile(r"[A-Z]{1,4}[_-]?\d{3,5}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")
_TOPIC = re.compile(r"[A-Za-z0-9{}$+#*][\w{}$+#*.:/\-]*")
_EVENT = re.compile(r"[a-z][a-z_\-]+[.:][a-z][a-z_\-]+")
_PHRASE = re.compile(r"[a-z]{3,}( [a-z]{2,}){1,2}")
_SENTENCE = re.compile(r"[\w{}'\"(][^\n<>]{10,}")
_MULTIWORD = re.compile(r"[A-Za-z0-9][_\-.:][A-Za-z0-9]|[a-z0-9][A-Z]")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")
_CAPITALS = re.compile(r"[A-Z]{4,}|[A-Z]{2,}(?:-[A-Z]+)+")
_ADDRESS = re.compile(r"(?:tcp://)?[\w.\-{}\[\]*]*:(\d{4,5})")
_DOES = re.compile(r"(get|set|add|delete|remove|clear|read|write|parse)(_?all)?_?[A-Z_]")
_COOKIE_PAIR = re.compile(r"([A-Za-z_]\w{2,})=")
_TABLE = re.compile(
    r"\b(?:from|join|into|update|table(?:\s+if\s+(?:not\s+)?exists)?|references|truncate|on)\s+"
    r"[\"`\[]?(?:\w+[\"`\]]?\.[\"`\[]?)?([a-z_][a-z0-9_]{2,})",
    re.I,
)
_SQL = re.compile(
    r"\s*(select\b.+\bfrom\b|insert\s+into|update\s+\S+\s+set|delete\s+from|create\s+(unlogged\s+)?table|alter\s+table"
    r"|with\s+\w+\s+as|create\s+(unique\s+)?index|replace\s+into|merge\s+into)",
    re.I | re.S,
)


def key(text: str, line: int, role: Role = Role.NAMES, weak: int = 0) -> tuple[Mention, ...]:
    """A field of data; nothing if everybody has such a one."""
    name = plain_name(text)
    if len(name) < 3 or name in stopwords.KEYS or text.startswith(("-", "__")) or not _IDENTIFIER.search(text):
        return ()
    return (Mention(Kind.KEY, name, text, line, role, weak=weak),)


def header(text: str, line: int, role: Role = Role.NAMES) -> tuple[Mention, ...]:
    """A header; nothing if it is one of the standard ones."""
    name = text.lower()
    return (Mention(Kind.HEADER, name, text, line, role),) if name not in stopwords.HEADERS else ()


def env(text: str, line: int, role: Role, weak: int = 0) -> tuple[Mention, ...]:
    """A variable of the environment; nothing if every program reads it."""
    known = text in stopwords.ENVIRONMENT or not _ENV.fullmatch(text)
    return () if known else (Mention(Kind.ENV, text, text, line, role, weak=weak),)


def port(digits: str, said: LiteralContext, role: Role) -> tuple[Mention, ...]:
    """A port; nothing if it is one that everybody uses."""
    own = digits.isdigit() and 1023 < int(digits) < 65536 and int(digits) not in stopwords.PORTS
    return (said.mention(Kind.PORT, digits, role),) if own else ()


# ── the judges ───────────────────────────────────────────────────────────────────────────────────


def _sql(said: LiteralContext) -> Verdict:
    return tuple(_tables(said)) if said.word.call == "sql" or _SQL.match(said.text) else None


def _tables(said: LiteralContext) -> Iterator[Mention]:
    text = said.word.text
    for match in _TABLE.finditer(text):
        name = match[1].lower()
        indexes = match[0][:2].lower() != "on" or "index" in text[: match.start()].lower()
        if indexes and name not in stopwords.SQL:
            creates = re.search(r"create\s+(unlogged\s+)?table", text[: match.end()], re.I) is not None
            role = Role.PROVIDES if creates and match[0].lower().startswith("table") else Role.USES
            yield Mention(Kind.TABLE, name, match[1], said.word.line + text[: match.start(1)].count("\n"), role)


def _named_table(said: LiteralContext) -> Verdict:
    if said.word.is_key or not re.fullmatch(r":?[a-z][a-z0-9_]{2,}", said.text):
        return None
    named = said.call in keywords.TABLES or said.key in ("__tablename__", "table_name", "tablename", "table")
    return (said.mention(Kind.TABLE, said.text.lstrip(":")),) if named else None


def _header(said: LiteralContext) -> Verdict:
    text = said.text.rstrip(": ")
    if match := _HEADER_LINE.match(said.text):
        return header(match[1], said.word.line) or None
    parameter = said.declares and said.key == "name" and ".parameters" in said.word.within
    if _OWN_HEADER.fullmatch(text) or (_HEADER.fullmatch(text) and ("header" in said.around or parameter)):
        return header(text, said.word.line, Role.USES if "get" in said.call else Role.NAMES)
    return None


def _route(said: LiteralContext) -> Verdict:
    return tuple(routes(said)) or None


def _variable(said: LiteralContext) -> Verdict:
    """A variable of the environment that is read, or set by a declaration."""
    word, text = said.word, said.text
    if said.declares:
        name, sign, _ = text.partition("=")
        above = word.key.lower()
        if word.is_key and above in ("environment", "env", "variables", "data", "envs", "stringdata"):
            return env(text, word.line, Role.PROVIDES) if _ENV.fullmatch(text) else None
        if word.key == "name" and ".env" in word.within and _ENV.fullmatch(text):
            return env(text, word.line, Role.PROVIDES)
        return env(name, word.line, Role.PROVIDES) if sign and "env" in above and _ENV.fullmatch(name) else None
    if word.of.lower().endswith(("environ", "env")):
        return env(text, word.line, Role.USES)
    named = said.key == "name" and not word.call and not word.case  # of Terraform
    read = said.call in keywords.ENVIRONMENTS or "getenv" in said.call or said.on in ("environ", "env", "process")
    return env(text, word.line, Role.USES) if (named or read) and _ENV.fullmatch(text) else None


def _declaration(said: LiteralContext) -> Verdict:
    """What a value or a key of YAML, JSON or TOML declares; other judges do not know these files."""
    return tuple(_declared(said)) if said.declares else None


def _declared(said: LiteralContext) -> Iterator[Mention]:
    word, text, above = said.word, said.text, said.word.key.lower()
    if word.key == "ports":
        for digits in re.findall(r"\d{4,5}", text):
            yield from port(digits, said, Role.PROVIDES)
    elif word.is_key and word.key == "properties" and _IDENTIFIER.fullmatch(text):
        yield from key(text, word.line, Role.PROVIDES)
    elif word.is_key and word.key in ("schemas", "definitions", "messages"):
        yield said.mention(Kind.SCHEMA, text, Role.PROVIDES)
    elif word.is_key and word.key in ("channels", "topics", "queues"):
        yield said.mention(Kind.TOPIC, topic_name(text), Role.PROVIDES)
    elif word.is_key and has(above, keywords.FLAGS) and _CODE.fullmatch(text):
        yield said.mention(Kind.FLAG, plain_name(text), Role.PROVIDES)
    elif not word.is_key and has(above, keywords.TOPIC_WORDS) and _TOPIC.fullmatch(text) and len(text) > 4:
        yield said.mention(Kind.TOPIC, topic_name(text))
    elif _MULTIWORD.search(text) and text.lower() not in stopwords.WORDS and _CODE.fullmatch(text):
        listed = not word.is_key and word.key in ("enum", "const", "required")
        yield said.mention(Kind.WORD, text, weak=0 if listed else 2)


def _renamed(said: LiteralContext) -> Verdict:
    """The name of a field on the wire: `@SerialName("ride_id")`, `case rideId = "ride_id"`."""
    if not _IDENTIFIER.fullmatch(said.text) or said.text in ("camelCase", "snake_case"):
        return None
    coding = said.language == "swift" and said.key and plain_name(said.key) == plain_name(said.text)
    renames = said.call in keywords.RENAMES or said.key in keywords.RENAMES
    return key(said.text, said.word.line) if renames or coding else None


def _address(said: LiteralContext) -> Verdict:
    if (match := _ADDRESS.fullmatch(said.text)) is None:
        return None
    return port(match[1], said, Role.PROVIDES if has(said.call, ("listen", "bind", "serve", "run")) else Role.USES)


def _cookie(said: LiteralContext) -> Verdict:
    if said.key == "cookie" and (match := _COOKIE_PAIR.match(said.text)):
        return (said.mention(Kind.COOKIE, match[1], Role.PROVIDES, shown=match[1]),)
    if said.word.is_key or said.word.at or "cookie" not in f"{said.call} {said.of} {said.key} {said.on}":
        return None
    if match := _COOKIE_PAIR.fullmatch(said.text):
        return (said.mention(Kind.COOKIE, match[1], Role.USES, shown=match[1]),)  # looked for in a header
    if len(said.text) < 4 or said.text.lower() in stopwords.COOKIE_WORDS or not _IDENTIFIER.fullmatch(said.text):
        return None
    if _DOES.match(said.text):
        return None  # the name of a command about cookies
    sets = said.call in ("set_cookie", "setcookie", "set", "cookie", "append", "put_resp_cookie")
    return (said.mention(Kind.COOKIE, said.text, Role.PROVIDES if sets else Role.USES),)


def _flag(said: LiteralContext) -> Verdict:
    named = has(said.key, keywords.FLAGS)
    asked = has(f"{said.word.call.lower()} {said.of}", keywords.FLAGS) and not said.word.is_key
    if said.word.at or not (named or asked) or not _CODE.fullmatch(said.text):
        return None
    return (said.mention(Kind.FLAG, plain_name(said.text), Role.USES),)


def _topic(said: LiteralContext) -> Verdict:
    word, text = said.word, said.text
    if word.is_key or len(text) < 4 or text.lower() in stopwords.EVENTS or not _TOPIC.fullmatch(text):
        return None
    if text.startswith((".", "-")) or "application/" in text or re.fullmatch(r"[\d.:/]+", text):
        return None
    shaped = _MULTIWORD.search(text) is not None or "/" in text or "{}" in text
    called = said.call in keywords.EVENTS_IN or said.call in keywords.EVENTS_OUT
    plainly = called and word.at == 0 and said.call in keywords.EVENT_FIRST
    named = has(said.key, keywords.TOPIC_WORDS) and not said.key.endswith(("_key_id", "eventlistener"))
    if not plainly and not (shaped and (called or named or has(said.call, keywords.EVENT_PARTS))):
        return None
    out, listens = said.call in keywords.EVENTS_OUT, said.call in keywords.EVENTS_IN
    return (said.mention(Kind.TOPIC, topic_name(text), Role.PROVIDES if out else Role.USES if listens else Role.NAMES),)


def _code(said: LiteralContext) -> Verdict:
    """A word of several parts: what for is told by what stands around, or by the other repo."""
    word, text = said.word, said.text
    coded = _CODE.fullmatch(text) is not None and _MULTIWORD.search(text) is not None
    if not (coded or _ERROR_NUMBER.fullmatch(text)):
        return None
    given = f"{word.call} {word.key}".lower()
    if text.lower() in stopwords.WORDS:
        return ()
    if has(given, keywords.ERRORS) and not word.is_key and "encod" not in given:
        return (said.mention(Kind.ERROR, text),)
    if _EVENT.fullmatch(text) and not said.of and not ends_like_a_file(text):
        return (said.mention(Kind.TOPIC, topic_name(text)),)
    if said.key in keywords.MESSAGE_KEYS and not word.is_key and not text.startswith(("application/", "text/")):
        return (said.mention(Kind.TOPIC, topic_name(text)),)
    if word.is_key and has(said.key, ("error", "message", "problem", "reason", "hint")):
        return (said.mention(Kind.ERROR, text),)
    of_json = has(said.call, ("getobjectitem", "toobject", "json"))
    looked_up = (said.call in keywords.LOOKUPS and word.at == 0) or (of_json and word.at < 2)
    if word.is_key or said.of or looked_up:
        return key(text, word.line)
    return () if "/" in text else (said.mention(Kind.WORD, text, weak=0 if word.case or said.key or of_json else 2),)


def _message(said: LiteralContext) -> Verdict:
    """A word in capitals that says what a message is: `Heartbeat = "HEARTBEAT"`, `type: "HEARTBEAT"`."""
    text = said.text
    if said.word.is_key or not _CAPITALS.fullmatch(text) or stopwords.is_usual(text):
        return None
    own = plain_name(said.key) == plain_name(text) or said.key in keywords.MESSAGE_KEYS
    return (said.mention(Kind.TOPIC, text),) if own else None


def _plain_key(said: LiteralContext) -> Verdict:
    named = (said.word.is_key or said.of) and _IDENTIFIER.fullmatch(said.text)
    return key(said.text, said.word.line) if named else None


def _path_of_topic(said: LiteralContext) -> Verdict:
    """`devices/{}/status`: nothing but a topic looks like that."""
    name = topic_name(said.text)
    shaped = said.text.count("/") > 1 and "{}" in name and not said.text.startswith("{}")
    return (said.mention(Kind.TOPIC, name),) if shaped and _TOPIC.fullmatch(said.text) else None


def _sentence(said: LiteralContext) -> Verdict:
    """What is said of an error: the same words in two repos are one message, or are compared."""
    text = said.text
    if said.word.is_key or len(text) > 160:
        return None
    told = has(f"{said.call} {said.key}", (*keywords.ERRORS, "message", "detail", "raise", "abort"))
    if _PHRASE.fullmatch(text):
        return (said.mention(Kind.ERROR, text, weak=0 if told or said.word.case else 1),)
    if text.count(" ") > 2 and _SENTENCE.fullmatch(text):
        return (said.mention(Kind.ERROR, text.rstrip(".:! "), weak=0 if told else 1),)
    return None


CLASSIFIERS: tuple[Callable[[LiteralContext], Verdict], ...] = (
    _sql,
    _named_table,
    _header,
    _route,
    _variable,
    _declaration,
    _renamed,
    _address,
    _cookie,
    _flag,
    _topic,
    _message,
    _code,
    _plain_key,
    _path_of_topic,
    _sentence,
)


def judged(said: LiteralContext) -> tuple[Mention, ...]:
    """What a string mentions, by the first judge that does not pass; and the constant that it may be the value of."""
    verdict = next((found for classifier in CLASSIFIERS if (found := classifier(said)) is not None), ())
    name = said.word.key.rpartition(".")[2]
    if said.declares or said.word.listed or not _CONSTANT.fullmatch(name) or "\n" in said.text or len(said.text) > 120:
        return verdict
    return (*verdict, said.mention(Kind.CONSTANT, plain_name(name), shown=name, detail=said.text))
