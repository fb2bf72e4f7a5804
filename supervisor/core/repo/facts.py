"""What is worth telling of a repo, one line each, by how much it tells whoever plans a change in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from supervisor.domain.repo.facts import Code, Docs, DocumentKind, Manifest, Moment, Purpose
from supervisor.domain.repo.git import Convention, GitState, History, Paths
from supervisor.domain.repo.snapshot import Snapshot

SECTIONS = (
    "What it is",
    "Now",
    "Commands",
    "Before a commit or release",
    "Code",
    "History",
    "Documents",
    "Not complete",
)
"""In the order of reading."""

_IS, _NOW, _RUN, _RULES, _CODE, _PAST, _DOCS, _CUT = SECTIONS


class FactSpan(Struct, frozen=True):
    """A piece of a line; `code` is a path, a command, a name: to be shown word for word."""

    text: str
    code: bool = False


class RepoFact(Struct, frozen=True):
    """A line of a section; of all, the lowest `rank` tells the most."""

    section: str
    rank: float
    spans: tuple[FactSpan, ...]


def facts(snapshot: Snapshot) -> list[RepoFact]:
    """All there is to tell, in the order of reading."""
    told = [
        *_is(snapshot.docs, snapshot.code),
        *_now(snapshot.git, snapshot.history),
        *_commands(snapshot.docs, snapshot.code),
        *_rules(snapshot.docs),
        *_code(snapshot.code),
        *_past(snapshot.history),
        *_docs(snapshot.docs),
        *_cut(snapshot),
    ]
    return sorted(told, key=lambda fact: SECTIONS.index(fact.section))


def _point(section: str, rank: float, *parts: str | FactSpan) -> RepoFact:
    return RepoFact(section, rank, tuple(FactSpan(part) if isinstance(part, str) else part for part in parts))


def _name(text: str) -> FactSpan:
    return FactSpan(text, code=True)


def _at(path: str, line: int) -> FactSpan:
    return FactSpan(f"{path}:{line}" if line else path, code=True)


def _listed(texts: Iterable[str], most: int) -> list[str | FactSpan]:
    """`a`, `b` and 3 more."""
    given = list(texts)
    parts: list[str | FactSpan] = []
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


def _is(docs: Docs, code: Code) -> Iterator[RepoFact]:
    said = [one for one in docs.documents if one.summary and one.kind is DocumentKind.README]
    for one in said[:1]:
        yield _point(_IS, 1, one.summary, " (", _name(one.path), ")")
    for rank, manifest in enumerate(_packages(code)[:6]):
        version = f" {manifest.version}" if manifest.version and manifest.version != "dynamic" else ""
        yield _point(
            _IS, 2 + 6 * rank, f"{manifest.kind} package ", _name(manifest.name + version), " in ", _name(manifest.path)
        )
    total = sum(one.bytes for one in code.languages) or 1
    if code.languages:
        shown = [one for one in code.languages if one.bytes >= total / 100 or one is code.languages[0]][:8]
        shares = (
            f"{one.name} {100 * one.bytes / total:.0f}% ({_many(one.files, 'file')}, {_size(one.bytes)})"
            for one in shown
        )
        yield _point(_IS, 3, "languages: ", ", ".join(shares))


def _packages(code: Code) -> list[Manifest]:
    return [one for one in code.manifests if one.name and one.kind not in ("make", "docker", "compose")]


def _now(git: GitState, history: History) -> Iterator[RepoFact]:
    if git.head is None:
        yield _point(_NOW, 0, "no commit yet" if git.empty else "no commit on this branch yet")
    else:
        where: list[str | FactSpan] = ["detached"] if git.detached else ["branch ", _name(git.branch or "?")]
        if not git.detached and history.default_branch not in (None, git.branch):
            where += [" (default ", _name(history.default_branch or ""), ")"]
        yield _point(
            _NOW, 0, *where, " at ", _name(git.head.oid[:10]), f" {_day(git.head.at)} ", f"“{git.head.subject}”"
        )
    if git.in_progress is not None:
        step = f", step {git.in_progress.step} of {git.in_progress.steps}" if git.in_progress.steps else ""
        yield _point(
            _NOW, 0.1, f"a {git.in_progress.operation} is in progress{step}: nothing should be changed before it ends"
        )
    changed = (
        ("in conflict", git.conflicted, 0.2),
        ("staged", git.staged, 4),
        ("changed", git.unstaged, 4.1),
        ("untracked", git.untracked, 5),
    )
    for word, paths, rank in changed:
        if paths.count:
            yield _point(_NOW, rank, f"{paths.count} {word}: ", *_named(paths))
    if not any(paths.count for _, paths, _ in changed) and not git.bare:
        yield _point(_NOW, 4, "the work tree is clean")
    if git.upstream is not None:
        up = git.upstream
        if up.ahead is None or up.behind is None:
            yield _point(_NOW, 5, "its upstream ", _name(up.name), " is gone")
        else:
            yield _point(
                _NOW, 5 if up.ahead or up.behind else 20, f"{up.ahead} ahead of and {up.behind} behind ", _name(up.name)
            )
    if git.stash_count:
        subjects = "; ".join(f"“{one.subject}” ({_day(one.at)})" for one in git.stashes[:3])
        yield _point(_NOW, 12, f"{git.stash_count} stashed: {subjects}")
    for rank, tree in enumerate(git.worktrees[:5]):
        gone = " (its folder is gone)" if tree.gone else ""
        yield _point(
            _NOW,
            16 + rank,
            "another work tree: ",
            _name(tree.path),
            " on ",
            _name(tree.branch or "a detached HEAD"),
            gone,
        )
    for rank, sub in enumerate(git.submodules[:12]):
        url: list[str | FactSpan] = [" from ", _name(sub.url)] if sub.url else []
        yield _point(_NOW, 9 + 2 * rank, "submodule ", _name(sub.path), f" {sub.state}", *url)
    for rank, tag in enumerate(git.tags[:2]):
        since = f"{_many(tag.distance, 'commit')} ago" if tag.distance else "at HEAD"
        yield _point(_NOW, 14 + 20 * rank, "tag ", _name(tag.name), f" ({_day(tag.at)}), {since}")
    for rank, remote in enumerate(git.remotes[:4]):
        yield _point(_NOW, 18 + 10 * rank, "remote ", _name(remote.name), " ", _name(remote.url))
    for word, true in (
        ("shallow clone: its history ends early", git.shallow),
        ("partial clone: git may fetch what is missing", git.partial),
        ("bare: no work tree", git.bare),
    ):
        if true:
            yield _point(_NOW, 8, word)
    if git.sparse is not None:
        yield _point(_NOW, 8, "sparse checkout: ", *_listed(git.sparse, 6))
    if git.lfs:
        yield _point(_NOW, 15, "in LFS: ", *_listed(git.lfs, 6))


def _named(paths: Paths) -> list[str | FactSpan]:
    shown = _listed(paths.names[:6], 6)
    return [*shown, f" and {paths.count - len(paths.names[:6])} more"] if paths.count > len(paths.names[:6]) else shown


_PURPOSES = (Purpose.TEST, Purpose.LINT, Purpose.FORMAT, Purpose.BUILD, Purpose.RUN, Purpose.SETUP, Purpose.RELEASE)


def _commands(docs: Docs, code: Code) -> Iterator[RepoFact]:
    """Of each purpose the commands that the documents name, then those of CI, then the scripts of manifests."""
    for order, purpose in enumerate(_PURPOSES):
        seen: set[str] = set()
        for text, path, line, why in _said(docs, code, purpose):
            if text in seen or len(seen) == (3 if purpose in (Purpose.SETUP, Purpose.RUN) else 8):
                continue
            seen.add(text)
            rank = 6 + order + 7 * (len(seen) - 1)
            yield _point(_RUN, rank, f"{purpose}: ", _name(text), f" ({why}" if why else " (", _at(path, line), ")")


def _said(docs: Docs, code: Code, purpose: Purpose) -> Iterator[tuple[str, str, int, str]]:
    manual = {one.path for one in docs.documents if one.kind is DocumentKind.OTHER}
    named = [command for command in docs.commands if command.purpose is purpose]
    for command in named:
        if command.path not in manual:
            yield command.text, command.path, command.line, ""
    for pipeline in code.pipelines:
        for step in (step for job in pipeline.jobs for step in job.steps):
            if step.purpose is purpose:
                yield step.text, pipeline.path, step.line, "CI, "
    for manifest in code.manifests:
        for script in manifest.scripts:
            if script.purpose is purpose:
                why = f"{script.command}, " if script.command else ""
                yield _called(manifest, script.name), manifest.path, script.line, why
    # What a manual tells its readers to type is often not about this repo.
    for command in [command for command in named if command.path in manual][:2]:
        yield command.text, command.path, command.line, ""


_CALLS = {
    "npm": "npm run ",
    "make": "make ",
    "just": "just ",
    "task": "task ",
    "nox": "nox -s ",
    "tox": "tox -e ",
    "composer": "composer ",
}


def _called(manifest: Manifest, script: str) -> str:
    if manifest.kind == "tox" and script == "testenv":
        return "tox"
    folder = manifest.path.rpartition("/")[0]
    if manifest.kind in ("pyproject", "setuptools"):
        return script  # Once the package is installed, it runs anywhere.
    if manifest.kind == "npm" and script in ("test", "start"):
        script = f"npm {script}"
        return f"cd {folder} && {script}" if folder else script
    return f"{f'cd {folder} && ' if folder else ''}{_CALLS.get(manifest.kind, '')}{script}"


def _rules(docs: Docs) -> Iterator[RepoFact]:
    for moment, base in ((Moment.COMMIT, 7), (Moment.RELEASE, 17)):
        for rank, rule in enumerate([one for one in docs.rules if one.before is moment]):
            yield _point(_RULES, base + 3 * rank, f"{moment}: {rule.text} (", _at(rule.path, rule.line), ")")


def _code(code: Code) -> Iterator[RepoFact]:
    for rank, entry in enumerate(code.entry_points):
        called: list[str | FactSpan] = [] if entry.name == entry.path else [_name(entry.name), ", "]
        yield _point(_CODE, 8 + 4 * rank, "starts in ", _at(entry.path, entry.line), " (", *called, f"{entry.why})")
    tests = code.tests
    if tests.files:
        where = _listed((f"{one.path}/ ({one.files})" for one in tests.folders), 5)
        yield _point(_CODE, 9, f"{_many(tests.files, 'test file')}{' in ' if where else ''}", *where)
    for rank, framework in enumerate(tests.frameworks):
        yield _point(
            _CODE, 10 + 3 * rank, "tested with ", _name(framework.name), " (", _at(framework.path, framework.line), ")"
        )
    for rank, pipeline in enumerate(code.pipelines):
        jobs = _listed((job.name for job in pipeline.jobs), 8)
        on = f" on {', '.join(pipeline.on[:4])}" if pipeline.on else ""
        said: Sequence[str | FactSpan] = [pipeline.note] if pipeline.note else jobs or ["no jobs found"]
        yield _point(_CODE, 13 + 5 * rank, "CI ", _at(pipeline.path, 0), f"{on}: ", *said)
    folders = [f"{one.path} ({one.files})" for one in code.folders]
    if len(folders) > 1:
        yield _point(_CODE, 11, "files by folder: ", *_listed(folders, 10))
    for rank, manifest in enumerate(code.manifests):
        base = 15 + 4 * rank
        if manifest.note:
            yield _point(_CODE, base, _at(manifest.path, 0), f" {manifest.note}")
        needed = [f"{one.name} {one.version}".strip() for one in manifest.dependencies if not one.dev]
        if needed:
            yield _point(_CODE, base, _at(manifest.path, 0), " needs ", *_listed(needed, 12))
        if len(needed) > 12:
            yield _point(_CODE, base + 60, _at(manifest.path, 0), " needs also ", *_listed(needed[12:], 40))
        dev = [one.name for one in manifest.dependencies if one.dev]
        if dev:
            yield _point(_CODE, base + 20, _at(manifest.path, 0), " needs for development ", *_listed(dev, 12))
        facts = [
            fact for fact in manifest.facts if fact.name not in ("cmd", "entrypoint", "bin", "main", "workdir", "user")
        ]
        if facts:
            values = (f"{fact.name} {fact.value}" for fact in facts)
            yield _point(_CODE, base + 2, _at(manifest.path, 0), " says ", *_listed(values, 8))
    if code.left_out:
        sums = ", ".join(f"{one.reason} ({_many(one.files, 'file')}, {_size(one.bytes)})" for one in code.left_out)
        yield _point(_CODE, 30, f"not counted: {sums}")


def _past(history: History) -> Iterator[RepoFact]:
    if history.weeks:
        recent = history.weeks[-13:] if history.weeks[0].start < history.weeks[-1].start else history.weeks[:13]
        total = f"{history.commits:,}" if history.commits is not None else f"more than {history.read:,}"
        counts = " ".join(str(week.commits) for week in recent)
        yield _point(
            _PAST,
            12,
            f"{total} commit{'' if history.commits == 1 else 's'}; by week, up to {_day(recent[-1].start)}: {counts}",
        )
    if history.messages is not None:
        way = history.messages
        style = (
            "follow no convention"
            if way.convention is Convention.NONE
            else f"begin as {way.convention} ({way.share:.0%})"
        )
        yield _point(_PAST, 13, f"messages {style}, as in “{way.example}”")
    if history.authors:
        names = ", ".join(f"{one.name} ({one.commits})" for one in history.authors[:5])
        more = f" and {history.author_count - 5} more" if history.author_count > 5 else ""
        yield _point(_PAST, 18, f"by {names}{more}")
    for rank, hot in enumerate(history.hot[:15]):
        yield _point(
            _PAST,
            14 + 3 * rank,
            "changes often: ",
            _name(hot.path),
            f" ({_many(hot.commits, 'commit')}, last {_day(hot.last)})",
        )
    for rank, pair in enumerate(history.together[:12]):
        yield _point(
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
        said = f", {_many(flight.ahead, 'commit')} by {flight.author}, {part}: “{flight.subject}”"
        yield _point(_PAST, 11 + 4 * rank, "in flight: ", _name(flight.name), said)
    for rank, mended in enumerate(history.repairs[:6]):
        yield _point(
            _PAST, 22 + 5 * rank, f"{mended.kind} ", _name(mended.oid[:10]), f" {_day(mended.at)} “{mended.subject}”"
        )
    for rank, commit in enumerate(history.recent[:40]):
        size = f", +{commit.insertions} -{commit.deletions}" if commit.insertions is not None else ""
        said = f" {_day(commit.at)} {commit.author}: “{commit.subject}” ({_many(commit.files, 'file')}{size})"
        yield _point(_PAST, 10 + 3 * rank, _name(commit.oid[:10]), said)


def _docs(docs: Docs) -> Iterator[RepoFact]:
    for rank, one in enumerate(docs.documents):
        tops = [heading.text for heading in one.headings if heading.level <= 2][:10]
        said = f": {' · '.join(tops)}" if tops else ""
        base = 40 if one.kind is DocumentKind.OTHER else 16
        yield _point(_DOCS, base + 3 * rank, f"{one.kind} ", _name(one.path), said)


def _cut(snapshot: Snapshot) -> Iterator[RepoFact]:
    parts = (snapshot.cut, snapshot.git.cut, snapshot.history.cut, snapshot.docs.cut, snapshot.code.cut)
    for rank, words in enumerate(words for part in parts for words in part):
        yield _point(_CUT, 12 + 4 * rank, words)
