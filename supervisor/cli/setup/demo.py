"""`orch demo`: show the whole job on sample repos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from supervisor.cli.command.parameters import Option
from supervisor.cli.display.output import emit
from supervisor.demo.play import run_demo


def demo(
    *,
    keep: Annotated[Path | None, Option("--keep", "Keep the sample repos, in DIR.", "DIR")] = None,
    story: Annotated[str, Option("--story", "The story to play: lamp or checkout.", "NAME")] = "lamp",
) -> int:
    """Play a story, and narrate it on standard output."""
    return run_demo(keep, story, emit)
