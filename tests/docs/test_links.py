"""Relative links and anchors in the documents lead somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.links import anchors, broken

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "skills").rglob("*.md")),
    *sorted((ROOT / "templates").rglob("*.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    assert broken(page, ROOT) == []


def test_a_broken_link_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A `b` c\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "# Top\n\n[good](other.md#a-b-c) [web](https://example.org/x#y) [own](#top) `[code](no.md)`\n\n"
        "[gone](gone.md)\n![gone](gone.svg)\n\n| a |\n|---|\n| [bad](other.md#c) |\n\n[out](../../out.md)\n\n"
        "```\n[code](no.md)\n```\n",
        encoding="utf-8",
    )
    assert broken(page, tmp_path) == [
        "page.md:5: gone.md: there is no such file",
        "page.md:5: gone.svg: there is no such file",
        "page.md:10: other.md#c: there is no such heading",
        "page.md:12: ../../out.md: there is no such file",
    ]


def test_anchors_are_those_of_a_forge() -> None:
    text = "# plan.md\n\n## What an edit does\n\n## What an edit does\n\n## `orch up`, then *wait*\n\n```\n# no\n```\n"
    assert anchors(text) == {"planmd", "what-an-edit-does", "what-an-edit-does-1", "orch-up-then-wait"}
