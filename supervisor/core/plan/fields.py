"""Parse the `- name: value` list below a heading of plan.md."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from supervisor.core.plan.amounts import AmountError, read_amount
from supervisor.core.plan.diagnostics import Diagnostic, nearest, quoted
from supervisor.core.text.markdown import inline
from supervisor.domain.plan import Budget, Isolation, SandboxMode, ThreadChoice
from supervisor.regex import regex

if TYPE_CHECKING:
    from markdown_it.token import Token

_Choice = TypeVar("_Choice", bound=str)

TASK_FIELDS = (
    *("child", "after", "contracts", "verify", "hold", "thread", "model", "effort", "sandbox", "timeout", "budget"),
    "isolation",
)
THREADS: tuple[ThreadChoice, ...] = ("shared", "fresh")
SANDBOXES: tuple[SandboxMode, ...] = ("read-only", "workspace-write")
ISOLATIONS: tuple[Isolation, ...] = ("none", "worktree")
COMMANDS = regex(r"(?:(?:(?:and|then)\s+)?`[^`]+`[\s,;.]*)+", re.IGNORECASE)
"""A text that is commands in inline code and nothing else."""


class Field(Struct, frozen=True):
    """One `- name: value`."""

    name: str  # in lower case
    value: str
    line: int  # from 1


def scan(lines: Sequence[str], start: int, end: int, known: Sequence[str]) -> tuple[list[Field], int, list[Diagnostic]]:
    """Parse the field list at the top of `lines[start:end]`.

    Return the fields, the index of the first line after them, and what is wrong in them. There is a field list if the
    first line that is not blank looks like `- word:`. The list ends at a line that is neither a bullet nor indented. It
    also ends at a blank line, unless a field with a (nearly) known name follows.
    """
    at = _skip_blank(lines, start, end)
    first = _bullet(lines, at, end)
    if first is None or first.indent > 3 or _name_and_value(first.text, known) is None:
        return [], at, []
    found: list[tuple[str, list[str], int]] = []
    diagnostics: list[Diagnostic] = []
    while at < end:
        line, bullet = lines[at], _bullet(lines, at, end)
        if not line.strip():
            at = _skip_blank(lines, at, end)
            bullet = _bullet(lines, at, end)
            pair = _name_and_value(bullet.text, known) if bullet and bullet.indent < first.indent + 2 else None
            if pair is None or nearest(pair[0], known) is None:
                break
            continue
        if bullet and bullet.indent < first.indent + 2:
            pair = _name_and_value(bullet.text, known)
            if pair:
                found.append((pair[0], [pair[1]], at + 1))
            else:
                rule = "write `- name: value`, or leave an empty line between the fields and the text"
                diagnostics.append(Diagnostic(at + 1, f"{quoted(bullet.text)} is not a field: {rule}"))
        elif not line[0].isspace():
            if found and _goes_on(found[-1][0], line):
                name = found[-1][0]
                rule = f"write all of `{name}` on one line, or leave an empty line above text"
                diagnostics.append(
                    Diagnostic(at + 1, f"{quoted(line.strip())} does not count as a part of `{name}`: {rule}")
                )
            break
        elif _FENCE.match(line):
            rule = "put each command between backticks, on the same line as its name"
            diagnostics.append(Diagnostic(at + 1, f"the value of `{found[-1][0]}` cannot be a code block: {rule}"))
            at = next((end for end in range(at + 1, end) if _FENCE.match(lines[end])), at)
        elif bullet:
            diagnostics.append(
                Diagnostic(
                    at + 1, f"write the value of `{found[-1][0]}` on the same line as its name, not as a list below it"
                )
            )
        else:
            found[-1][1].append(line.strip())
        at += 1
    return [Field(name, " ".join(value).strip(), line) for name, value, line in found], at, diagnostics


def _goes_on(name: str, line: str) -> bool:
    """Return whether a line that is not indented looks like more of the value above it."""
    pattern = {"verify": COMMANDS, "after": _IDS, "contracts": _IDS}.get(name)
    return bool(pattern and pattern.fullmatch(line))


class Fields:
    """The field list of one heading, read by name. Reading a wrong value adds to `diagnostics`."""

    def __init__(self, found: Sequence[Field], known: Sequence[str], diagnostics: list[Diagnostic]) -> None:
        self._diagnostics = diagnostics
        self._found: dict[str, Field] = {}
        for field in found:
            if field.name not in known:
                self._flag(field, f"unknown field {quoted(field.name)}", field.name, known)
            elif field.name in self._found:
                self._flag(field, f"`{field.name}` is in this list twice, first on line {self.line(field.name)}")
            else:
                self._found[field.name] = field

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def line(self, name: str) -> int:
        """Return the line of a field. Raises KeyError if the list does not have it."""
        return self._found[name].line

    def reject(self, name: str) -> None:
        """Add a diagnostic about the value of a field. Raises KeyError if the list does not have it."""
        field = self._found[name]
        self._flag(field, f"`{name}` cannot be {quoted(field.value)}")

    def raw(self, name: str) -> str:
        """Return the value as written, "" without the field."""
        return self._found[name].value if name in self._found else ""

    def words(self, name: str) -> str | None:
        """Return the value as free text, or None without the field."""
        field = self._filled(name)
        return _bare(field.value) if field else None

    def choice(self, name: str, choices: Sequence[_Choice]) -> _Choice | None:
        """Return the one of `choices` that the field names, or None without the field."""
        field = self._filled(name)
        if field is None:
            return None
        word = _bare(field.value)
        found = next((choice for choice in choices if choice == word), None)
        if found is None:
            self._flag(field, f"unknown {name} {quoted(word)}", word, choices)
        return found

    def names(self, name: str, noun: str, choices: Collection[str]) -> tuple[str, ...]:
        """Return the `choices` that the field lists, separated by commas, each once. () without the field."""
        field = self._filled(name)
        if field is None:
            return ()
        words = dict.fromkeys(word for word in map(_bare, field.value.split(",")) if word)
        if field.value.rstrip().endswith(","):
            self._flag(field, f"`{name}` ends in a comma: write all of it on one line, or remove the comma")
        for word in words:
            parts = [part for part in _PARTS.split(word) if part]
            if word not in choices and len(parts) > 1 and all(part in choices for part in parts):
                self._flag(field, f"{quoted(word)} in `{name}` is no {noun}: separate ids by commas")
            elif word not in choices:
                self._flag(field, f"unknown {noun} {quoted(word)} in `{name}`", word, choices)
        return tuple(words)

    def yes(self, name: str) -> bool:
        """Return whether the field says yes. False without the field."""
        field = self._filled(name)
        if field is None:
            return False
        word = _bare(field.value)
        if word.lower() not in _YES_NO:
            self._flag(field, f"`{name}` must be `yes` or `no`, not {quoted(word)}")
        return _YES_NO.get(word.lower(), False)

    def commands(self, name: str) -> tuple[str, ...]:
        """Return the commands in inline code, in order. () without the field."""
        field = self._filled(name)
        if field is None:
            return ()
        tokens = inline(field.value)
        commands = tuple(filter(None, (token.content.strip() for token in tokens if token.type == "code_inline")))
        if not commands:
            self._flag(field, f"`{name}` has no command in inline code: put each command between backticks")
        elif any("`" in token.content for token in tokens if token.type == "text"):
            self._flag(field, f"a backtick in `{name}` is never closed: put each command between backticks")
        elif field.value.rstrip().endswith(","):
            self._flag(field, f"`{name}` ends in a comma: write all of it on one line, or remove the comma")
        elif alone := next(filter(_FOR_NOTHING.fullmatch, commands), None):
            why = f"{quoted(alone)} in `verify` changes nothing for the command behind it"
            self._flag(field, f"{why}: write both as one command, `A && B`")
        elif around := _CHANGES.search(_REMARK.sub("", "".join(map(_around, tokens)))):
            why = (
                f"every command in `{name}` runs as it is, in the folder of the repo, whatever the words around it say"
            )
            shown = around[0].replace(_COMMAND, "").strip()
            self._flag(field, f"{why}: write the commands without {quoted(shown)}")
        return commands

    def minutes(self, name: str) -> float | None:
        """Return minutes above zero, or None without the field."""
        field = self._filled(name)
        if field is None:
            return None
        word = _bare(field.value)
        match = _MINUTES.fullmatch(word)
        if match is None or float(match[1]) == 0:
            self._flag(field, f"`{name}` must be a number of minutes above zero, not {quoted(word)}")
            return None
        return float(match[1])

    def amount(self, name: str) -> Budget | None:
        """Return tokens, minutes or both, or None without the field."""
        field = self._filled(name)
        if field is None:
            return None
        found = read_amount(_bare(field.value))
        if isinstance(found, AmountError):
            self._flag(field, f"`{name}`: {found.message}", found.word, found.choices)
            return None
        return found

    def _filled(self, name: str) -> Field | None:
        field = self._found.get(name)
        if field is not None and not _bare(field.value):
            self._flag(field, f"`{name}` has no value: write one or remove the line")
            return None
        return field

    def _flag(self, field: Field, message: str, word: str = "", choices: Collection[str] = ()) -> None:
        self._diagnostics.append(Diagnostic(field.line, message, word, choices))


_YES_NO = {"yes": True, "true": True, "no": False, "false": False}
_MINUTES = regex(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*(?:m|min|mins|minutes?)?", re.IGNORECASE)
_PARTS = regex(r"[\s;&+/]+(?:and\s+)?")
_FENCE = regex(r"[ \t]+(?:```+[^`]*$|~~~+)")
_IDS = regex(r"(?:(?=\S*[0-9])[A-Za-z0-9_-]+(?:\s*,\s*|\s*$))+")
_COMMAND = "\0"  # stands for a command in the text around it
_REMARK = regex(r"\([^()\0]*\)")
_CHANGES = regex(
    r"\b(?:or|no|not|never|don.t|without|except|unless|if|when|until|instead|in|inside|within|from|optional(?:ly)?|skip"
    r"|should|must\s+fail|fail(?:s|ed|ing)?|non-?zero|exits?\s+(?:(?:code|with|status)\s+)*[1-9]"
    r"|oder|nicht|ohne|kein(?:e[rmns]?)?|ou|sans|sin)\b|\|+|~~|!\s*\0|\b(?:with|using|under)\s*\0",
    re.IGNORECASE,
)
_FOR_NOTHING = regex(r"(?:cd|pushd|export|source|\.)\s+[^;&|\n]+|[A-Za-z_]\w*=(?:\S*|'[^']*'|\"[^\"]*\")")
_BULLET = regex(r"([ \t]*)[-*+](?:[ \t]+(.*))?")
_NAMED = regex(r"[*_`]{0,3}([A-Za-z][\w-]*)[*_`]{0,3}\s*:[*_]{0,3}(.*)")


def _around(token: Token) -> str:
    return _COMMAND if token.type == "code_inline" else token.content if token.type == "text" else ""


class _Bullet(Struct, frozen=True):
    indent: int
    text: str


def _bullet(lines: Sequence[str], at: int, end: int) -> _Bullet | None:
    match = _BULLET.fullmatch(lines[at]) if at < end else None
    return _Bullet(len(match[1].expandtabs(4)), (match[2] or "").strip()) if match else None


def _name_and_value(text: str, known: Sequence[str]) -> tuple[str, str] | None:
    """Split `word: value`; None if `text` is not of this form. Only a known word may lack the space after the colon."""
    match = _NAMED.fullmatch(text)
    if match is None:
        return None
    name, value = match[1].lower(), match[2]
    return (name, value.strip()) if not value or value[0].isspace() or name in known else None


def _skip_blank(lines: Sequence[str], at: int, end: int) -> int:
    while at < end and not lines[at].strip():
        at += 1
    return at


def _bare(value: str) -> str:
    return value.strip().strip("`").strip()
