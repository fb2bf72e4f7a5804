"""Write HTML in which no text can become markup, and none keeps a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from html import escape

from supervisor.core.text.redact import redact
from supervisor.regex import regex

VOID = frozenset({"br", "hr", "input", "link", "meta"})
CACHED = 5000  # texts whose escaped form is remembered: states, names and labels come again and again
_SHORT = 20  # characters of a name that is not folded
# What steers a terminal or turns the direction of a line. Line feed and tab stay.
_UNWANTED = regex(
    "\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b\n]*(?:\x07|\x1b\\\\)|"
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_FENCED = regex(r"^```[^`\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_WRAPPED = regex(r"(?<=[^\n]{70})[ \t]*\n(?=[^\W\d_]|[`\"'(])")
_BOLD = regex(r"(?<![\w*])\*\*(?=\S)([^*\n]+)(?<=\S)\*\*(?![\w*])")
_CODE = regex(r"(?<!`)`([^`\n]+)`(?!`)")


class Html(str):
    """Markup. Only a `Pen`, and constants of ours, make it."""

    __slots__ = ()


class Pen:
    """Makes elements: `pen("p", "text", cls="why")`. A text is cleaned and escaped, `Html` stays as it is.

    `known`: secrets that are cut out. `local` gives a moment in the reader's time zone.
    """

    def __init__(self, known: tuple[str, ...] = (), local: Callable[[datetime], datetime] | None = None) -> None:
        self._known = known
        self._local = local
        self._seen: dict[str, Html] = {}

    def __call__(self, tag: str, *inner: str | Iterable[str], **attributes: str | int | bool | None) -> Html:
        marks = "".join(self._attribute(name, value) for name, value in attributes.items())
        if tag in VOID:
            return Html(f"<{tag}{marks}>")
        return Html(f"<{tag}{marks}>{self.join(*inner)}</{tag}>")

    def join(self, *inner: str | Iterable[str]) -> Html:
        """Put texts and elements side by side."""
        return Html("".join(self.text(one) if isinstance(one, str) else self.join(*one) for one in inner))

    def text(self, words: str) -> Html:
        """Clean and escape a text."""
        if isinstance(words, Html):
            return words
        known = self._seen.get(words)
        if known is None:
            known = self.escaped(self.clean(words))
            if len(words) < 200 and len(self._seen) < CACHED:
                self._seen[words] = known
        return known

    def words(self, words: str) -> Html:
        """Show somebody's words line by line; what is fenced, or between single backticks, is code, between two
        asterisks bold. Lines that an editor wrapped are joined, because a reader's screen has another width."""
        shown = list[Html]()
        for at, part in enumerate(_FENCED.split(self.clean(words).strip("\n"))):
            if at % 2:
                shown.append(self("pre", self.escaped(part)))
            elif part.strip("\n"):
                shown.append(self._marked(_WRAPPED.sub(" ", part.strip("\n") if at else part.rstrip("\n"))))
        return self("div", shown, cls="words")

    def line(self, words: str) -> Html:
        """Show somebody's words as a part of a line, with the same marks."""
        return self._marked(self.clean(words))

    def _marked(self, cleaned: str) -> Html:
        shown = list[Html]()
        for at, part in enumerate(_CODE.split(cleaned)):
            if at % 2:
                shown.append(self("code", part))
            else:
                shown += [
                    self("b", self.escaped(one)) if bold % 2 else self.escaped(one)
                    for bold, one in enumerate(_BOLD.split(part))
                ]
        return self.join(*shown)

    def clean(self, words: str) -> str:
        """Cut out secrets and what steers a terminal."""
        return redact(_UNWANTED.sub("", words.replace("\r\n", "\n")), self._known)

    def escaped(self, cleaned: str) -> Html:
        """Escape a text that was cleaned as a whole."""
        return Html(escape(cleaned))

    def time(self, at: datetime | None, *, day: bool = False) -> Html:
        """Write a moment, as an element that has it in full."""
        if at is None:
            return Html("")
        return self("time", self.clock(at, day=day), datetime=at.isoformat("T", "seconds"))

    def moment(self, written: str | None) -> Html:
        """Write a moment of a status."""
        try:
            return self.time(datetime.fromisoformat(written), day=True) if written else Html("")
        except ValueError:
            return self.text(written or "")

    def clock(self, at: datetime, *, day: bool = False) -> str:
        """Write a moment in the reader's time zone."""
        try:
            shown = self._local(at) if self._local is not None else at
        except (OverflowError, ValueError, OSError):  # within a day of the first or the last year
            shown = at
        return f"{shown:%Y-%m-%d %H:%M:%S}" if day else f"{shown:%H:%M:%S}"

    def _attribute(self, name: str, value: str | int | bool | None) -> str:
        if value is None or value is False:
            return ""
        written = "class" if name == "cls" else name.rstrip("_").replace("_", "-")
        return f" {written}" if value is True else f' {written}="{self.text(str(value))}"'


def lasted(seconds: float) -> str:
    """Write a span of time in short: 8 s, 3 min, 2 h 05."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d}"


def count_of(number: int, word: str) -> str:
    """Write a number with its noun: 1 ask, 2 asks."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def tight(name: str) -> str | None:
    """Return the class of a cell with the name of a child or a task: it is not folded, unless it is long."""
    return "tight" if len(name) <= _SHORT else None
