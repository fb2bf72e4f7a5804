"""The files in docs/ that are generated as a whole: the JSON Schemas, and the manual page, which the wheel carries."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from supervisor.cli.command import manual
from tests.docs import schemas
from tests.docs.blocks import ROOT

WHOLE: dict[Path, Callable[[], str]] = {
    ROOT / "docs" / "orch.1": manual.page,
    **{schemas.path(name): partial(schemas.text, name) for name in schemas.SCHEMAS},
}
