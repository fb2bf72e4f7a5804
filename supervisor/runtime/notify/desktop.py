"""The process that shows a notice on the person's desktop, by `notify-send`. `notifier.py` starts it."""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SHOWN_WITHIN = 10.0  # seconds
BUS = "DBUS_SESSION_BUS_ADDRESS"


def show(notice: Mapping[str, object]) -> str | None:
    """Show a notice. Returns what went wrong, or None."""
    program = shutil.which("notify-send")
    if program is None:
        return "found no notify-send: install libnotify (libnotify-bin), or use `orch status --watch`"
    environ = dict(os.environ)
    own = Path(f"/run/user/{os.getuid()}/bus")
    if not environ.get(BUS):
        if not own.exists():
            return "found no desktop session of yours: use `orch status --watch`, a command or a webhook"
        environ[BUS] = f"unix:path={own}"
    urgency = "critical" if notice.get("kind") in ("asks", "blocked") else "normal"
    text = f"{notice.get('text') or ''}\n{notice.get('next') or ''}".strip()
    # After `--` nothing is an option; desktops read the text as markup, and the title as it is.
    words = [
        program,
        "--app-name=orch",
        f"--urgency={urgency}",
        "--",
        str(notice.get("title") or ""),
        html.escape(text, quote=False),
    ]
    try:
        done = subprocess.run(words, env=environ, stderr=subprocess.PIPE, timeout=SHOWN_WITHIN, check=False)
    except subprocess.TimeoutExpired:
        return f"did not show it within {SHOWN_WITHIN:g} s"
    if done.returncode == 0:
        return None
    said = " ".join(done.stderr.decode("utf-8", "replace").split())
    return f"was refused: {said or f'notify-send exited with {done.returncode}'}"


def main() -> None:
    """Read `{notice}` from standard input and show it. Problems go to standard error."""
    problem = show(json.load(sys.stdin)["notice"])
    if problem is not None:
        sys.exit(problem)


if __name__ == "__main__":
    main()
