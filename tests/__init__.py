"""The tests: a folder for each ring and room of the product, `e2e` for all of it together."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
