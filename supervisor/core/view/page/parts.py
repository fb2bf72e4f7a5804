"""The parts of a page: each has a mark that changes with what it shows, and is left empty for whoever has it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from supervisor.core.view.page.frame import section
from supervisor.core.view.page.pen import Html, Pen

Marks = Mapping[str, str]
"""The mark of each part, by its id."""


class PageParts:
    """The parts of one page while it is drawn. `known`: those that the reader has, with the same mark, stay empty;
    None for a reader that has nothing yet."""

    def __init__(self, pen: Pen, known: Marks | None) -> None:
        self.marks: dict[str, str] = {}
        self.whole = known is None
        self._pen = pen
        self._known = known or {}

    def part(self, name: str, inner: Html, tag: str = "div", **attributes: str) -> Html:
        """Wrap what is replaced as a whole, once what it shows differs. `attributes` depend on the name alone."""
        key, mark = name.replace(" ", "-"), f"{zlib.crc32(inner.encode()):x}"
        self.marks[key] = mark
        if self._known.get(key) == mark:
            return self._pen(tag, id=key, data_rev=mark, data_same=True)
        return self._pen(tag, inner, id=key, data_rev=mark, **attributes)

    def section(self, name: str, title: str, inner: Html) -> Html:
        """Draw a part with a heading, or empty if the browser has it in this form already."""
        return self.part(f"part {name}", section(self._pen, name, title, inner))
