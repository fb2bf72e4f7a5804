"""Draw the map: join the mentions in the index across the repos, and add what concerns whole repos."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypedDict

from supervisor.core.map import copies
from supervisor.core.map.commits import introduced_by, origin_spots, related
from supervisor.core.map.gaps import gaps
from supervisor.core.map.interfaces import interfaces
from supervisor.core.map.links import join_key, joined
from supervisor.core.map.mention.normalize import repo_name
from supervisor.core.map.occurrences import Occurrence
from supervisor.core.map.ranking import ranked
from supervisor.core.map.serialize import LinkRow, row_as_json, row_from_json
from supervisor.domain.link import Kind, Link, Map, Mention, Role, Surveyed, Wanted
from supervisor.domain.repo.git import Commit
from supervisor.errors import OrchError, OutOfReach
from supervisor.regex import regex
from supervisor.runtime.secrets import clean
from supervisor.runtime.snapshot.git import read_state
from supervisor.runtime.snapshot.sources import sources_of
from supervisor.runtime.survey.origins import learn_origins
from supervisor.runtime.survey.seen import Seen
from supervisor.shell.git.reach.sources import Source
from supervisor.shell.git.reach.there import reaching
from supervisor.shell.mention_index import MentionIndex
from supervisor.wire.plain import dumped, loaded
from supervisor.wire.source import unread_languages

_README = regex(r"readme(\.\w+)?", re.I)


def draw_map(index: MentionIndex, seen: Sequence[Seen], cut: Sequence[str], few: int) -> Map:
    """Draw the map of the children in `seen`, whose sources are in the index. `cut` says what is missing there; `few`
    histories are read at once."""
    past = _past(index, seen, few)
    found = [Occurrence(*one) for one in index.shared()]
    found += [own for one in seen for own in _own_occurrences(index, one, past["repos"].get(one.child.name, ()))]
    shared, alone, _ = joined(found)
    spots = origin_spots(shared)
    learn_origins(index, [one for one in seen if one.child.name in spots])
    pairs = introduced_by(shared, {child: index.origins(child, needed) for child, needed in spots.items()})
    rows = ranked((*shared, *_copies(seen), *map(row_from_json, past["rows"]), *pairs))
    children = tuple(_surveyed(index, one) for one in seen)
    calls = {one.child.name: index.calls(one.child.name) for one in seen}
    unread = {one.child.name: unread_languages(file.name for file in one.files) for one in seen}
    return Map(children, tuple(rows), tuple(cut), interfaces(rows), gaps(children, rows, alone, calls, unread))


class Past(TypedDict):
    """What the histories say: links by commits that belong together, and by child the names in its remotes."""

    rows: list[LinkRow]
    repos: Mapping[str, Sequence[str]]


def _past(index: MentionIndex, seen: Sequence[Seen], few: int) -> Past:
    """Read the histories; one is read again only if its HEAD moved."""
    version = json.dumps({one.child.name: one.head for one in seen})
    if (known := index.noted("past", version)) is not None:
        past: Past = json.loads(known)
        return past
    pasts = {one.child.name: past for one, past in zip(seen, _pasts(index, seen, few), strict=True)}
    rows = [row_as_json(row) for row in related({name: commits for name, (commits, _) in pasts.items()})]
    found: Past = {"rows": rows, "repos": {name: repos for name, (_, repos) in pasts.items()}}
    index.note("past", version, json.dumps(found))
    return found


def _pasts(index: MentionIndex, seen: Sequence[Seen], few: int) -> Iterator[tuple[tuple[Commit, ...], tuple[str, ...]]]:
    form: type[tuple[tuple[Commit, ...], tuple[str, ...]]] = tuple[tuple[Commit, ...], tuple[str, ...]]
    notes = [f"past of {one.child.name}" for one in seen]
    texts = [index.noted(note, one.head or "") for note, one in zip(notes, seen, strict=True)]
    moved = [at for at, text in enumerate(texts) if text is None and seen[at].head]
    with ThreadPoolExecutor(max(1, min(few, len(moved)))) as pool:
        for at, past in zip(moved, pool.map(lambda at: _read_past(seen[at].root), moved), strict=True):
            texts[at] = text = dumped(past)
            index.note(notes[at], seen[at].head or "", text)
    return (((), ()) if text is None else loaded(form, text) for text in texts)


def _read_past(root: Path) -> tuple[tuple[Commit, ...], tuple[str, ...]]:
    """Read the recent commits of a repo, and the names that its remotes have for it. Empty if git fails.

    Raises OutOfReach: then nothing is known of them.
    """
    try:
        with reaching(root, once=True):
            state, history = read_state(root)
    except OutOfReach:
        raise
    except OrchError:
        return (), ()
    return clean((history.recent, tuple(dict.fromkeys(repo_name(remote.url) for remote in state.remotes))))


def _own_occurrences(index: MentionIndex, seen: Seen, repos: Sequence[str]) -> Iterator[Occurrence]:
    """Occurrences for the child itself, which another child may have as a submodule, at the line that names it."""
    readme = next((one.name for one in seen.files if _README.fullmatch(one.name)), None)
    file, line, shown = index.own_name(seen.child.name) or ((readme, 1, "") if readme else (".", 0, ""))
    for name in dict.fromkeys((*repos, seen.root.name.lower(), seen.child.name.lower())):
        itself = Mention(Kind.SUBMODULE, name, shown or name, line, Role.PROVIDES)
        yield Occurrence(join_key(itself), seen.child.name, file, False, itself)


def _surveyed(index: MentionIndex, seen: Seen) -> Surveyed:
    files, skipped = index.counts(seen.child.name)
    return Surveyed(seen.child.name, str(seen.root), files, skipped, seen.problem, seen.next_step)


def _copies(seen: Sequence[Seen]) -> tuple[Link, ...]:
    """Find files that several repos have, as they are on disk."""
    roots = {one.child.name: one.root for one in seen}
    files = [
        (one.child.name, file, file.name.rpartition("/")[2]) for one in seen for file in one.files if not file.built
    ]
    having: dict[str, set[str]] = {}  # the children that have a content or a file name
    for child, file, base in files:
        having.setdefault(file.token, set()).add(child)
        having.setdefault(base, set()).add(child)
    wanted: dict[str, list[Wanted]] = {}
    for child, file, base in files:
        if (len(having[file.token]) > 1 or len(having[base]) > 1) and copies.is_candidate(file.name):
            wanted.setdefault(child, []).append(file)
    found: dict[copies.Copy, Source] = {}
    for child, some in wanted.items():
        sizes = sources_of(roots[child]).sizes(Source(file.raw, file.oid) for file in some)
        found |= {
            copies.Copy(child, file.name, file.token, sizes[file.raw]): Source(file.raw, file.oid)
            for file in some
            if file.raw in sizes
        }

    def read(copy: copies.Copy) -> str | None:
        file = found[copy]
        content = sources_of(roots[copy.child]).contents([(file, copies.LARGEST)]).get(file.raw)
        return None if content is None or b"\0" in content else content.decode("utf-8", "replace")

    return (*copies.same(list(found)), *copies.drifted(list(found), read))
