"""Describe the code of a repo (languages, manifests, entry points, tests, CI) by names, sizes and a few contents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec.structs import replace

from supervisor.core.repo.ci import is_hooks, read_hooks, read_pipeline, system_of
from supervisor.core.repo.entrypoints import entry_points, may_be_entry_point, python_files
from supervisor.core.repo.files import KNOWN, RepoFile, is_sample, language_of, left_out
from supervisor.core.repo.manifests import kind_of, read_manifest
from supervisor.core.repo.manifests.defaults import completed
from supervisor.core.repo.places import RepoContents, check, contents_of
from supervisor.core.repo.structured import LIMIT, YAML_LIMIT
from supervisor.core.repo.tests import test_layout
from supervisor.domain.repo.facts import (
    Code,
    Folder,
    Language,
    LeftOut,
    Pipeline,
    RepoRule,
)
from supervisor.regex import regex

MANIFESTS = 60
PIPELINES = 20
STARTS = 40
"""Files read to find entry points."""

START_LIMIT = 64 << 10
"""Bytes read of each such file."""

TOTAL_LIMIT = 2 << 20
"""Bytes read of all these files together."""

FOLDERS = 20


def wanted(files: Sequence[RepoFile]) -> tuple[tuple[str, int], ...]:
    """Return the files to read first, those nearest to the root, each with its limit in bytes."""
    manifests, pipelines, starts = _chosen(files)
    asked = [
        *((name, LIMIT + 1) for name in manifests[:MANIFESTS]),
        *((name, YAML_LIMIT + 1) for name in pipelines[:PIPELINES]),
        *((name, START_LIMIT) for name in starts[:STARTS]),
    ]
    return _within(asked, {file.name: file.size for file in files}, TOTAL_LIMIT)


def followed(files: Sequence[RepoFile], contents: Mapping[str, bytes]) -> tuple[tuple[str, int], ...]:
    """Return the files to read next: those that are started by scripts of the manifests in `contents`."""
    names = frozenset(file.name for file in files)
    found = dict.fromkeys(
        target
        for name in contents
        if kind_of(name) in ("pyproject", "setuptools")
        for script in read_manifest(name, contents[name]).scripts
        for target in python_files(name, script.command, names)
    )
    asked = [(name, START_LIMIT) for name in found if name not in contents]
    return _within(asked[:STARTS], {file.name: file.size for file in files}, TOTAL_LIMIT)


def read_code(files: Sequence[RepoFile], contents: Mapping[str, bytes]) -> Code:
    """Describe the code. `Code.cut` names files that are missing in `contents` or too many to read."""
    manifests, pipelines, _ = _chosen(files)
    cut = []
    for noun, all_of, most in (("manifests", manifests, MANIFESTS), ("CI files", pipelines, PIPELINES)):
        unread = len(all_of) - sum(name in contents for name in all_of[:most])
        if unread:
            cut.append(f"{unread} {noun} were not read")
    declared = tuple(read_manifest(name, contents[name]) for name in manifests[:MANIFESTS] if name in contents)
    ci = tuple(
        read_pipeline(name, contents[name])
        for name in pipelines[:PIPELINES]
        if name in contents and system_of(name) is not None
    )
    languages, out = _figures(files)
    names = frozenset(file.name for file in files)
    ci = tuple(_borne_out(pipeline, contents_of(names, declared)) for pipeline in ci)
    entries, tests = entry_points(names, declared, contents), test_layout(files, declared, ci)
    return Code(languages, out, _folders(files), completed(declared, names), entries, tests, ci, tuple(cut))


def hook_rules(contents: Mapping[str, bytes]) -> tuple[RepoRule, ...]:
    """Return what hooks run before a commit, as rules."""
    return tuple(rule for name in sorted(contents) if is_hooks(name) for rule in read_hooks(name, contents[name]))


def _borne_out(pipeline: Pipeline, repo: RepoContents) -> Pipeline:
    """Return the pipeline; steps that need what the repo does not have keep no purpose: they are about another one."""
    jobs = [
        replace(
            job,
            steps=tuple(
                replace(step, purpose=None) if step.purpose and check(step.text, repo) is False else step
                for step in job.steps
            ),
        )
        for job in pipeline.jobs
    ]
    return replace(pipeline, jobs=tuple(jobs))


def _within(asked: Sequence[tuple[str, int]], sizes: Mapping[str, int], limit: int) -> tuple[tuple[str, int], ...]:
    chosen = []
    for name, most in asked:
        limit -= min(most, sizes.get(name, 0))
        if limit >= 0:
            chosen.append((name, most))
    return tuple(chosen)


_COPIES = regex(r"(^|/)v?\d+(\.\d+){2,}[^/]*/")
"""In a folder named like a release (`versions/2.0.1/`) lies a copy of what another repo released."""


def _chosen(files: Sequence[RepoFile]) -> tuple[list[str], list[str], list[str]]:
    """Return the manifests, the pipelines and hooks, and the likely entry points; each nearest to the root first."""
    found: dict[str, list[str]] = {part: [] for part in _PARTS}
    for file in files:
        if (part := _part(file.name)) is not None:
            found[part].append(file.name)
    for names in found.values():
        names.sort(key=lambda name: (name.count("/"), name))
    manifests, pipelines, starts = found.values()
    return manifests, pipelines, starts


_PARTS = _MANIFEST, _PIPELINE, _START = ("manifest", "pipeline", "start")


@lru_cache(KNOWN)
def _part(name: str) -> str | None:
    """Return which of `_chosen` a file belongs to. It is asked twice for each name."""
    if left_out(name) is not None or _COPIES.search(name):
        return None
    if system_of(name) is not None or is_hooks(name):
        return _PIPELINE
    if kind_of(name) is not None:
        return _MANIFEST if "/" not in name or not is_sample(name) else None
    return _START if may_be_entry_point(name) else None


def _figures(files: Sequence[RepoFile]) -> tuple[tuple[Language, ...], tuple[LeftOut, ...]]:
    written: dict[str, list[int]] = {}
    out: dict[str, list[int]] = {}
    for file in files:
        reason = left_out(file.name)
        language = None if reason else language_of(file.name)
        if reason or language:
            sums = (out if reason else written).setdefault(reason or language or "", [0, 0])
            sums[0] += 1
            sums[1] += file.size
    languages = [Language(name, count, size) for name, (count, size) in written.items()]
    left = [LeftOut(name, count, size) for name, (count, size) in out.items()]
    languages.sort(key=lambda language: (-language.bytes, language.name))
    left.sort(key=lambda group: (-group.bytes, group.reason))
    return tuple(languages), tuple(left)


def _folders(files: Sequence[RepoFile]) -> tuple[Folder, ...]:
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for file in files:
        top = file.name.partition("/")[0] if "/" in file.name else "."
        counts[top] += 1
        sizes[top] += file.size
    return tuple(
        Folder(top, count, sizes[top])
        for top, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:FOLDERS]
    )
