"""The examples in the pages."""

from __future__ import annotations

import re

from tests import CHECKOUT

PAGES = [
    CHECKOUT / "README.md",
    *sorted((CHECKOUT / "docs").glob("*.md")),
    *sorted((CHECKOUT / "skills").rglob("*.md")),
]


def examples(language: str, beginning: str) -> list[tuple[str, str]]:
    """Each fenced example that begins like this: the name of its page, and its text."""
    block = re.compile(rf"^```{language}\n({beginning}.+?)^```", re.DOTALL | re.MULTILINE)
    return [(page.name, text) for page in PAGES for text in block.findall(page.read_text(encoding="utf-8"))]


CONFIGS = examples("yaml", "children:")
