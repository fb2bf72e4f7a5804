"""Write the generated parts of the pages anew: `scripts/docs`."""

from __future__ import annotations

from tests.docs.blocks import ROOT, pages, refreshed


def main() -> None:
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
