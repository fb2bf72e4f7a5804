"""The tests: one folder for each package of the product, and `e2e` for all of it together."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
