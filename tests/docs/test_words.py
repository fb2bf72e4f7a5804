"""The documents use the words of the glossary, and none of the words that those have replaced."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "skills").rglob("*.*")),
    *sorted((ROOT / "templates").rglob("*.md")),
]
REPLACED = {
    "seam": "link",
    "mend": "fix",
    "conductor": "loop",
    "interview": "child question",
    "headstart": "spawn",
    "greeting": "handshake",
    "autonomy": "rules and notifications",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_replaced_word_is_used(page: Path) -> None:
    text = page.read_text(encoding="utf-8").lower()
    assert {old: new for old, new in REPLACED.items() if re.search(rf"\b{old}(?:s|ed|ing)?\b", text)} == {}
