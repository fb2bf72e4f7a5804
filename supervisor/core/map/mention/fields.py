"""Find names of data fields, and of parameters in the query of a URL."""

from __future__ import annotations

from supervisor.core.map.mention import keywords, stopwords
from supervisor.core.map.mention.context import LiteralContext
from supervisor.core.map.mention.normalize import plain_name
from supervisor.domain.link import Kind, Mention, Role
from supervisor.regex import regex

WIRE = "wire"
"""The detail of a field whose place says that it is sent: a tag, a schema, a query. Even a common name counts then."""

SET = "set"
"""The detail of a plain word that is one of several in a class, an object, an enum or a list: it counts beside the
others of them that the other side has together, too."""

IDENTIFIER = regex(r"[A-Za-z_][A-Za-z0-9_\-]*")
_SHORTEST = 2  # characters of a field that is declared for the wire; of another, one more


def key(text: str, line: int, role: Role = Role.NAMES, weak: int = 0, type_: str = "") -> tuple[Mention, ...]:
    """Return a mention of a field of data; nothing if the name is common."""
    name = plain_name(text)
    if len(name) <= _SHORTEST or name in stopwords.KEYS or not _is_name(text):
        return ()
    return (Mention(Kind.KEY, name, text, line, role, weak=weak, type=type_),)


def field(text: str, line: int, role: Role = Role.NAMES, type_: str = "") -> tuple[Mention, ...]:
    """Return a mention of a field that is declared for the wire."""
    if len(plain_name(text)) < _SHORTEST or not _is_name(text):
        return ()
    return (Mention(Kind.KEY, plain_name(text), text, line, role, WIRE, type=type_),)


def one_of_set(kind: Kind, text: str, line: int, weak: int, type_: str = "") -> tuple[Mention, ...]:
    """Return a mention of a plain word that is one of several; nothing if it is common."""
    name = plain_name(text)
    if len(name) <= _SHORTEST or name in stopwords.KEYS or not _is_name(text):
        return ()
    return (Mention(kind, name, text, line, detail=SET, weak=weak, type=type_),)


def listed_field(context: LiteralContext) -> tuple[Mention, ...] | None:
    """Return a mention of a field in the list of those that a serializer has; None if it is in none."""
    word, text = context.word, context.text
    if context.language not in ("python", "php", "ruby") or not IDENTIFIER.fullmatch(text) or word.is_key:
        return None
    named = word.listed and context.key.strip("$@_") in keywords.FIELD_LISTS
    called = context.language == "ruby" and context.call in keywords.FIELD_CALLS
    return field(text, word.line, Role.PROVIDES) if named or called else None


def parameter(context: LiteralContext) -> tuple[Mention, ...] | None:
    """Return a mention of a parameter of a query that is added or read here; None if it is none."""
    word, text = context.word, context.text
    if not IDENTIFIER.fullmatch(text):
        return None
    if word.is_key:
        added = context.key in ("params", "queryparameters", "searchparams")
        return field(text, word.line, Role.USES) if added else None
    if word.at:
        return None
    added = context.call in keywords.QUERIED or (context.on in keywords.QUERIES and context.call in ("append", "set"))
    if added or (word.decorates and word.call.lstrip("@") == "Query"):  # of Retrofit
        return field(text, word.line, Role.USES)
    read = context.on in keywords.QUERIES and context.call in ("get", "getall", "has", "getlist")
    asked = context.call in keywords.ASKED or (context.call == "query" and context.on in ("c", "ctx", "context"))
    role = Role.NAMES if context.on == "searchparams" else Role.PROVIDES  # a page reads its own URL, too
    return field(text, word.line, role) if read or asked else None


def _is_name(text: str) -> bool:
    return not text.startswith(("-", "__")) and IDENTIFIER.search(text) is not None
