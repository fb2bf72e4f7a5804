"""The documents and the code use the words of the glossary, and none of the words that those have replaced."""

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
    "overhear": "observe",
}
OTHERS = {  # words of somebody else, by file
    "supervisor/core/change/message.py": {"mend"},  # how people begin the title of a task
    "supervisor/domain/event/map.py": {"seam"},  # the name in the ledger
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_replaced_word_is_used(page: Path) -> None:
    assert _replaced(page) == set()


def test_no_replaced_word_is_used_in_the_code() -> None:
    modules = (path for path in sorted((ROOT / "supervisor").rglob("*.py")) if "sample" not in path.parts)
    found = {str(path.relative_to(ROOT)): words for path in modules if (words := _replaced(path))}
    assert found == OTHERS


def test_each_term_of_the_glossary_is_used_and_the_terms_are_in_order() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^\| ([^|]+) \| .+\.(?: \|)$", glossary, re.MULTILINE)
    assert len(terms) == glossary.count("\n| ") - 1  # of the head
    assert terms == sorted(terms, key=str.lower)
    pages = [page for page in PAGES if page.name not in ("glossary.md", "CHANGELOG.md")]
    modules = [path for path in (ROOT / "supervisor").rglob("*.py") if "sample" not in path.parts]
    used = "\n".join(path.read_text(encoding="utf-8") for path in [*pages, *modules]).lower().replace("_", " ")
    used = re.sub(r"\s+(?:# )?", " ", used)
    assert [term for term in terms if not re.search(rf"\b{re.escape(term.lower())}", used)] == []


def _replaced(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8").lower().replace("_", " ")
    return {old for old in REPLACED if re.search(rf"\b{old}(?:s|ed|ing)?\b", text)}
