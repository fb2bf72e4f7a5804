"""The surveyor: the process that brings the map up to date. `surveying.py` starts it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from supervisor.core.map.drift import drifts, kept
from supervisor.core.repo.digest import digest as digest_of
from supervisor.domain.child import Child
from supervisor.domain.link import Link, SurveyResult
from supervisor.domain.repo.snapshot import Snapshot
from supervisor.errors import OrchError
from supervisor.runtime.snapshot import snapshots
from supervisor.runtime.survey.survey import survey
from supervisor.runtime.workspace import Workspace
from supervisor.shell.atomic import write_atomic
from supervisor.wire.plain import dumped, loaded

TOKENS = 250  # of what is told of a repo in a brief: the child can read the rest for itself


def surveyed(workspace: Workspace, children: Sequence[Child], touched: Sequence[str], known: str) -> SurveyResult:
    """Bring the map of these children up to date. Raises OrchError.

    What the `touched` ones changed is told against the map with the digest `known`; without that one (a first survey)
    nothing has changed.
    """
    made = survey(workspace, children, lambda *_: None)
    read = snapshots.refresh_all(workspace, children, lambda *_: None)
    told = tuple((one.child, digest_of(one, TOKENS)) for one in read if isinstance(one, Snapshot))
    text = dumped(made.links)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    before = _known(workspace, known)
    workspace.maps.mkdir(mode=0o700, exist_ok=True)
    write_atomic(workspace.maps / f"{digest}.json", text)
    for file in workspace.maps.iterdir():
        if file.stem not in (known, digest):
            file.unlink(missing_ok=True)
    return SurveyResult(digest, kept(made.links), () if before is None else drifts(before, made.links, touched), told)


def _known(workspace: Workspace, digest: str) -> tuple[Link, ...] | None:
    try:
        return loaded(tuple[Link, ...], (workspace.maps / f"{digest}.json").read_bytes()) if digest else None
    except (OSError, ValueError):
        return None  # the first one, or one of another version


def main() -> None:
    """argv: the workspace. A line of standard input asks for a survey, by the digest of the map that is known ("" for
    none), the path of each child by its name (to read the config again takes as long as to survey), and the children
    that were touched. The answer is a line: what was drawn, or why nothing was. The end of the input is ours."""
    workspace = Workspace(Path(sys.argv[1]))
    for line in sys.stdin.buffer:
        known, paths, touched = json.loads(line)
        answer: SurveyResult | str
        try:
            answer = surveyed(workspace, [Child(name, path) for name, path in paths.items()], touched, known)
        except OrchError as error:
            answer = str(error)
        print(dumped(answer), flush=True)
