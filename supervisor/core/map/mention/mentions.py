"""Find mentions: the literals of a source file that name something two repos may share, and what they name.

The context of a literal and its shape decide: an index of `headers` is a header whatever it looks like, and
`X-Device-Token` is one wherever it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec.structs import replace

from supervisor.core.map.mention import classify, stopwords
from supervisor.core.map.mention.context import in_context
from supervisor.core.map.mention.fields import field, key, one_of_set
from supervisor.core.map.mention.normalize import imported, package_name, plain_name, repo_name
from supervisor.core.map.mention.routes import prefix_of
from supervisor.core.map.mention.types import type_name
from supervisor.core.text.redact import redact
from supervisor.domain.link import RPC_CALLED, RPC_SERVED, Form, Kind, Literal, Mention, Role
from supervisor.regex import regex

_PACKAGE_FILE = regex(r"(?:src/|python/|[\w\-]+/)?(\w+)/__init__\.py")
_UPPER = regex(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_MULTIWORD = regex(r"[A-Za-z0-9][_\-.:][A-Za-z0-9]|[a-z0-9][A-Z]")
_SHORT_UUID = regex(r"0x[0-9a-fA-F]{4}")
_TAG = regex(r'(\w+):"([^",]*)[^"]*"')
_FIELD_TAGS = frozenset(["json", "form", "query", "bson", "msgpack", "yaml", "uri", "param"])
_REMEMBERED = 8192
"""Literals and texts that are not examined again: a third of the literals of real packages repeats, and most names."""


def mentions(
    words: Sequence[Literal], language: str, file: str = "", secrets: tuple[str, ...] = ()
) -> tuple[Mention, ...]:
    """Return what the literals of one file mention, without `secrets`. The same thing on the same line counts once."""
    prefix = prefix_of(words, language)
    found: dict[tuple[Kind, str, int, str], Mention] = {}
    for mention in (*_of_file(file, secrets), *_of_words(words, language, prefix, secrets)):
        where = (mention.kind, mention.name, mention.line, mention.detail)
        if where not in found or (found[where].role is Role.NAMES and mention.role is not Role.NAMES):
            found[where] = mention
    return tuple(found.values())


def untold(found: Iterable[Mention], content: bytes, secrets: tuple[str, ...]) -> Iterator[Mention]:
    """Leave out texts which their line says to be a secret: of `api_secret = "blue-horse"`, only the name tells."""
    lines = content.split(b"\n")
    for mention in found:
        line = lines[mention.line - 1].decode("utf-8", "replace") if 0 < mention.line <= len(lines) else ""
        if mention.kind is not Kind.WORD or mention.shown not in line or mention.shown in _redacted(line, secrets):
            yield mention


def _of_words(words: Sequence[Literal], language: str, prefix: str, secrets: tuple[str, ...]) -> Iterator[Mention]:
    for word in words:
        for mention in _safely_of(replace(word, line=0), language, prefix, secrets):
            yield mention._replace(line=word.line + mention.line)


@lru_cache(_REMEMBERED)
def _safely_of(word: Literal, language: str, prefix: str, secrets: tuple[str, ...]) -> tuple[Mention, ...]:
    """Return what a literal mentions. A secret in it is redacted first, because a part of one looks like none."""
    found = tuple(_of(word, language, prefix))
    if found and (clean := _redacted(word.text, secrets)) != word.text:
        found = tuple(_of(replace(word, text=clean), language, prefix))
    return tuple(_without_secrets(one, secrets) for one in found)


_redacted = lru_cache(_REMEMBERED)(redact)


def _without_secrets(mention: Mention, known: tuple[str, ...]) -> Mention:
    """Redact tokens that somebody wrote into a source file."""
    name, shown, detail = (_redacted(text, known) for text in (mention.name, mention.shown, mention.detail))
    if (name, shown, detail) == (mention.name, mention.shown, mention.detail):
        return mention
    if name == mention.name and shown != mention.shown:  # what tells the secret is a placeholder in the name
        name = shown
    return mention._replace(name=name, shown=shown, detail=detail)


def _of_file(file: str, secrets: tuple[str, ...]) -> Iterator[Mention]:
    """Yield the Python package that an `__init__.py` defines."""
    if (match := _PACKAGE_FILE.fullmatch(file)) and match[1].lower() not in stopwords.FOLDERS:
        mention = Mention(Kind.PACKAGE, package_name(match[1]), match[1], 0, Role.PROVIDES)
        yield _without_secrets(mention, secrets)


def _of(word: Literal, language: str, prefix: str) -> Iterator[Mention]:
    match word.form:
        case Form.STRING:
            enum = word.key == "enum" and word.call in ("proto", "graphql")
            for mention in classify.classify(in_context(word, language, prefix)):
                yield mention._replace(role=Role.PROVIDES) if enum else mention
        case Form.NUMBER:
            yield from _number(word, language)
        case Form.STATUS:
            role = Role.USES if word.key == "compared" else Role.PROVIDES
            yield Mention(Kind.STATUS, word.text, word.raw or word.text, word.line, role)
        case Form.FIELD | Form.MEMBER:
            yield from _field(word)
        case Form.TAG:
            yield from _tag(word)
        case Form.ENV:
            role = Role.PROVIDES if word.is_key else Role.USES
            yield from classify.env(word.text, word.line, role, weak=2 if language == "bash" else 0)
        case Form.PACKAGE:
            yield _package(word)
        case Form.TYPE | Form.USED_TYPE if word.call == "grpc":
            yield from _rpc(word)
        case Form.TYPE if len(word.text) > 3 and word.text not in stopwords.TYPES:
            yield Mention(Kind.SCHEMA, word.text, word.text, word.line, Role.PROVIDES)
        case Form.USED_TYPE if _MULTIWORD.search(word.text) and word.text not in stopwords.TYPES:
            yield Mention(Kind.SCHEMA, word.text, word.text, word.line, Role.USES, weak=2)


def _field(word: Literal) -> tuple[Mention, ...]:
    """Return mentions of a field of data. Outside of a schema they are weak: the name may be the program's own."""
    weak = 2 if word.form is Form.MEMBER else 1
    if word.call in ("proto", "graphql") and word.form is Form.FIELD:
        return field(word.text, word.line, Role.PROVIDES, type_name(word.type))
    if word.call == "graphql":
        return key(word.text, word.line, Role.USES) if _MULTIWORD.search(word.text) else ()
    if word.key == "Header":
        return classify.header(word.text.replace("_", "-"), word.line, Role.PROVIDES)
    if word.key == "Query":
        return field(word.text, word.line, Role.PROVIDES)
    if word.key == "Cookie":
        return (Mention(Kind.COOKIE, word.text, word.text, word.line, Role.PROVIDES),)
    if word.key == "enum" and not _MULTIWORD.search(word.text):
        return one_of_set(Kind.WORD, word.text, word.line, 1)
    if word.key == "enum":
        return (Mention(Kind.WORD, word.text, word.text, word.line, weak=1),)
    if _UPPER.fullmatch(word.text):
        return (Mention(Kind.WORD, word.text, word.text, word.line, weak=weak - weak % 2),)
    if word.sent:
        return field(word.text, word.line, type_=type_name(word.type))
    if _MULTIWORD.search(word.text):
        return key(word.text, word.line, weak=weak, type_=type_name(word.type))
    return one_of_set(Kind.KEY, word.text, word.line, 1 if word.type else 2, type_name(word.type))


