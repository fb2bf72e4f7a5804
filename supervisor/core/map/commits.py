"""Link commits of several repos that belong together: same ticket, or same author, time and words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from supervisor.core.map.mention.stopwords import word_set
from supervisor.domain.link import Kind, Link, Place, Role
from supervisor.domain.repo.git import Commit

TOGETHER = timedelta(hours=8)
"""Commits by one person within a working day may be one change."""

OWN_TICKET = re.compile(r"[A-Z][A-Z0-9]+-\d+")
"""A ticket id that means the same in every repo. `#12` means another ticket in each."""

FEW = 12  # commits that name one ticket; a name that more commits share is just a word
_IDLE = word_set(
    """
    this that with from into when then than them they their there which while after before because about again also
    been does each even ever every have here just like more most much must need only other over same should some
    such very want were what will would your update updates updated bump merge branch release version fixed fixes
    typo readme changelog tests test docs initial commit minor cleanup refactor lint format added adds make makes
    remove removed first
    """
)


def related(history: Mapping[str, Sequence[Commit]]) -> Iterator[Link]:
    """Yield the links between commits of several repos. `history`: commits by child."""
    by_ticket: dict[str, list[tuple[str, Commit]]] = defaultdict(list)
    for child, commits in history.items():
        for commit in commits:
            for ticket in set(filter(OWN_TICKET.fullmatch, commit.tickets)):
                by_ticket[ticket].append((child, commit))
    used: set[tuple[str, str]] = set()
    for ticket, group in sorted(by_ticket.items()):
        children = tuple(sorted({child for child, _ in group}))
        if len(children) > 1 and len(group) <= FEW:
            used.update((child, commit.oid) for child, commit in group)
            yield _link(ticket, 0.62, children, group, "the same ticket")
    yield from _by_author(history, used)


def _by_author(history: Mapping[str, Sequence[Commit]], used: set[tuple[str, str]]) -> Iterator[Link]:
    every = [
        (child, commit)
        for child, commits in history.items()
        for commit in commits
        if not commit.merge and (child, commit.oid) not in used
    ]
    every.sort(key=lambda item: (item[1].at, item[0], item[1].oid))
    common = Counter(word for _, commit in every for word in _words(commit.subject))
    for at, (child, commit) in enumerate(every):
        for other, later in every[at + 1 :]:
            if later.at - commit.at > TOGETHER:
                break
            if other == child or later.author != commit.author:
                continue
            shared = [
                word for word in _words(commit.subject) if word in set(_words(later.subject)) and common[word] <= FEW
            ]
            if len(shared) > 1:
                pair = [(child, commit), (other, later)]
                note = f"{commit.author}, within {max(1, round((later.at - commit.at).total_seconds() / 3600))} h"
                yield _link(
                    " ".join(shared[:5]),
                    min(0.58, 0.38 + 0.06 * len(shared)),
                    tuple(sorted((child, other))),
                    pair,
                    note,
                )
                break


def _link(name: str, score: float, children: tuple[str, ...], group: Sequence[tuple[str, Commit]], note: str) -> Link:
    places = tuple(Place(child, commit.oid[:12], 0, Role.NAMES, commit.subject) for child, commit in group[:FEW])
    return Link(Kind.COMMIT, name, score, children, places, note)


def _words(subject: str) -> list[str]:
    return [word for word in re.findall(r"[a-z][a-z0-9_]{3,}", subject.lower()) if word not in _IDLE]
