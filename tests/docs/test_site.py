"""The site has every page, and its links lead to pages of the site."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.docs.links import broken
from tests.docs.site import ROOT, in_site, stage, with_links_of_site


def test_the_links_of_the_pages_lead_to_pages_of_the_site(tmp_path: Path) -> None:
    stage(tmp_path / "site")
    pages = sorted((tmp_path / "site" / "pages").rglob("*.md"))
    assert len(pages) > 10
    assert [wrong for page in pages for wrong in broken(page, tmp_path / "site" / "pages")] == []


def test_the_menu_of_the_site_has_every_page() -> None:
    menu = tomllib.loads((ROOT / ".zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]
    pages = {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert sorted(_leaves(menu)) == sorted(in_site(page) for page in (*pages, "README.md", "CHANGELOG.md"))


def test_a_link_is_moved_with_its_page() -> None:
    text = "[a](docs/plan.md#x) ![b](docs/loop.svg) [c](LICENSE) [d](CHANGELOG.md) [e](#top) [f](https://example.org/a)"
    assert with_links_of_site(text, "README.md") == (
        "[a](plan.md#x) ![b](loop.svg) c [d](changelog.md) [e](#top) [f](https://example.org/a)"
    )
    assert with_links_of_site("[a](../README.md#x) [b](plan.md)", "docs/a.md") == "[a](readme.md#x) [b](plan.md)"


def _leaves(menu: list[dict[str, Any]]) -> Iterator[str]:
    for entry in menu:
        for page in entry.values():
            yield from [page] if isinstance(page, str) else _leaves(page)
