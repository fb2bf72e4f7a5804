"""Regenerate the generated parts of the pages, the schemas and the manual page. `--site` lays out the site too.

See `scripts/docs`.
"""

from __future__ import annotations

import sys

from tests.docs.blocks import ROOT, pages, refreshed
from tests.docs.site import stage
from tests.docs.whole import WHOLE


def main() -> None:
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
    for file, make in WHOLE.items():
        made = make()
        if not file.exists() or file.read_text(encoding="utf-8") != made:
            file.parent.mkdir(exist_ok=True)
            file.write_text(made, encoding="utf-8")
            print(f"wrote {file.relative_to(ROOT)}")
    if "--site" in sys.argv:
        stage()


if __name__ == "__main__":
    main()
