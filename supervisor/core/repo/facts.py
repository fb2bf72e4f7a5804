"""List the facts about a repo, one line each, ranked by their value for planning a change in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from supervisor.core.repo.places import call_of
from supervisor.domain.repo.facts import Code, Docs, DocumentKind, Manifest, Moment, Purpose
from supervisor.domain.repo.git import Convention, GitState, History, Paths
from supervisor.domain.repo.snapshot import Snapshot

SECTIONS = (
    "What it is",
    "Current state",
    "Commands",
    "Before a commit or release",
    "Code",
    "History",
    "Documents",
    "Incomplete",
)
"""In reading order."""

_IS, _NOW, _RUN, _RULES, _CODE, _PAST, _DOCS, _CUT = SECTIONS


class FactPart(Struct, frozen=True):
    """A part of a line."""

    text: str
    code: bool = False  # a path, command or name, shown as it is


class RepoFact(Struct, frozen=True):
    """One line of a section."""

    section: str
    rank: float  # the lower, the more valuable
    parts: tuple[FactPart, ...]


def facts(snapshot: Snapshot) -> list[RepoFact]:
    """Return all facts, in reading order."""
    found = [
        *_identity(snapshot.docs, snapshot.code),
        *_git_state(snapshot.git, snapshot.history),
        *_commands(snapshot.docs, snapshot.code),
        *_rules(snapshot.docs),
        *_code(snapshot.code),
        *_history(snapshot.history),
        *_docs(snapshot.docs),
        *_cut(snapshot),
    ]
    return sorted(found, key=lambda fact: SECTIONS.index(fact.section))


def _fact(section: str, rank: float, *parts: str | FactPart) -> RepoFact:
    return RepoFact(section, rank, tuple(FactPart(part) if isinstance(part, str) else part for part in parts))


def _name(text: str) -> FactPart:
    return FactPart(text, code=True)


def _at(path: str, line: int) -> FactPart:
    return FactPart(f"{path}:{line}" if line else path, code=True)


def _listed(texts: Iterable[str], most: int) -> list[str | FactPart]:
    """Return the texts as parts: `a`, `b` and 3 more."""
    given = list(texts)
    parts: list[str | FactPart] = []
    for text in given[:most]:
        parts += [", "] if parts else []
        parts.append(_name(text))
    return [*parts, f" and {len(given) - most} more"] if len(given) > most else parts


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")


def _size(count: int) -> str:
    for unit, size in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return f"{count / size:.1f} {unit}" if count < 10 * size else f"{count // size} {unit}"
    return f"{count} B"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _identity(docs: Docs, code: Code) -> Iterator[RepoFact]:
    # One further down describes a part of the repo.
    homes = ("", ".github", "docs", "doc")
    named = (it for it in docs.documents if it.kind is DocumentKind.README and it.path.rpartition("/")[0] in homes)
    for document in [it for it in named if it.summary][:1]:
        yield _fact(_IS, 1, document.summary, " (", _name(document.path), ")")
    for rank, manifest in enumerate(_packages(code)[:6]):
        version = f" {manifest.version}" if manifest.version and manifest.version != "dynamic" else ""
        yield _fact(
            _IS, 2 + 6 * rank, f"{manifest.kind} package ", _name(manifest.name + version), " in ", _name(manifest.path)
        )
    total = sum(language.bytes for language in code.languages) or 1
    if code.languages:
        shown = [
            language for language in code.languages if language.bytes >= total / 100 or language is code.languages[0]
        ][:8]
        shares = (
            f"{language.name} {100 * language.bytes / total:.0f}% "
            f"({_many(language.files, 'file')}, {_size(language.bytes)})"
            for language in shown
        )
        yield _fact(_IS, 3, "languages: ", ", ".join(shares))


def _packages(code: Code) -> list[Manifest]:
    return [
        manifest for manifest in code.manifests if manifest.name and manifest.kind not in ("make", "docker", "compose")
    ]


def _git_state(git: GitState, history: History) -> Iterator[RepoFact]:
    if git.head is None:
        yield _fact(_NOW, 0, "no commit yet" if git.empty else "no commit on this branch yet")
    else:
        where: list[str | FactPart] = ["detached"] if git.detached else ["branch ", _name(git.branch or "?")]
        if not git.detached and history.default_branch not in (None, git.branch):
            where += [" (default ", _name(history.default_branch or ""), ")"]
        yield _fact(
            _NOW, 0, *where, " at ", _name(git.head.oid[:10]), f" {_day(git.head.at)} ", f"“{git.head.subject}”"
        )
    if git.in_progress is not None:
        step = f", step {git.in_progress.step} of {git.in_progress.steps}" if git.in_progress.steps else ""
        yield _fact(_NOW, 0.1, f"a {git.in_progress.operation} is in progress{step}: change nothing before it ends")
    changed = (
        ("in conflict", git.conflicted, 0.2),
        ("staged", git.staged, 4),
        ("changed", git.unstaged, 4.1),
        ("untracked", git.untracked, 5),
    )
    for word, paths, rank in changed:
        if paths.count:
            yield _fact(_NOW, rank, f"{paths.count} {word}: ", *_paths(paths))
    for one in [one for one in git.inside if not one.clean][:8]:
        if one.problem is not None:
            yield _fact(_NOW, 4.2, _name(one.path), f" cannot be read: {one.problem}")
        for word, paths in (("changed", one.changed), ("untracked", one.untracked)):
            if paths.count:
                yield _fact(_NOW, 4.2, f"{paths.count} {word} inside ", _name(one.path), ": ", *_paths(paths))
    if not any(paths.count for _, paths, _ in changed) and all(one.clean for one in git.inside) and not git.bare:
        yield _fact(_NOW, 4, "the work tree is clean")
    if git.upstream is not None:
        up = git.upstream
        if up.ahead is None or up.behind is None:
            yield _fact(_NOW, 5, "its upstream ", _name(up.name), " is gone")
        else:
            yield _fact(
                _NOW, 5 if up.ahead or up.behind else 20, f"{up.ahead} ahead of and {up.behind} behind ", _name(up.name)
            )
    if git.stash_count:
        subjects = "; ".join(f"“{stash.subject}” ({_day(stash.at)})" for stash in git.stashes[:3])
        yield _fact(_NOW, 12, f"{git.stash_count} stashed: {subjects}")
    for rank, tree in enumerate(git.worktrees[:5]):
        gone = " (its folder is gone)" if tree.gone else ""
        yield _fact(
            _NOW,
            16 + rank,
            "another work tree: ",
            _name(tree.path),
            " on ",
            _name(tree.branch or "a detached HEAD"),
            gone,
        )
    for rank, sub in enumerate(git.submodules[:12]):
        url: list[str | FactPart] = [" from ", _name(sub.url)] if sub.url else []
        yield _fact(_NOW, 9 + 2 * rank, "submodule ", _name(sub.path), f" {sub.state}", *url)
    for rank, tag in enumerate(git.tags[:2]):
        since = f"{_many(tag.distance, 'commit')} ago" if tag.distance else "at HEAD"
        yield _fact(_NOW, 14 + 20 * rank, "tag ", _name(tag.name), f" ({_day(tag.at)}), {since}")
    for rank, remote in enumerate(git.remotes[:4]):
        yield _fact(_NOW, 18 + 10 * rank, "remote ", _name(remote.name), " ", _name(remote.url))
    for word, true in (
        ("shallow clone: its history ends early", git.shallow),
        ("partial clone: git may fetch what is missing", git.partial),
        ("bare: no work tree", git.bare),
    ):
        if true:
            yield _fact(_NOW, 8, word)
    if git.sparse is not None:
        yield _fact(_NOW, 8, "sparse checkout: ", *_listed(git.sparse, 6))
    if git.lfs:
        yield _fact(_NOW, 15, "in LFS: ", *_listed(git.lfs, 6))


def _paths(paths: Paths) -> list[str | FactPart]:
    shown = _listed(paths.names[:6], 6)
    return [*shown, f" and {paths.count - len(paths.names[:6])} more"] if paths.count > len(paths.names[:6]) else shown


_PURPOSES = (Purpose.TEST, Purpose.LINT, Purpose.FORMAT, Purpose.BUILD, Purpose.RUN, Purpose.SETUP, Purpose.RELEASE)


def _commands(docs: Docs, code: Code) -> Iterator[RepoFact]:
    """For each purpose, list the commands that documents name, then those of CI, then the scripts of manifests."""
    for order, purpose in enumerate(_PURPOSES):
        seen: set[str] = set()
        for text, path, line, why in _sources(docs, code, purpose):
            brought = why.startswith(_BROUGHT)
            # npm runs these two with and without `run`, and others every script.
            text = re.sub(r"\b(npm|pnpm|yarn) run (test|start)$", r"\1 \2", text)
            same = re.sub(r"\b(pnpm|yarn) run (?=\S)", r"\1 ", text.removeprefix("./"))
            if (
                same in seen
                or (brought and seen and not (purpose is Purpose.SETUP and not _installs(seen, text)))
                or (not brought and len(seen) == (5 if purpose in (Purpose.SETUP, Purpose.RUN) else 8))
            ):
                continue
            seen.add(same)
            rank = 6 + order + 7 * (len(seen) - 1)
            yield _fact(_RUN, rank, f"{purpose}: ", _name(text), f" ({why}" if why else " (", _at(path, line), ")")


def _installs(seen: set[str], command: str) -> bool:
    """Return whether one of the commands is a command that installs dependencies, in the same folder."""
    folder = command.startswith("cd ")
    return any(command in text and text.startswith("cd ") == folder for text in seen)


def _sources(docs: Docs, code: Code, purpose: Purpose) -> Iterator[tuple[str, str, int, str]]:
    manual = {document.path for document in docs.documents if document.kind is DocumentKind.OTHER}
    named = [command for command in docs.commands if command.purpose is purpose]
    for command in named:
        if command.path not in manual:
            yield command.text, command.path, command.line, ""
    # CI runs tools of its own, hardly ever the program.
    for pipeline in code.pipelines if purpose is not Purpose.RUN else ():
        for step in (step for job in pipeline.jobs for step in job.steps):
            if step.purpose is purpose:
                yield step.text, pipeline.path, step.line, "CI, "
    for manifest in code.manifests:
        for script in manifest.scripts:
            if script.purpose is purpose and (script.line or manifest.kind not in _WITH_DEFAULTS):
                why = f"{script.command}, " if script.command else ""
                yield call_of(manifest, script.name), manifest.path, script.line, why
    # A manual's commands are often not about this repo.
    for command in [command for command in named if command.path in manual][:2]:
        yield command.text, command.path, command.line, ""
    for manifest in code.manifests:
        for script in manifest.scripts if manifest.kind in _WITH_DEFAULTS else ():
            if script.purpose is purpose and not script.line:
                yield script.name, manifest.path, 0, f"{_BROUGHT}{manifest.kind}, "


_BROUGHT = "comes with "  # a command of the build tool, shown if nothing else is known for its purpose
_WITH_DEFAULTS = frozenset(
    ("gradle", "maven", "cargo", "go", "pub", "swift", "platformio", "composer", "bundler", "mix", "dotnet")
)


def _rules(docs: Docs) -> Iterator[RepoFact]:
    for moment, base in ((Moment.COMMIT, 7), (Moment.RELEASE, 17)):
        for rank, rule in enumerate([found for found in docs.rules if found.before is moment]):
            yield _fact(_RULES, base + 3 * rank, f"{moment}: {rule.text} (", _at(rule.path, rule.line), ")")


def _code(code: Code) -> Iterator[RepoFact]:
    for rank, entry in enumerate(code.entry_points):
        called: list[str | FactPart] = [] if entry.name == entry.path else [_name(entry.name), ", "]
        yield _fact(_CODE, 8 + 4 * rank, "starts in ", _at(entry.path, entry.line), " (", *called, f"{entry.why})")
    tests = code.tests
    if tests.files:
        where = _listed((f"{folder.path}/ ({folder.files})" for folder in tests.folders), 5)
        yield _fact(_CODE, 9, f"{_many(tests.files, 'test file')}{' in ' if where else ''}", *where)
    for rank, framework in enumerate(tests.frameworks):
        yield _fact(
            _CODE, 10 + 3 * rank, "tested with ", _name(framework.name), " (", _at(framework.path, framework.line), ")"
        )
    for rank, pipeline in enumerate(code.pipelines):
        jobs = _listed((job.name for job in pipeline.jobs), 8)
        on = f" on {', '.join(pipeline.on[:4])}" if pipeline.on else ""
        detail: Sequence[str | FactPart] = [pipeline.note] if pipeline.note else jobs or ["no jobs found"]
        yield _fact(_CODE, 13 + 5 * rank, "CI ", _at(pipeline.path, 0), f"{on}: ", *detail)
    folders = [f"{folder.path} ({folder.files})" for folder in code.folders]
    if len(folders) > 1:
        yield _fact(_CODE, 11, "files by folder: ", *_listed(folders, 10))
    for rank, manifest in enumerate(code.manifests):
        base = 15 + 4 * rank
        if manifest.note:
            yield _fact(_CODE, base, _at(manifest.path, 0), f" {manifest.note}")
        needed = [
            f"{dependency.name} {dependency.version}".strip()
            for dependency in manifest.dependencies
            if not dependency.dev
        ]
        if needed:
            yield _fact(_CODE, base, _at(manifest.path, 0), " needs ", *_listed(needed, 12))
        if len(needed) > 12:
            yield _fact(_CODE, base + 60, _at(manifest.path, 0), " also needs ", *_listed(needed[12:], 40))
        dev = [dependency.name for dependency in manifest.dependencies if dependency.dev]
        if dev:
            yield _fact(_CODE, base + 20, _at(manifest.path, 0), " needs for development ", *_listed(dev, 12))
        facts = [
            fact for fact in manifest.facts if fact.name not in ("cmd", "entrypoint", "bin", "main", "workdir", "user")
        ]
        if facts:
            values = (f"{fact.name} {fact.value}" for fact in facts)
            yield _fact(_CODE, base + 2, _at(manifest.path, 0), " declares ", *_listed(values, 8))
    if code.left_out:
        sums = ", ".join(
            f"{group.reason} ({_many(group.files, 'file')}, {_size(group.bytes)})" for group in code.left_out
        )
        yield _fact(_CODE, 30, f"not counted: {sums}")


def _history(history: History) -> Iterator[RepoFact]:
    if history.weeks:
        recent = history.weeks[-13:] if history.weeks[0].start < history.weeks[-1].start else history.weeks[:13]
        total = f"{history.commits:,}" if history.commits is not None else f"more than {history.read:,}"
        counts = " ".join(str(week.commits) for week in recent)
        yield _fact(
            _PAST,
            12,
            f"{total} commit{'' if history.commits == 1 else 's'}; by week, up to {_day(recent[-1].start)}: {counts}",
        )
    if history.messages is not None:
        way = history.messages
        style = (
            "follow no convention"
            if way.convention is Convention.NONE
            else f"follow the convention “{way.convention}” ({way.share:.0%})"
        )
        yield _fact(_PAST, 13, f"messages {style}, for example “{way.example}”")
    if history.authors:
        names = ", ".join(f"{author.name} ({author.commits})" for author in history.authors[:5])
        more = f" and {history.author_count - 5} more" if history.author_count > 5 else ""
        yield _fact(_PAST, 18, f"by {names}{more}")
    for rank, hot in enumerate(history.hot[:15]):
        yield _fact(
            _PAST,
            14 + 3 * rank,
            "changes often: ",
            _name(hot.path),
            f" ({_many(hot.commits, 'commit')}, last {_day(hot.last)})",
        )
    for rank, pair in enumerate(history.together[:12]):
        yield _fact(
            _PAST,
            17 + 4 * rank,
            "change together: ",
            _name(pair.first),
            " and ",
            _name(pair.second),
            f" ({pair.support} times, {pair.confidence:.0%})",
        )
    for rank, flight in enumerate(history.in_flight[:10]):
        part = f"{_day(flight.started)} to {_day(flight.last)}"
        detail = f", {_many(flight.ahead, 'commit')} by {flight.author}, {part}: “{flight.subject}”"
        yield _fact(_PAST, 11 + 4 * rank, "in flight: ", _name(flight.name), detail)
    for rank, repair in enumerate(history.repairs[:6]):
        yield _fact(
            _PAST, 22 + 5 * rank, f"{repair.kind} ", _name(repair.oid[:10]), f" {_day(repair.at)} “{repair.subject}”"
        )
    for rank, commit in enumerate(history.recent[:40]):
        size = f", +{commit.insertions} -{commit.deletions}" if commit.insertions is not None else ""
        detail = f" {_day(commit.at)} {commit.author}: “{commit.subject}” ({_many(commit.files, 'file')}{size})"
        yield _fact(_PAST, 10 + 3 * rank, _name(commit.oid[:10]), detail)


def _docs(docs: Docs) -> Iterator[RepoFact]:
    for rank, document in enumerate(docs.documents):
        tops = [heading.text for heading in document.headings if heading.level <= 2][:10]
        detail = f": {' · '.join(tops)}" if tops else ""
        base = 40 if document.kind is DocumentKind.OTHER else 16
        yield _fact(_DOCS, base + 3 * rank, f"{document.kind} ", _name(document.path), detail)


def _cut(snapshot: Snapshot) -> Iterator[RepoFact]:
    parts = (snapshot.cut, snapshot.git.cut, snapshot.history.cut, snapshot.docs.cut, snapshot.code.cut)
    for rank, words in enumerate(words for part in parts for words in part):
        yield _fact(_CUT, 12 + 4 * rank, words)
