"""The generated parts of the pages, between `<!-- generated: NAME -->` and `<!-- end: NAME -->`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.docs import api, commands, config, faults, promises

ROOT = Path(__file__).parent.parent.parent

# NAME -> the generator of the Markdown between the two comments.
GENERATORS: dict[str, Callable[[], str]] = {
    "api": api.table,
    "commands": commands.table,
    "config keys": config.table,
    "faults": faults.section,
    "promises": promises.table,
}

_BLOCK = re.compile(r"(<!-- generated: ([\w ]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)


def pages() -> list[Path]:
    """Every page with a generated part, sorted."""
    every = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [page for page in every if _BLOCK.search(page.read_text(encoding="utf-8"))]


def names(text: str) -> list[str]:
    """The names of the generated parts of a page, in order."""
    return [match[2] for match in _BLOCK.finditer(text)]


def refreshed(text: str) -> str:
    """Regenerate each generated part of a page. Raises KeyError for a name without a generator."""
    return _BLOCK.sub(lambda match: f"{match[1]}\n{GENERATORS[match[2]]()}\n\n{match[3]}", text)
