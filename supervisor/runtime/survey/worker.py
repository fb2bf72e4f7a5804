"""The surveyor: the process that updates the map. `client.py` starts it."""

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
from supervisor.regular_file import read_regular
from supervisor.runtime.snapshot import snapshots
from supervisor.runtime.survey.survey import reached, survey
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.atomic import write_atomic
from supervisor.shell.mention_index import VERSION
from supervisor.wire.plain import dumped, loaded, typed

TOKENS = 250  # of a repo's summary in a brief; the child can read the rest itself


def surveyed(workspace: WorkspacePaths, children: Sequence[Child], touched: Sequence[str], known: str) -> SurveyResult:
    """Update the map of these children, and find what the `touched` ones changed in it. Raises OrchError.

    Changes are relative to the map with the digest `known`. If that map is not on disk (at the first survey), nothing
    counts as changed.
    """
    with reached(workspace, children) as roots:
        made = survey(workspace, children, lambda *_: None, roots)
        read = snapshots.refresh_all(workspace, children, lambda *_: None, roots)
    summaries = tuple((one.child, digest_of(one, TOKENS)) for one in read if isinstance(one, Snapshot))
    text = dumped(made.links)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    before = _known(workspace, known)
    workspace.maps.mkdir(mode=0o700, exist_ok=True)
    write_atomic(_file(workspace, digest), text)
    for file in workspace.maps.iterdir():
        if file not in (_file(workspace, known), _file(workspace, digest)):
            file.unlink(missing_ok=True)
    changed = () if before is None else drifts(before, made.links, touched)
    return SurveyResult(digest, kept(made.links), changed, summaries)


def _known(workspace: WorkspacePaths, digest: str) -> tuple[Link, ...] | None:
    try:
        return loaded(tuple[Link, ...], read_regular(_file(workspace, digest))) if digest else None
    except (OSError, ValueError):
        return None  # there is none, or another version wrote it


def _file(workspace: WorkspacePaths, digest: str) -> Path:
    """Return the file of a map. A version that reads sources in another way finds none to compare its own with."""
    return workspace.maps / f"{digest}.{VERSION}.json"


def main() -> None:
    """Survey the workspace in argv[1] for each line of standard input, until the input ends.

    A line holds the digest of the known map ("" for none), the children (because to read the config takes as long
    as a survey), and the names of the touched children. The answer is one line: the result, or the
    text of an error.
    """
    workspace = WorkspacePaths(Path(sys.argv[1]))
    for line in sys.stdin.buffer:
        known, given, touched = json.loads(line)
        answer: SurveyResult | str
        try:
            children = [typed(Child, child) for child in given]
            answer = surveyed(workspace, children, touched, known)
        except OrchError as error:
            answer = str(error)
        print(dumped(answer), flush=True)
