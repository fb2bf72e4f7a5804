"""Stand-ins for `codex app-server`: for dozens of servers at once, thousands of turns, and misbehaviour."""

from __future__ import annotations

import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "appserver.py"


def codex_like(folder: Path, *, manner: str = "good") -> str:
    """Make a program for ORCH_CODEX_BIN. `manner` says how its servers behave (see `appserver.py`)."""
    program = folder / f"codex-{manner}"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E {PROGRAM} {manner} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return str(program)
