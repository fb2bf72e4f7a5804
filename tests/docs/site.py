"""The pages of the site: those of docs/, the README and the changelog, in one folder."""

from __future__ import annotations

import os.path
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STAGE = ROOT / "build" / "docs"
BESIDE = {"README.md": "readme.md", "CHANGELOG.md": "changelog.md"}  # pages of the site that are not in docs/

_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\(([^()\s#]+)(#[^()\s]*)?\)")


def stage(to: Path = STAGE) -> None:
    """Write the pages and the configuration to `to`. Removes what was there before."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(ROOT / "docs", to / "pages")
    shutil.copyfile(ROOT / ".zensical.toml", to / "zensical.toml")
    pages = {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md")}
    for name in (*BESIDE, *sorted(pages)):
        text = (ROOT / name).read_text(encoding="utf-8")
        (to / "pages" / in_site(name)).write_text(with_links_of_site(text, name), encoding="utf-8")


def in_site(name: str) -> str:
    """Where a file of the repository is in the site; "" if it is not there."""
    return BESIDE.get(name) or (name.removeprefix("docs/") if name.startswith("docs/") else "")


def with_links_of_site(text: str, name: str) -> str:
    """Rewrite the links of the page `name` for the site. A link to a file outside the site becomes plain text."""

    def moved(link: re.Match[str]) -> str:
        image, words, target, anchor = link[1], link[2], link[3], link[4] or ""
        if re.match(r"[a-z]+:", target):
            return link[0]
        there = in_site(os.path.normpath(os.path.join(os.path.dirname(name), target)))
        if not there:
            return words
        return f"{image}[{words}]({os.path.relpath(there, os.path.dirname(in_site(name)) or '.')}{anchor})"

    return _LINK.sub(moved, text)
