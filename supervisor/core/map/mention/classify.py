"""Classify strings. Each classifier knows one kind of thing. It returns mentions, or None to pass the string on.

`CLASSIFIERS` run in order, the surest first. The first one that does not pass decides. An empty tuple is a decision,
too: the string is of that kind, but too common to tie repos together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from supervisor.core.map.mention import keywords, stopwords
from supervisor.core.map.mention.context import LiteralContext, about_errors, has
from supervisor.core.map.mention.fields import IDENTIFIER, field, key, listed_field, one_of_set, parameter
from supervisor.core.map.mention.normalize import plain_name, topic_name
from supervisor.core.map.mention.routes import routes
from supervisor.core.map.mention.rpc import rpc_path
from supervisor.core.map.mention.types import type_name
from supervisor.domain.link import Kind, Mention, Role
from supervisor.regex import regex

Verdict = tuple[Mention, ...] | None

_HEADER = regex(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")
_OWN_HEADER = regex(r"[Xx]-[A-Za-z][A-Za-z0-9\-]+")
_HEADER_LINE = regex(r"([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+):\s")
_ENV = regex(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{5,}")
_CODE = regex(
    r"[A-Za-z][A-Za-z0-9]*(?:[_\-.:/][A-Za-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # a UUID, whatever it begins with
)
_UUID = regex(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHORT_UUID = regex(r"(?:0x)?[0-9a-f]{4}")
_LOCALE = regex(r"[a-z]{2,3}[_\-](?:[A-Z]{2}|[A-Z][a-z]{3})(?:[_\-][A-Z]{2})?")
"""A language with its country or script, as everybody writes it: `pt-BR`, `zh_Hans`."""

_ERROR_NUMBER = regex(r"[A-Z]{1,4}[_-]?\d{3,5}")
_TOPIC = regex(r"[A-Za-z0-9{}$+#*][\w{}$+#*.:/\-]*")
_EVENT = regex(
    r"[a-z][a-z_\-]+:[a-z][a-z_\-]+|[a-z][a-z_\-.]+\.[a-z_\-]*(?:ed|paid|sent|lost|won|done|ready|left|begun|gone)"
)
"""What happened (`ride.ended`), or a namespace and a name. Others with a dot may be paths of keys, modules or hosts."""

_PHRASE = regex(r"[a-z]{3,}( [a-z]{2,}){1,2}")
_SENTENCE = regex(r"[\w{}'\"(][^\n<>]{10,}")
_MULTIWORD = regex(r"[A-Za-z0-9][_\-.:][A-Za-z0-9]|[a-z0-9][A-Z]")
_CONSTANT = regex(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")
_PLAIN = regex(r"[A-Za-z]{3,24}")
_CAPITALS = regex(r"[A-Z]{4,}|[A-Z]{2,}(?:-[A-Z]+)+")
_ADDRESS = regex(r"(?:tcp://)?[\w.\-{}\[\]*]*:(\d{4,5})")
_SERVICE = regex(r"(?:.*\.)?(_[a-z0-9][a-z0-9\-]{1,14})\._(?:tcp|udp)(?:\.local)?\.?", re.I)  # RFC 6763
_SERVICE_NAME = regex(r"_[a-z0-9][a-z0-9\-]{1,14}", re.I)
_DOES = regex(r"(get|set|add|delete|remove|clear|read|write|parse)(_?all)?_?[A-Z_]")
_COOKIE_PAIR = regex(r"([A-Za-z_]\w{2,})=")
_TABLE = regex(
    r"\b(?:from|join|into|update|table(?:\s+if\s+(?:not\s+)?exists)?|references|truncate|on)\s+"
    r"[\"`\[]?(?:\w+[\"`\]]?\.[\"`\[]?)?([a-z_][a-z0-9_]{2,})",
    re.I,
)
_SQL = regex(
    r"\s*(?:begin\b[^;]{0,30};\s*|pragma\b[^;]{0,60};\s*)*(select\b.+\bfrom\b|insert\s+into|update\s+\S+\s+set|delete\s+from|create\s+(unlogged\s+)?table|alter\s+table"
    r"|with\s+\w+\s+as|create\s+(unique\s+)?index|replace\s+into|merge\s+into)",
    re.I | re.S,
)


BLUETOOTH = "-0000-1000-8000-00805f9b34fb"
"""The end of each UUID that Bluetooth assigns; four digits stand for the whole."""


def header(text: str, line: int, role: Role = Role.NAMES) -> tuple[Mention, ...]:
    """Return a mention of a header; nothing if it is a standard one."""
    name = text.lower()
    return (Mention(Kind.HEADER, name, text, line, role),) if name not in stopwords.HEADERS else ()


def env(text: str, line: int, role: Role, weak: int = 0) -> tuple[Mention, ...]:
    """Return a mention of an environment variable; nothing if many programs read it."""
    known = text in stopwords.ENVIRONMENT or not _ENV.fullmatch(text)
    return () if known else (Mention(Kind.ENV, text, text, line, role, weak=weak),)


def port(digits: str, context: LiteralContext, role: Role) -> tuple[Mention, ...]:
    """Return a mention of a port; nothing if it is a common one."""
    own = digits.isdigit() and 1023 < int(digits) < 65536 and int(digits) not in stopwords.PORTS
    return (context.mention(Kind.PORT, digits, role),) if own else ()


# ── the classifiers ──────────────────────────────────────────────────────────────────────────────


def _sql(context: LiteralContext) -> Verdict:
    return tuple(_tables(context)) if context.word.call == "sql" or _SQL.match(context.text) else None


def _tables(context: LiteralContext) -> Iterator[Mention]:
    text = context.word.text
    for match in _TABLE.finditer(text):
        name = match[1].lower()
        indexes = match[0][:2].lower() != "on" or "index" in text[: match.start()].lower()
        if indexes and name not in stopwords.SQL:
            creates = re.search(r"create\s+(unlogged\s+)?table", text[: match.end()], re.I) is not None
            own = creates and match[0].lower().startswith("table")
            role = Role.PROVIDES if own or context.word.decorates else Role.USES  # a query of an object's own storage
            yield Mention(Kind.TABLE, name, match[1], context.word.line + text[: match.start(1)].count("\n"), role)


def _named_table(context: LiteralContext) -> Verdict:
    if context.word.is_key or not re.fullmatch(r":?[a-z][a-z0-9_]{2,}", context.text):
        return None
    named = context.call in keywords.TABLES or context.key in ("__tablename__", "table_name", "tablename", "table")
    role = Role.PROVIDES if context.word.decorates else Role.NAMES  # an entity of its own database
    return (context.mention(Kind.TABLE, context.text.lstrip(":"), role),) if named else None


def _header(context: LiteralContext) -> Verdict:
    text = context.text.rstrip(": ")
    if (match := _HEADER_LINE.match(context.text)) and (match[1] != match[1].lower() or "header" in context.around):
        return header(match[1], context.word.line) or None
    parameter = context.declares and context.key == "name" and ".parameters" in context.word.within
    if _OWN_HEADER.fullmatch(text) or (_HEADER.fullmatch(text) and ("header" in context.around or parameter)):
        return header(text, context.word.line, Role.USES if "get" in context.call else Role.NAMES)
    return None


def _route(context: LiteralContext) -> Verdict:
    if context.call == "include" and context.language == "python" and context.text.endswith(".urls"):
        return ()  # the name of a module
    return tuple(routes(context)) or None


def _variable(context: LiteralContext) -> Verdict:
    """An environment variable that is read, or set by a declaration."""
    word, text = context.word, context.text
    if context.declares:
        name, sign, _ = text.partition("=")
        above = word.key.lower()
        if word.is_key and above in ("environment", "env", "variables", "data", "envs", "stringdata"):
            return env(text, word.line, Role.PROVIDES) if _ENV.fullmatch(text) else None
        if word.key == "name" and ".env" in word.within and _ENV.fullmatch(text):
            return env(text, word.line, Role.PROVIDES)
        return env(name, word.line, Role.PROVIDES) if sign and "env" in above and _ENV.fullmatch(name) else None
    if word.of.lower().endswith(("environ", "env")):
        return env(text, word.line, Role.USES)
    named = context.key == "name" and not word.call and not word.case  # of Terraform
    read = (
        context.call in keywords.ENVIRONMENTS or "getenv" in context.call or context.on in ("environ", "env", "process")
    )
    return env(text, word.line, Role.USES) if (named or read) and _ENV.fullmatch(text) else None


def _declaration(context: LiteralContext) -> Verdict:
    """What a value or a key of YAML, JSON or TOML declares. The classifiers below never see these files."""
    return tuple(_declared(context)) if context.declares else None


def _declared(context: LiteralContext) -> Iterator[Mention]:
    word, text, above = context.word, context.text, context.word.key.lower()
    if word.key == "ports":
        for digits in re.findall(r"\d{4,5}", text):
            yield from port(digits, context, Role.PROVIDES)
    elif word.is_key and word.key == "properties" and IDENTIFIER.fullmatch(text):
        yield from field(text, word.line, Role.PROVIDES, type_name(word.type))
    elif word.is_key and word.key in ("schemas", "definitions", "messages"):
        yield context.mention(Kind.SCHEMA, text, Role.PROVIDES)
    elif word.is_key and word.key in ("channels", "topics", "queues"):
        yield context.mention(Kind.TOPIC, topic_name(text), Role.PROVIDES)
    elif word.is_key and has(above, keywords.FLAGS) and _CODE.fullmatch(text):
        yield context.mention(Kind.FLAG, plain_name(text), Role.PROVIDES)
    elif not word.is_key and has(above, keywords.TOPIC_WORDS) and _TOPIC.fullmatch(text) and len(text) > 4:
        yield context.mention(Kind.TOPIC, topic_name(text))
    elif _MULTIWORD.search(text) and text.lower() not in stopwords.WORDS and _CODE.fullmatch(text):
        listed = not word.is_key and word.key in ("enum", "const", "required")
        yield context.mention(Kind.WORD, text, weak=0 if listed else 2)


def _renamed(context: LiteralContext) -> Verdict:
    """The serialized name of a field: `@SerialName("ride_id")`, `case rideId = "ride_id"`."""
    if context.text in stopwords.CASES:
        return ()
    if not IDENTIFIER.fullmatch(context.text):
        return None
    coding = context.language == "swift" and context.key and plain_name(context.key) == plain_name(context.text)
    moshi = context.word.decorates and context.call == "json"
    renames = moshi or context.call in keywords.RENAMES or context.key in keywords.RENAMES
    return field(context.text, context.word.line) if renames or coding else None


def _address(context: LiteralContext) -> Verdict:
    if (match := _ADDRESS.fullmatch(context.text)) is None:
        return None
    return port(
        match[1], context, Role.PROVIDES if has(context.call, ("listen", "bind", "serve", "run")) else Role.USES
    )


def _cookie(context: LiteralContext) -> Verdict:
    if context.key == "cookie" and (match := _COOKIE_PAIR.match(context.text)):
        return (context.mention(Kind.COOKIE, match[1], Role.PROVIDES, shown=match[1]),)
    if (
        context.word.is_key
        or context.word.at
        or "cookie" not in f"{context.call} {context.of} {context.key} {context.on}"
    ):
        return None
    if match := _COOKIE_PAIR.fullmatch(context.text):
        return (context.mention(Kind.COOKIE, match[1], Role.USES, shown=match[1]),)  # searched for in a header
    if (
        len(context.text) < 4
        or context.text.lower() in stopwords.COOKIE_WORDS
        or not IDENTIFIER.fullmatch(context.text)
    ):
        return None
    if _DOES.match(context.text):
        return None  # a function about cookies, not the name of one
    sets = context.call in ("set_cookie", "setcookie", "set", "cookie", "append", "put_resp_cookie")
    return (context.mention(Kind.COOKIE, context.text, Role.PROVIDES if sets else Role.USES),)


def _service(context: LiteralContext) -> Verdict:
    """A type of service on the local network (mDNS), with or without its protocol: `_ridelib._tcp.local.`."""
    match = _SERVICE.fullmatch(context.text)
    if match is None:
        named = plain_name(context.key).endswith("servicetype") or has(context.around, keywords.LOCAL_SERVICES)
        if not named or _SERVICE_NAME.fullmatch(context.text) is None:
            return None
    name = (match[1] if match else context.text).lower()
    return () if name in stopwords.SERVICES else (context.mention(Kind.TOPIC, f"{name}._tcp"),)


def _flag(context: LiteralContext) -> Verdict:
    named = has(context.key, keywords.FLAGS)
    asked = has(f"{context.word.call.lower()} {context.of}", keywords.FLAGS) and not context.word.is_key
    if context.word.at or not (named or asked) or not _CODE.fullmatch(context.text):
        return None
    role = Role.PROVIDES if named and context.word.is_key else Role.USES
    return (context.mention(Kind.FLAG, plain_name(context.text), role),)


def _topic(context: LiteralContext) -> Verdict:
    word, text = context.word, context.text
    if word.is_key or len(text) < 4 or text.lower() in stopwords.EVENTS or not _TOPIC.fullmatch(text):
        return None
    if text.startswith((".", "-")) or "application/" in text or "://" in text or re.fullmatch(r"[\d.:/]+", text):
        return None
    shaped = _MULTIWORD.search(text) is not None or "/" in text or "{}" in text
    called = context.call in keywords.EVENTS_IN or (context.call in keywords.EVENTS_OUT and not _collects(word.call))
    plainly = called and word.at == 0 and context.call in keywords.EVENT_FIRST
    named = has(context.key, keywords.TOPIC_WORDS) and not context.key.endswith(("_key_id", "eventlistener"))
    if not plainly and not (shaped and (called or named or has(context.call, keywords.EVENT_PARTS))):
        return None
    out = context.call in keywords.EVENTS_OUT or context.call.endswith("publish")
    listens = context.call in keywords.EVENTS_IN or context.call.endswith("subscribe")
    return (
        context.mention(Kind.TOPIC, topic_name(text), Role.PROVIDES if out else Role.USES if listens else Role.NAMES),
    )


def _collects(call: str) -> bool:
    """Whether a call only adds to a list: `query.push`, and not `channel.push`."""
    of, _, function = call.lower().rpartition(".")
    return function == "push" and bool(of) and not has(of, keywords.PUSHED_TO)


def _uuid(context: LiteralContext) -> Verdict:
    """A UUID of Bluetooth in its long form; `180d` and `0000180d-0000-1000-8000-00805f9b34fb` become equal."""
    text = context.text.lower()
    if _SHORT_UUID.fullmatch(text) and "uuid" in f"{context.around} {context.call}".replace("guid", "uuid"):
        name = f"0000{text.removeprefix('0x')}{BLUETOOTH}"
    elif _UUID.fullmatch(text):
        name = text
    else:
        return None
    return (context.mention(Kind.WORD, name),)


def _code(context: LiteralContext) -> Verdict:
    """A word of several parts. What it names is clear from its context, or from the other repo."""
    word, text = context.word, context.text
    coded = _CODE.fullmatch(text) is not None and _MULTIWORD.search(text) is not None
    if not (coded or _ERROR_NUMBER.fullmatch(text)):
        return None
    if text.lower() in stopwords.WORDS or _LOCALE.fullmatch(text):
        return ()
    if (about_errors(word.call) or about_errors(word.key)) and not word.is_key:
        return (context.mention(Kind.ERROR, text),)
    if _EVENT.fullmatch(text) and not context.of:
        return (context.mention(Kind.TOPIC, topic_name(text)),)
    if context.key in keywords.MESSAGE_KEYS and not word.is_key and not text.startswith(("application/", "text/")):
        return (context.mention(Kind.TOPIC, topic_name(text)),)
    if word.is_key and has(context.key, ("error", "message", "problem", "reason", "hint")):
        return (context.mention(Kind.ERROR, text),)
    of_json = has(context.call, ("getobjectitem", "toobject", "json"))
    looked_up = (context.call in keywords.LOOKUPS and word.at == 0) or (of_json and word.at < 2)
    if word.is_key or context.of or looked_up:
        return key(text, word.line)
    return (
        () if "/" in text else (context.mention(Kind.WORD, text, weak=0 if word.case or context.key or of_json else 2),)
    )


def _message(context: LiteralContext) -> Verdict:
    """A word in capitals that names a type of message: `Heartbeat = "HEARTBEAT"`, `type: "HEARTBEAT"`."""
    text = context.text
    if context.word.is_key or not _CAPITALS.fullmatch(text) or stopwords.is_usual(text):
        return None
    own = plain_name(context.key) == plain_name(text) or context.key in keywords.MESSAGE_KEYS
    return (context.mention(Kind.TOPIC, text),) if own else None


def _plain_key(context: LiteralContext) -> Verdict:
    named = (context.word.is_key or context.of) and IDENTIFIER.fullmatch(context.text)
    return key(context.text, context.word.line) if named else None


def _path_of_topic(context: LiteralContext) -> Verdict:
    """A path with placeholders that does not begin with a slash: only topics look like `devices/{}/status`."""
    name = topic_name(context.text)
    shaped = (
        "://" not in context.text and context.text.count("/") > 1 and "{}" in name and not context.text.startswith("{}")
    )
    return (context.mention(Kind.TOPIC, name),) if shaped and _TOPIC.fullmatch(context.text) else None


def _sentence(context: LiteralContext) -> Verdict:
    """An error message: if two repos have the same words, they share it, or one of them compares it."""
    word, text = context.word, context.text
    if word.is_key or len(text) > 160 or context.key in keywords.EXPLAINS:
        return None
    of_error = about_errors(word.call) or about_errors(word.key) or has(f"{context.call} {context.key}", keywords.TOLD)
    if _PHRASE.fullmatch(text):
        return (context.mention(Kind.ERROR, text, weak=0 if of_error or word.case else 1),)
    if text.count(" ") > 2 and _SENTENCE.fullmatch(text):
        return (context.mention(Kind.ERROR, text.rstrip(".:! "), weak=0 if of_error else 1),)
    return None


def _member(context: LiteralContext) -> Verdict:
    """A plain word that is one of several: in a list, or compared with a variable, or the type of a message."""
    word = context.word
    if not _PLAIN.fullmatch(context.text) or word.is_key or context.declares:
        return None
    told = (word.listed and context.key) or context.key in keywords.MESSAGE_KEYS
    return one_of_set(Kind.WORD, context.text, word.line, 1 if told else 2) if told or word.case else None


CLASSIFIERS: tuple[Callable[[LiteralContext], Verdict], ...] = (
    _sql,
    _named_table,
    _header,
    rpc_path,
    _route,
    _variable,
    _declaration,
    _renamed,
    listed_field,
    parameter,
    _address,
    _service,
    _cookie,
    _flag,
    _topic,
    _message,
    _uuid,
    _code,
    _plain_key,
    _path_of_topic,
    _member,
    _sentence,
)


def classify(context: LiteralContext) -> tuple[Mention, ...]:
    """Return what a string mentions: the result of the first classifier that does not pass, and the constant whose
    value it may be."""
    verdict = next((found for classifier in CLASSIFIERS if (found := classifier(context)) is not None), ())
    name = context.word.key.rpartition(".")[2]
    if (
        context.declares
        or context.word.listed
        or not _CONSTANT.fullmatch(name)
        or "\n" in context.text
        or len(context.text) > 120
    ):
        return verdict
    return (*verdict, context.mention(Kind.CONSTANT, plain_name(name), shown=name, detail=context.text))
