"""Read which packages a command line installs: in scripts, Makefiles, Dockerfiles and CI."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.domain.link import Form, Literal
from supervisor.regex import regex

LANGUAGES = frozenset({"bash", "commands", "dockerfile", "yaml"})
"""Languages of files that run commands. Of `commands`, such as a Makefile, nothing else is read."""

_MARK = regex(rb"\b(?:install|i|add|get|activate)\s")
_INSTALLS = regex(
    r"\b(?:(?:pip[\d.]*|pipx|npm|gem|cargo|go|uv tool)\s+install|npm\s+i|go\s+get|dart pub global activate"
    r"|(?:yarn(?: global)?|pnpm|bun|poetry|uv|pdm|cargo)\s+add)\s+([^;&|\n#]{2,300})"
)
_COMMENT = regex(r"^\s*(?:#|//|;|REM\b)", re.I)
_VALUED = regex(
    r"-(?:r|c|f|i|t|C|w|F|v)$"
    r"|--(?:requirement|constraint|prefix|target|root|registry|index-url|path|git|version|filter|features)$"
)
_NAME = regex(
    r"(@[\w.-]+/[\w.-]+|[A-Za-z][\w.-]*(?:/(?!cmd/)[\w.-]+)*)(?:/cmd/[\w./-]+)?(?:\[[\w,-]+\])?(?:(?:[<>=!~^]=?|@).*)?"
)
_FILE = regex(r"\.(?:txt|whl|tgz|zip|gem|toml|in)$|^(?:\.|/)")


def literals(source: bytes) -> Iterator[Literal]:
    """Yield the packages that are installed by name, as the manifest of a package would say it needs them.

    Not what a file or a folder names, nor what a variable does.
    """
    if _MARK.search(source) is None:
        return
    for number, line in enumerate(source.decode("utf-8", "replace").splitlines(), 1):
        if len(line) > 2000 or _COMMENT.match(line):
            continue
        for match in _INSTALLS.finditer(line):
            yield from (Literal(name, number, Form.PACKAGE, key="uses") for name in _named(match[1]))


def _named(words: str) -> Iterator[str]:
    valued = False
    for quoted in words.split():
        word = quoted.strip("\"'`,\\")
        if valued or word.startswith("-"):
            valued = not valued and _VALUED.match(word) is not None
            continue
        found = _NAME.fullmatch(word)
        if found is not None and _FILE.search(word) is None:
            yield found[1]
