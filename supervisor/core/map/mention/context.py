"""LiteralContext: a literal and its surroundings, in the form that the classifiers read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from supervisor.core.map.mention import keywords
from supervisor.core.map.mention.normalize import last_of, receiver_of
from supervisor.domain.link import Kind, Literal, Mention, Role
from supervisor.regex import regex


class LiteralContext(Struct, frozen=True):
    """A literal and its surroundings. Names are in lower case."""

    word: Literal
    language: str  # of the file
    prefix: str  # the route that all routes of the file are below, or ""
    text: str  # trimmed
    shown: str  # trimmed, as in the source
    call: str  # the last name of the function that it is passed to
    on: str  # what that function is a method of
    key: str  # the last name of what it is assigned to
    of: str  # the last name of what it is an index of

    @property
    def declares(self) -> bool:
        """Whether the file only declares data."""
        return self.language in ("yaml", "json", "toml")

    @property
    def around(self) -> str:
        """All names around it, to search them for parts."""
        return f"{self.word.call} {self.word.key} {self.word.of}".lower()

    def mention(
        self, kind: Kind, name: str, role: Role = Role.NAMES, *, shown: str = "", detail: str = "", weak: int = 0
    ) -> Mention:
        """Return a mention of `name` at this place."""
        return Mention(kind, name, shown or self.shown, self.word.line, role, detail, weak)


def in_context(word: Literal, language: str, prefix: str) -> LiteralContext:
    """Return a literal with its surroundings."""
    return LiteralContext(
        word,
        language,
        prefix,
        word.text.strip(),
        (word.raw or word.text).strip(),
        last_of(word.call),
        receiver_of(word.call),
        last_of(word.key),
        last_of(word.of),
    )


def has(text: str, parts: Iterable[str]) -> bool:
    """Return whether one of `parts` is in `text`."""
    return any(part in text for part in parts)


_WORD = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@lru_cache(4096)
def about_errors(name: str) -> bool:
    """Return whether one of the words of a name is about errors: of `on_fail`, but not of `default` or `barcode`."""
    words = map(str.lower, _WORD.findall(name))
    return any(
        word in keywords.ERRORS or word.startswith(keywords.ERROR_STEMS) or word.endswith(keywords.ERROR_STEMS)
        for word in words
    )
