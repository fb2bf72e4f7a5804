"""Ledgers that earlier versions wrote."""

from __future__ import annotations

from pathlib import Path

LEDGERS = Path(__file__).parents[2] / "shell" / "ledgers"
EVERY_KIND = (LEDGERS / "every-kind-0.1.0.jsonl").read_text(encoding="utf-8").splitlines()
