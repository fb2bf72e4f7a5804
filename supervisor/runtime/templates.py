"""The templates of the package. In a checkout they are in the top-level `templates/`."""

from __future__ import annotations

import re
from pathlib import Path

_PACKAGED = Path(__file__).parent.parent / "templates"
_CHECKOUT = Path(__file__).parent.parent.parent / "templates"


def read(name: str) -> str:
    """Read a template, such as `plan.template.md`."""
    folder = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    return (folder / name).read_text(encoding="utf-8")


def is_untouched(name: str, text: str) -> bool:
    """Return whether `text` is this template, with any names in its placeholders. White space does not count."""
    parts = (re.escape(" ".join(part.split())) for part in re.split(r"\{\{\w+\}\}", read(name)))
    return re.fullmatch(r"\s?(?:[^\s,]+(?:, [^\s,]+)*)?\s?".join(parts), " ".join(text.split())) is not None
