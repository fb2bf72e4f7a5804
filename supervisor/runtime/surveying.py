"""The survey as the supervisor has it done: by a process of its own, so that the supervisor never waits for it.

Reading ten thousand files takes seconds and memory; a process that ends gives both back.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress

from pydantic import TypeAdapter, ValidationError

from supervisor.domain.child import Child
from supervisor.domain.seam import Drawn
from supervisor.errors import OrchError
from supervisor.runtime.workspace import Workspace
from supervisor.shell.process import MARK

WITHIN = 300.0  # seconds for one survey; ten thousand files take about ten
LIMIT = 32 << 20  # bytes of its answer

_DRAWN = TypeAdapter(Drawn)


class SurveyFailed(OrchError):
    """The map could not be brought up to date."""


async def survey_apart(workspace: Workspace, children: Iterable[Child], touched: Sequence[str], known: str) -> Drawn:
    """Survey in a process of its own; see `surveyed`. Raises SurveyFailed saying what it said last."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "supervisor.runtime.surveyor"),
        *(str(workspace.root), known, json.dumps({child.name: child.path for child in children}), *touched),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LIMIT,
        env={**os.environ, MARK: workspace.mark("survey")},  # `orch down` finds it whatever became of us
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(WITHIN):
            out, err = await process.communicate()
    except TimeoutError:
        raise SurveyFailed(f"it took longer than {WITHIN:g} s", "run `orch map` to see where it stays") from None
    finally:
        with suppress(ProcessLookupError):
            if process.returncode is None:
                os.killpg(process.pid, 9)
    if process.returncode != 0:
        said = err.decode("utf-8", "replace").strip().splitlines()
        raise SurveyFailed(said[-1] if said else f"it ended with {process.returncode}", "run `orch map`")
    try:
        return _DRAWN.validate_json(out)
    except ValidationError as error:
        raise SurveyFailed("its answer makes no sense", "run `orch map`") from error
