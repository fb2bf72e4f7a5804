"""Said: a string with what stands around it in the form in which it is judged."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from supervisor.core.map.normalize import last_of, receiver_of
from supervisor.domain.link import Kind, Literal, Mention, Role


class LiteralContext(Struct, frozen=True):
    """A string of a file in `language`, whose routes are below `prefix`.

    `text` is trimmed, `shown` as the source has it. `call` is the last name of the function that it is handed to,
    `on` what that is a method of, `key` and `of` the last names of what it is given to or an index of; lower case.
    """

    word: Literal
    language: str
    prefix: str
    text: str
    shown: str
    call: str
    on: str
    key: str
    of: str

    @property
    def declares(self) -> bool:
        """It stands in a file that only declares."""
        return self.language in ("yaml", "json", "toml")

    @property
    def around(self) -> str:
        """All names around, for a look at their parts."""
        return f"{self.word.call} {self.word.key} {self.word.of}".lower()

    def mention(
        self, kind: Kind, name: str, role: Role = Role.NAMES, *, shown: str = "", detail: str = "", weak: int = 0
    ) -> Mention:
        """A mention of `name` at this place."""
        return Mention(kind, name, shown or self.shown, self.word.line, role, detail, weak)


def said(word: Literal, language: str, prefix: str) -> LiteralContext:
    """The string `word` as it is judged."""
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
    """Whether one of `parts` is in `text`."""
    return any(part in text for part in parts)
