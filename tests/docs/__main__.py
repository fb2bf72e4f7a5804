"""Regenerate the generated parts of the pages. With `--site`, lay out the source of the site. See `scripts/docs`."""

from __future__ import annotations

import sys

from tests.docs.blocks import ROOT, pages, refreshed
from tests.docs.site import stage


def main() -> None:
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
    if "--site" in sys.argv:
        stage()


if __name__ == "__main__":
    main()
