"""`orch demo`: show the whole job on sample repos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.demo.play import run_demo


def demo(
    *,
    keep: Annotated[Path | None, Option("--keep", "Keep the sample repos, in DIR.", "DIR")] = None,
    story: Annotated[str, Option("--story", "The story to play: lamp or checkout.", "NAME")] = "lamp",
    as_json: Json = False,
) -> int:
    """Play a story, and narrate it on standard output; with `as_json`, on standard error."""
    if not as_json:
        return run_demo(keep, story, output.emit)
    told: list[str] = []

    def tell(line: str) -> None:
        output.say(line)
        told.append(line)

    code = run_demo(keep, story, tell)
    output.emit_json({"green": code == 0, "lines": told})
    return code
