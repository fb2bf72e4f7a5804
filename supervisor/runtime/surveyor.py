"""The surveyor: the process that brings the map up to date. `surveying.py` starts it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from supervisor.core.digest import digest as digest_of
from supervisor.core.drift import drifts, kept
from supervisor.domain.child import Child
from supervisor.domain.seam import Drawn, Seam
from supervisor.domain.snapshot import Snapshot
from supervisor.errors import OrchError
from supervisor.runtime import snapshots
from supervisor.runtime.survey import survey
from supervisor.runtime.workspace import Workspace
from supervisor.shell.atomic import write_atomic

NICE = 10  # it gives way to the servers, and to whatever the person does
TOKENS = 250  # of what is told of a repo in a brief: the child can read the rest for itself

_DRAWN = TypeAdapter(Drawn)
_SEAMS = TypeAdapter(tuple[Seam, ...])


def surveyed(workspace: Workspace, children: Sequence[Child], touched: Sequence[str], known: str) -> Drawn:
    """Bring the map of these children up to date. Raises OrchError.

    What the `touched` ones changed is told against the map with the digest `known`; without that one (a first survey)
    nothing has changed.
    """
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
    return Drawn(digest, kept(made.seams), () if before is None else drifts(before, made.seams, touched), told)


def _known(workspace: Workspace, digest: str) -> tuple[Seam, ...] | None:
    try:
        return _SEAMS.validate_json((workspace.maps / f"{digest}.json").read_bytes()) if digest else None
    except (OSError, ValidationError):
        return None  # the first one, or one of another version


def main() -> None:
    """argv: the workspace, the digest of the map that is known ("" for none), the path of each child by its name, as
    JSON (to read the config again takes as long as to survey), and the children that were touched."""
    os.nice(NICE)
    _, root, known, paths, *touched = sys.argv
    children = [Child(name, path) for name, path in json.loads(paths).items()]
    try:
        found = surveyed(Workspace(Path(root)), children, touched, known)
    except OrchError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(_DRAWN.dump_json(found))


if __name__ == "__main__":
    main()
