"""Regenerate the generated parts of the pages, and the JSON Schemas. With `--site`, lay out the source of the site.

See `scripts/docs`.
"""

from __future__ import annotations

import sys

from tests.docs import schemas
from tests.docs.blocks import ROOT, pages, refreshed
from tests.docs.site import stage


def main() -> None:
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
    for name in schemas.SCHEMAS:
        file, made = schemas.path(name), schemas.text(name)
        if not file.exists() or file.read_text(encoding="utf-8") != made:
            file.parent.mkdir(exist_ok=True)
            file.write_text(made, encoding="utf-8")
            print(f"wrote {file.relative_to(ROOT)}")
    if "--site" in sys.argv:
        stage()


if __name__ == "__main__":
    main()