def _rpc(word: Literal) -> Iterator[Mention]:
    """Yield a service or method of gRPC. That a method of this name is called proves little by itself."""
    served = word.form is Form.TYPE
    if word.text not in stopwords.TYPES:
        yield Mention(
            Kind.SCHEMA,
            word.text,
            word.raw or word.text,
            word.line,
            Role.PROVIDES if served else Role.USES,
            RPC_SERVED if served else RPC_CALLED,
            weak=0 if served or word.key == "service" else 2,
        )


def _tag(word: Literal) -> Iterator[Mention]:
    for name, value in _TAG.findall(word.text):
        if name in _FIELD_TAGS and value:
            yield from field(value, word.line, type_=type_name(word.type))
        elif name in ("env", "envconfig"):
            yield from classify.env(value, word.line, Role.USES)
        elif name == "header" and value:
            yield from classify.header(value, word.line)


def _package(word: Literal) -> Mention:
    match word.key:
        case "submodule":
            return Mention(Kind.SUBMODULE, repo_name(word.text), word.text, word.line, Role.USES)
        case "imports":
            name = imported(word.text, word.call)
            return Mention(Kind.PACKAGE, package_name(name), name, word.line, Role.USES, weak=1)
    role = Role.PROVIDES if word.key == "provides" else Role.USES
    return Mention(Kind.PACKAGE, package_name(word.text), word.text, word.line, role)


def _number(word: Literal, language: str) -> Iterator[Mention]:
    name = word.key.rpartition(".")[2]
    bare, digits = plain_name(name), word.text.replace("_", "")
    if "uuid" in bare and _SHORT_UUID.fullmatch(digits):
        yield Mention(Kind.WORD, f"0000{digits[2:].lower()}{classify.BLUETOOTH}", word.text, word.line)
        return
    if bare.endswith(("port", "ports")):
        yield from classify.port(digits, in_context(word, language, ""), Role.PROVIDES if word.is_key else Role.NAMES)
    declared = word.is_key or word.within or language in ("hcl", "yaml", "json")
    if not declared and _MULTIWORD.search(name) and bare not in stopwords.CONSTANTS:
        yield Mention(Kind.CONSTANT, bare, name, word.line, detail=digits)
