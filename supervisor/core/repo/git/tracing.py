"""Trace texts back through the history, to the commits that brought them into today's files, and into the repo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from supervisor.core.repo.git.patches import Patch
from supervisor.domain.repo.git import ANYWHERE, Revision

_Tracked = dict[str, dict[bytes, tuple[str, ...]]]


class Traced(NamedTuple):
    """Where the texts of some files come from."""

    brought: dict[str, dict[bytes, Revision]]
    """The oldest commit that added a text, by file and text."""

    earlier: Mapping[str, Mapping[bytes, tuple[str, ...]]]
    """The files that have a text today, by the file in which it was before all commits that were read."""


def trace(commits: Iterable[tuple[Revision, Patch]], wanted: Mapping[str, Iterable[bytes]]) -> Traced:
    """Trace the `wanted` texts of files, and of `ANYWHERE`, through commits, newest first.

    What a commit adds to one file and removes from another was moved: before that, the text is looked for in both.
    """
    everywhere = frozenset(wanted.get(ANYWHERE, ()))
    tracked: _Tracked = defaultdict(dict)
    for file, texts in wanted.items():
        if file != ANYWHERE:
            tracked[file] = dict.fromkeys(texts, (file,))
    brought: dict[str, dict[bytes, Revision]] = defaultdict(dict)
    for revision, patch in commits:
        removed = frozenset[bytes]().union(*(one.removed for one in patch.values()))
        fresh = {
            file: (one.added - one.removed) & tracked[file].keys() for file, one in patch.items() if file in tracked
        }
        for file, new in fresh.items():
            for text in new - removed:
                for today in tracked[file][text]:
                    brought[today][text] = revision
        for file, new in fresh.items():
            _move(tracked, patch, file, new & removed)
        added = frozenset[bytes]().union(*(one.added for one in patch.values()))
        brought[ANYWHERE].update(dict.fromkeys((added & everywhere) - removed, revision))
    return Traced(dict(brought), tracked)


def _move(tracked: _Tracked, patch: Patch, file: str, moved: Iterable[bytes]) -> None:
    """Look for texts that were moved into `file` in the files from which the patch removes them, too."""
    for text in moved:
        today = tracked[file][text]
        for other, one in patch.items():
            if other != file and text in one.removed:
                tracked[other][text] = tuple(dict.fromkeys((*tracked[other].get(text, ()), *today)))
