"""The templates of the package. In a checkout they are in the top-level `templates/`."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parent.parent / "templates"
_CHECKOUT = Path(__file__).parent.parent.parent / "templates"


def read(name: str) -> str:
    """Read a template, such as `plan.template.md`."""
    folder = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    return (folder / name).read_text(encoding="utf-8")
