"""Read a command line in two ways, for two kinds of approval rules.

`plain` is strict: it returns the words of one command that a shell runs exactly as written, or None. Rules that accept
use it. `parts` is generous: it yields whatever may be a command anywhere in the line. Rules that decline use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.regex import regex

Words = tuple[str, ...]

_DEPTH = 5  # shells within shells
_LONGEST = 20_000  # characters of a command that are read; a longer one is not plain
_SUFFIXES = 50  # positions in a wrapper's arguments at which its command may begin
_SHELLS = ("bash", "sh", "dash", "zsh", "ksh", "fish")
_FOLDERS = ("/bin/", "/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/", "/run/current-system/sw/bin/")
_TRUSTED = frozenset(folder + shell for folder in ("", *_FOLDERS) for shell in _SHELLS)
_SCRIPT = ("-c", "-lc", "-cl", "-ic", "-ilc", "-lic")

# Unquoted, these have a meaning for a shell: it joins or redirects commands, expands, substitutes, comments.
_ACTIVE = frozenset("|&;<>(){}$`*?[]!#\\")
_ASSIGNMENT = regex(r"\w+(?:\[.*\])?\+?=", re.ASCII)
_WRAPPERS = frozenset(
    [
        "sudo",
        "doas",
        "env",
        "exec",
        "command",
        "builtin",
        "nohup",
        "time",
        "timeout",
        "nice",
        "ionice",
        "setsid",
        "stdbuf",
        "xargs",
        "parallel",
        "watch",
        "find",
        "then",
        "do",
        "else",
        "if",
        "elif",
        "while",
        "until",
        "!",
    ]
)
_BREAKS = frozenset("|&;<>(){}`\n\r")
_INNER = regex(r"\$\(([^()]*)\)|`([^`]*)`")


def plain(line: str) -> Words | None:
    """Return the words of a line that is one plain command, without any `bash -lc '...'` around it; else None.

    A line is not plain if it has pipes, `;`, `&&`, redirects, substitutions, globs, braces, tildes that expand,
    comments, backslashes, control characters or assignments, or more than 20,000 characters.
    """
    for _ in range(_DEPTH):
        words = _strict(line)
        if words is None or words[0].rpartition("/")[2] not in _SHELLS:
            return words
        if words[0] not in _TRUSTED or not any(word[:1] in ("-", "+") for word in words[1:]):
            return words  # another program of that name, or a shell that runs a script file
        if len(words) != 3 or words[1] not in _SCRIPT:
            return None
        line = words[2]
    return None


def parts(line: str) -> Iterator[Words]:
    """Yield whatever may be a command in `line`: between operators, in nested shells, and in substitutions."""
    yield from _parts(line[:_LONGEST], _DEPTH)


def _strict(line: str) -> Words | None:
    if len(line) > _LONGEST or any(char < " " or char == "\x7f" for char in line):
        return None
    words: list[str] = []
    word: str | None = None
    rest = iter(line)
    for char in rest:
        if char == " ":
            if word is not None:
                words.append(word)
            word = None
        elif char in "'\"":
            quoted = _single(rest) if char == "'" else _double(rest)
            if quoted is None:
                return None
            word = (word or "") + quoted
        elif char in _ACTIVE or (char == "~" and (not word or word[-1] in "=:")) or (char == "=" and not word):
            return None
        else:
            word = (word or "") + char
    if word is not None:
        words.append(word)
    return tuple(words) if words and words[0] and "=" not in words[0] else None


def _single(rest: Iterator[str]) -> str | None:
    text = ""
    for char in rest:
        if char == "'":
            return text
        text += char
    return None


def _double(rest: Iterator[str]) -> str | None:
    text = ""
    for char in rest:
        if char == '"':
            return text
        if char in "$`":
            return None
        if char == "\\":
            after = next(rest, "")
            char = after if after and after in '$`"\\' else f"\\{after}"
        text += char
    return None


def _parts(line: str, depth: int) -> Iterator[Words]:
    inner = ["".join(found) for found in _INNER.findall(line)]
    for words in _pieces(line):
        start = next((at for at, word in enumerate(words) if not _ASSIGNMENT.match(word)), len(words))
        wrapped = start < len(words) and words[start] in _WRAPPERS
        for at in range(start, min(len(words), start + (_SUFFIXES if wrapped else 1))):
            yield words[at:]
        if any(word == "eval" or word.rpartition("/")[2] in _SHELLS for word in words):
            inner += words[1:]  # each word once, so that nesting does not multiply the work
    for text in inner if depth else ():
        yield from _parts(text, depth - 1)


def _pieces(line: str) -> Iterator[Words]:
    """Yield the words between operators. A quoted text is one word, without its quotes."""
    words: list[str] = []
    word: str | None = None
    quote = ""
    escaped = False
    for char in line:
        if escaped:
            word, escaped = (word or "") + ("" if char == "\n" else char), False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            if char == quote:
                quote = ""
            else:
                word = (word or "") + char
        elif char in "'\"":
            word, quote = word or "", char
        elif char.isspace() or char in _BREAKS:
            if word:
                words.append(word)
            word = None
            if words and (char in "\n\r" or not char.isspace()):
                yield tuple(words)
                words = []
        else:
            word = (word or "") + char
    if word:
        words.append(word)
    if words:
        yield tuple(words)
