"""Lines of a log, and the file that they are in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def line(event: str, second: float, **fields: Any) -> dict[str, Any]:
    stamp = f"2026-11-23T10:00:{second:09.6f}Z"
    return {"ts": stamp, "level": "info", "event": event, **fields}


def write(path: Path, lines: Sequence[dict[str, Any]], *, more: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(json.dumps(one) + "\n" for one in lines) + more)
