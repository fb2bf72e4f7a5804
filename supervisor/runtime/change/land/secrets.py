"""No secret is landed unless the person says so: what the commits bring is searched before any branch is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from supervisor.core.text.secrets.describe import secret_spots
from supervisor.domain.change.landing import RepoPlan
from supervisor.errors import RequestRefused
from supervisor.runtime.change.together import at_once
from supervisor.shell.git.land.build import READ_LIMIT, texts_between

SHOWN = 20  # places that a refusal names


def without_secrets(planned: Sequence[RepoPlan], bases: Mapping[str, tuple[Path, str]]) -> list[str]:
    """Search the commits of all repos, and return what was not searched. Raises RequestRefused if one has a secret.

    `bases`: each child's work tree, and the tree below its commits.
    """
    parts = at_once(lambda one: _secrets(one, *bases[one.child]), planned)
    if places := [place for found, _ in parts for place in found]:
        more = len(places) - SHOWN
        named = "; ".join(places[:SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise RequestRefused(f"a secret would be landed: {named}", "take it out, or land it with --allow-secrets")
    return [note for _, notes in parts for note in notes]


def _secrets(planned: RepoPlan, root: Path, before: str) -> tuple[list[str], list[str]]:
    """The places of secrets in new or changed files, in links, and in the names of files; and what was not searched."""
    places, notes = list[str](), list[str]()
    for commit in planned.commits:
        stood = _Stood(root, before, commit.tree)
        for file in texts_between(root, before, commit.tree):
            where = f"{planned.child}: {file.path}"
            if file.text is None:
                notes.append(f"{where} is over {READ_LIMIT >> 20} MiB, so it was not searched for secrets")
            for spot in secret_spots(file.text or "", stood):
                places.append(f"{where}{'' if file.binary else f' line {spot.line}'}, {spot.kind}")
            for spot in secret_spots(file.path, stood) if file.new else ():
                places.append(f"{where}, {spot.kind} in its name")
        before = commit.tree
    return places, notes


class _Stood:
    """Whether a value stood in a file that a commit changes or removes: then the commit does not bring it."""

    def __init__(self, root: Path, before: str, after: str) -> None:
        self._root, self._before, self._after = root, before, after
        self._texts: list[str] | None = None

    def __call__(self, value: str) -> bool:
        if self._texts is None:  # seldom asked for, and as long to read as what is new
            old = texts_between(self._root, self._before, self._after, old=True)
            self._texts = [f"{one.path}\n{one.text or ''}" for one in old]
        return any(value in text for text in self._texts)
