"""Learn from the history which commit brought in what the sources mention, up to the current HEAD."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from supervisor.core.repo.git.patches import Patch, parse_patches, patch_format
from supervisor.core.repo.git.tracing import trace
from supervisor.core.text.words import texts_of
from supervisor.domain.repo.git import ANYWHERE, Revision
from supervisor.errors import OrchError
from supervisor.runtime.secrets import clean
from supervisor.runtime.survey.seen import Seen
from supervisor.shell.git.config import read_git
from supervisor.shell.git.run import run_git
from supervisor.shell.git.walk import torn, walk
from supervisor.shell.mention_index import MentionIndex
from supervisor.wire import source

COMMITS = 5_000
"""Commits that are read of one repo, the newest ones. Older ones brought in what everybody knows by now."""

PAGE = 500
"""Commits that git prints at once. If their patches take more than `shell.git.run.OUTPUT_LIMIT` bytes, the next page
begins where this one was cut."""

PAGES = 40
"""Pages of one repo. A history of commits with huge patches is read as far as that goes."""

SECONDS = 60.0
"""Time after which no further page of a repo is read. On a busy machine, a page takes longer than `walk` waits, too."""


def learn_origins(index: MentionIndex, seen: Sequence[Seen]) -> None:
    """Update the index with the commits that came since the last time. A history that git cannot read is left out."""
    for one in seen:
        name, head = one.child.name, one.head
        if head is None or (known := index.origins_head(name)) == head:
            continue
        try:
            if known and not _is_ancestor(one.root, known, head):
                index.forget_origins(name)
                known = ""
            traced = trace(_read(one.root, head, known), _wanted(index, name, _changed(one.root, known, head)))
            index.add_origins(name, head, traced.brought, traced.earlier)
        except OrchError:
            continue


def _is_ancestor(root: Path, old: str, new: str) -> bool:
    return run_git(root, "merge-base", "--is-ancestor", old, new).code == 0


def _changed(root: Path, old: str, new: str) -> list[str] | None:
    """The files that differ between two commits; None, all of them, if there is no old one."""
    if not old:
        return None
    names = read_git(root, "diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new).out.split(b"\0")
    return [name.decode("utf-8", "surrogateescape") for name in names if name]


def _wanted(index: MentionIndex, child: str, files: Sequence[str] | None) -> Mapping[str, set[bytes]]:
    """What files mention, by file. What tests mention counts for the repo as a whole only."""
    found: dict[str, set[bytes]] = defaultdict(set)
    for file, test, shown in index.shown(child, files):
        texts = texts_of(shown)
        found[ANYWHERE] |= texts
        if not test:
            found[file] |= texts
    return found


def _read(root: Path, head: str, known: str) -> Iterator[tuple[Revision, Patch]]:
    """Read the patches from `head` back to the commit `known`, newest first."""
    skip, began = 0, time.monotonic()
    for _ in range(PAGES):
        mark = secrets.token_hex(16)
        since = (f"^{known}",) if known else ()
        form = ("-p", "--unified=0", "--no-merges", "--submodule=short", f"--format={patch_format(mark)}")
        answer = walk(root, PAGE, f"--skip={skip}", *form, head, *since)
        count = 0
        for revision, patch in parse_patches(answer.out, mark, _is_source, cut=torn(answer)):
            count += 1
            yield clean(revision), patch
        skip += max(count, 1)  # a commit whose patch alone is too long is left out
        over = answer.stopped and (not count or time.monotonic() - began > SECONDS)
        if over or skip >= COMMITS or (count < PAGE and not answer.cut):
            return


def _is_source(name: str) -> bool:
    return source.language_of(name) is not None and source.skipped(name) is None
