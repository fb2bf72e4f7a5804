"""What the documents of a repo said when a tree was recorded, whatever has been written since."""

from __future__ import annotations

from pathlib import Path

from supervisor.core.repo.files import RepoFile
from supervisor.domain.repo.facts import Docs
from supervisor.domain.repo.pathname import shown
from supervisor.runtime.secrets import clean
from supervisor.runtime.snapshot.snapshots import ListedFiles, read_files
from supervisor.shell.git.keep.recorded import RecordedFiles
from supervisor.shell.git.listing import FILE_LIMIT


def docs_of(root: Path, tree: str) -> Docs:
    """Read the documents of a tree of the repo at `root`. Raises OrchError if git fails."""
    reader = RecordedFiles(root, tree)
    known = {shown(one.raw): one for one in reader.files[:FILE_LIMIT]}
    sizes = reader.sizes(known.values())
    files = [RepoFile(name, sizes[one.raw]) for name, one in known.items()]
    return clean(read_files(ListedFiles(reader, known, files, ()))[0])
