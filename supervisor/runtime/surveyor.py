"""The surveyor: the map is brought up to date by a process of its own, so that the supervisor never waits for it.

Reading ten thousand files takes seconds and memory; a process that ends gives both back.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from supervisor.core.digest import digest as digest_of
from supervisor.core.drift import drifts, kept
from supervisor.domain.seam import Drift, Seam
from supervisor.domain.snapshot import Snapshot
from supervisor.errors import OrchError
from supervisor.runtime import snapshots
from supervisor.runtime.config import named
from supervisor.runtime.survey import survey
from supervisor.runtime.workspace import Workspace
from supervisor.shell.atomic import write_atomic
from supervisor.shell.process import MARK

WITHIN = 300.0  # seconds for one survey; ten thousand files take about ten
NICE = 10  # it gives way to the servers, and to whatever the person does
TOKENS = 250  # of what is told of a repo in a brief: the child can read the rest for itself
LIMIT = 32 << 20  # bytes of its answer


@dataclass(frozen=True, slots=True)
class Found:
    """What a survey found: the digest of the map, its best seams, what changed since the map that was known, and for
    each child what is known of it in short."""

    digest: str
    seams: tuple[Seam, ...]
    drifts: tuple[Drift, ...]
    known: tuple[tuple[str, str], ...]


_FOUND = TypeAdapter(Found)
_SEAMS = TypeAdapter(tuple[Seam, ...])


class SurveyFailed(OrchError):
    """The map could not be brought up to date."""


async def survey_apart(workspace: Workspace, touched: Sequence[str], known: str) -> Found:
    """Survey in a process of its own; see `surveyed`. Raises SurveyFailed saying what it said last."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "supervisor.runtime.surveyor", str(workspace.root), known, *touched),
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
        return _FOUND.validate_json(out)
    except ValidationError as error:
        raise SurveyFailed("its answer makes no sense", "run `orch map`") from error


def surveyed(workspace: Workspace, touched: Sequence[str], known: str) -> Found:
    """Bring the map up to date. What the `touched` children changed is told against the map with the digest `known`;
    without that one (a first survey) nothing has changed. Raises OrchError."""
    children = named(workspace)
    made = survey(workspace, children, lambda *_: None)
    read = snapshots.refresh_all(workspace, children, lambda *_: None)
    told = tuple((one.child, digest_of(one, TOKENS)) for one in read if isinstance(one, Snapshot))
    text = _SEAMS.dump_json(made.seams)
    digest = hashlib.sha256(text).hexdigest()[:16]
    before = _known(workspace, known)
    workspace.maps.mkdir(mode=0o700, exist_ok=True)
    write_atomic(workspace.maps / f"{digest}.json", text.decode())
    for file in workspace.maps.iterdir():
        if file.stem not in (known, digest):
            file.unlink(missing_ok=True)
    return Found(digest, kept(made.seams), () if before is None else drifts(before, made.seams, touched), told)


def _known(workspace: Workspace, digest: str) -> tuple[Seam, ...] | None:
    try:
        return _SEAMS.validate_json((workspace.maps / f"{digest}.json").read_bytes()) if digest else None
    except (OSError, ValidationError):
        return None  # the first one, or one of another version


def main() -> None:
    """argv: the workspace, the digest of the map that is known ("" for none), and the children that were touched."""
    os.nice(NICE)
    _, root, known, *touched = sys.argv
    try:
        found = surveyed(Workspace(Path(root)), touched, known)
    except OrchError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(_FOUND.dump_json(found))


if __name__ == "__main__":
    main()
