"""Compute statistics over commits: per week, per author, hot files, files that change together, unmerged branches."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, combinations

from supervisor.core.repo.git.log import Logged
from supervisor.core.repo.git.parse import Ref
from supervisor.core.repo.git.text import moment, words
from supervisor.domain.repo.git import (
    Author,
    Convention,
    HotFile,
    InFlight,
    Messages,
    Repair,
    Tag,
    Together,
    Week,
)
from supervisor.domain.repo.pathname import shown
from supervisor.regex import regex

WEEKS = 26
AUTHORS = 50
HOT = 50
HALF_LIFE_DAYS = 30.0  # a change a month before HEAD counts half
TOGETHER = 40
WIDE = 15  # files: a larger commit is a sweep (a rename, a new formatter) and does not show what belongs together
SUPPORT = 3  # commits: fewer may be chance
CONFIDENCE = 0.3
SAMPLE = 300  # the newest messages show the current convention
REPAIRS = 20
IN_FLIGHT = 50
TAGS = 3

_DAY = 86_400.0
_LOCKS = frozenset(
    b"package-lock.json yarn.lock pnpm-lock.yaml bun.lock npm-shrinkwrap.json Cargo.lock poetry.lock uv.lock "
    b"Pipfile.lock go.sum Gemfile.lock composer.lock mix.lock pubspec.lock Podfile.lock flake.lock".split()
)
"""They change with every dependency, so they would be the hottest files everywhere."""

_CONVENTIONS = (
    (
        Convention.CONVENTIONAL,
        regex(
            r"(?:feat|fix|docs?|style|refactor|perf|tests?|build|ci|chore|revert|deps|release|security|wip)"
            r"(?:\([^()]+\))?!?: \S",
        ),
    ),
    (Convention.TICKET, regex(r"(?:[\[(]?[A-Z][A-Z0-9]{1,9}-\d+[\])]?|\[?(?:GH-|#)\d+\]?)[:\s-]+\S")),
    (Convention.GITMOJI, regex(r"(?::[a-z0-9_+-]+:|[\u2600-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff])")),
    (Convention.AREA, regex(r"[\w.*/{}+-]+(?:, ?[\w.*/{}+-]+)*: \S")),
)
_REVERT = regex(rb'(?:Revert "|Reapply "|revert(?:\([^()]*\))?!?: )', re.IGNORECASE)
_FIXUP = regex(rb"(?:(?:fixup|squash|amend)! |(?:oops|typos?|wip|fix(?:es|ed)? typos?)\b)", re.IGNORECASE)


def weeks(log: Sequence[Logged]) -> tuple[Week, ...]:
    """Count the commits per week, for the `WEEKS` weeks up to HEAD's, the oldest week first."""
    if not log:
        return ()
    # The first day of 1970 was a Thursday. There is no clock here: HEAD is now, and later dates belong to its week.
    last = (log[0].at // 86_400 + 3) // 7
    counts = Counter(min((commit.at // 86_400 + 3) // 7, last) for commit in log)
    return tuple(Week(moment((week * 7 - 3) * 86_400), counts[week]) for week in range(last - WEEKS + 1, last + 1))


def authors(log: Iterable[Logged]) -> tuple[Author, ...]:
    """Return everybody who committed, those with the most commits first."""
    seen: dict[bytes, list[int]] = {}
    for commit in log:
        found = seen.get(commit.author)
        if found is None:
            seen[commit.author] = [1, commit.at, commit.at]
        else:
            found[0] += 1
            found[1] = min(found[1], commit.at)
            found[2] = max(found[2], commit.at)
    ranked = sorted(seen.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(Author(words(name), count, moment(first), moment(last)) for name, (count, first, last) in ranked)


def hot(log: Sequence[Logged], tracked: Collection[bytes] | None) -> tuple[HotFile, ...]:
    """Return the files that changed more than once, by weight. Only `tracked` ones count (None: all do)."""
    weight: defaultdict[bytes, float] = defaultdict(float)
    count = Counter(chain.from_iterable(commit.names for commit in log))
    last: dict[bytes, int] = {}
    for commit in log:
        # There is no clock here: HEAD is now, and later dates count as its own. Bounded, so that the share is never 0.
        age = min(max(log[0].at - commit.at, 0) / _DAY, 500 * HALF_LIFE_DAYS)
        share = 0.5 ** (age / HALF_LIFE_DAYS)
        for name in commit.names:
            weight[name] += share
            if name not in last:  # The newest commit comes first.
                last[name] = commit.at
    alive = (name for name, number in count.items() if number > 1 and (tracked is None or name in tracked))
    ranked = sorted((name for name in alive if not _is_lock(name)), key=lambda name: (-weight[name], name))[:HOT]
    return tuple(HotFile(shown(name), count[name], round(weight[name], 3), moment(last[name])) for name in ranked)


def together(log: Iterable[Logged], tracked: Collection[bytes] | None) -> tuple[Together, ...]:
    """Return pairs of files that change together, the strongest first, if they have enough support and confidence."""
    narrow = [commit.names for commit in log if len(commit.names) <= WIDE]
    count = Counter(chain.from_iterable(narrow))
    often = {
        name
        for name, number in count.items()
        if number >= SUPPORT and (tracked is None or name in tracked) and not _is_lock(name)
    }
    several = (sorted(often.intersection(names)) for names in narrow if len(names) > 1)
    pairs = Counter(chain.from_iterable(combinations(names, 2) for names in several))
    found = []
    for (first, second), support in pairs.items():
        confidence = support / min(count[first], count[second])
        if support >= SUPPORT and confidence >= CONFIDENCE:
            found.append((-support * confidence, first, second, support, confidence))
    found.sort()
    return tuple(
        Together(shown(first), shown(second), support, round(confidence, 3))
        for _, first, second, support, confidence in found[:TOGETHER]
    )


def messages(log: Iterable[Logged]) -> Messages | None:
    """Return the convention that at least half of the newest messages follow; None without any message.

    Merges, reverts and fix-ups do not count, because git writes their messages.
    """
    subjects = []
    for commit in log:
        if not commit.merge and not _REVERT.match(commit.subject) and not _FIXUP.match(commit.subject):
            subjects.append(words(commit.subject))
            if len(subjects) == SAMPLE:
                break
    if not subjects:
        return None
    examples: dict[Convention, str] = {}
    counts: Counter[Convention] = Counter()
    for subject in subjects:
        kind = next((kind for kind, pattern in _CONVENTIONS if pattern.match(subject)), Convention.NONE)
        examples.setdefault(kind, subject)
        counts[kind] += 1
    followed = [kind for kind, _ in _CONVENTIONS if counts[kind] * 2 >= len(subjects)]
    best = followed[0] if followed else Convention.NONE
    if best is Convention.NONE:
        return Messages(best, round(counts[best] / len(subjects), 3), examples.get(best, subjects[0]))
    return Messages(best, round(counts[best] / len(subjects), 3), examples[best])


def repairs(log: Iterable[Logged]) -> tuple[Repair, ...]:
    """Return the commits that undo or fix others, by their subject, the newest first."""
    found = []
    for commit in log:
        kind = "revert" if _REVERT.match(commit.subject) else "fix-up" if _FIXUP.match(commit.subject) else ""
        if kind:
            found.append(Repair(kind, commit.oid.decode("ascii", "replace"), words(commit.subject), moment(commit.at)))
    return tuple(found)


def default_branch(refs: Sequence[Ref], current: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the branch that the others are merged into, and all refs of it, local and remote. None without one."""
    names = {ref.name for ref in refs}
    heads = [ref.target for ref in refs if ref.name.startswith("refs/remotes/") and ref.name.endswith("/HEAD")]
    heads.sort(key=lambda target: not target.startswith("refs/remotes/origin/"))
    guesses = [target.split("/", 3)[3] for target in heads if target.count("/") >= 3 and target in names]
    for name in (*guesses, "main", "master", "trunk", "develop", *([current] if current else [])):
        same = [f"refs/heads/{name}", f"refs/remotes/origin/{name}", *(t for t in heads if t.endswith(f"/{name}"))]
        if found := tuple(dict.fromkeys(ref for ref in same if ref in names)):
            return name, found
    return None, ()


def in_flight(refs: Iterable[Ref], unmerged: Sequence[Logged]) -> tuple[tuple[InFlight, ...], int]:
    """Return the branches with commits of their own (the newest first, at most `IN_FLIGHT`), and their number.

    `unmerged`: all commits that the default branch lacks. A remote branch that its local branch contains is omitted.
    """
    commits = {commit.oid: commit for commit in unmerged}
    tips: dict[bytes, str] = {}
    for ref in sorted(refs, key=lambda ref: not ref.name.startswith("refs/heads/")):
        if ref.name.startswith(("refs/heads/", "refs/remotes/")) and not ref.target and ref.oid in commits:
            tips.setdefault(ref.oid, ref.name.split("/", 2)[2])
    newest = sorted(tips.items(), key=lambda tip: (-commits[tip[0]].at, tip[1]))
    own = {oid: _reachable(oid, commits) for oid, _ in newest[:IN_FLIGHT]}
    here = {name: own[oid] for oid, name in newest[:IN_FLIGHT]}
    found = []
    for oid, name in newest[:IN_FLIGHT]:
        if oid in here.get(name.partition("/")[2], ()):
            continue  # The remote branch is an earlier state of its local branch.
        tip = commits[oid]
        started = moment(min(commits[each].at for each in own[oid]))
        who, subject = words(tip.author), words(tip.subject)
        count = len(own[oid])
        found.append(InFlight(name, oid.decode("ascii", "replace"), count, started, moment(tip.at), who, subject))
    return tuple(found), len(tips) - len(own) + len(found)


def near_tags(refs: Iterable[Ref], log: Sequence[Logged]) -> tuple[Tag, ...]:
    """Return the tags nearest to HEAD among the commits of `log`, which begins at HEAD."""
    tagged: defaultdict[bytes, list[Ref]] = defaultdict(list)
    for ref in refs:
        if ref.name.startswith("refs/tags/"):
            tagged[ref.oid].append(ref)
    commits = {commit.oid: commit for commit in log}
    found: list[Tag] = []
    for commit in log if tagged else ():
        if commit.oid in tagged:
            distance = len(commits) - len(_reachable(commit.oid, commits))
            names = sorted(tagged[commit.oid], key=lambda ref: (-ref.at, ref.name))
            found.extend(Tag(ref.name.removeprefix("refs/tags/"), distance, moment(ref.at)) for ref in names)
            if len(found) >= 2 * TAGS:
                break
    return tuple(sorted(found, key=lambda tag: tag.distance)[:TAGS])


def _reachable(tip: bytes, commits: dict[bytes, Logged]) -> set[bytes]:
    seen = {tip}
    waiting = [tip]
    while waiting:
        for parent in commits[waiting.pop()].parents.split(b" "):
            if parent in commits and parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return seen


def _is_lock(name: bytes) -> bool:
    return name.rpartition(b"/")[2] in _LOCKS
