"""The code of a repo: languages, manifests, beginnings, tests and CI; from names, sizes and a few contents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from supervisor.core.repo.ci import is_hooks, read_hooks, read_pipeline, system_of
from supervisor.core.repo.entrypoints import entry_points, may_begin, python_files
from supervisor.core.repo.files import RepoFile, is_sample, language_of, left_out
from supervisor.core.repo.manifests import kind_of, read_manifest
from supervisor.core.repo.structured import LIMIT, YAML_LIMIT
from supervisor.core.repo.tests import test_layout
from supervisor.domain.repo.facts import (
    Code,
    Folder,
    Language,
    LeftOut,
    RepoRule,
)

MANIFESTS = 60
PIPELINES = 20
STARTS = 40
"""Files read to find where running begins."""

START_LIMIT = 64 << 10
"""Bytes read of one such file."""

TOTAL_LIMIT = 2 << 20
"""Bytes read of all these files."""

FOLDERS = 20


def wanted(files: Sequence[RepoFile]) -> tuple[tuple[str, int], ...]:
    """The files to read first, each with the bytes to read of it at most: those nearest to the root."""
    manifests, pipelines, starts = _chosen(files)
    asked = [
        *((name, LIMIT + 1) for name in manifests[:MANIFESTS]),
        *((name, YAML_LIMIT + 1) for name in pipelines[:PIPELINES]),
        *((name, START_LIMIT) for name in starts[:STARTS]),
    ]
    return _within(asked, {file.name: file.size for file in files}, TOTAL_LIMIT)


def followed(files: Sequence[RepoFile], contents: Mapping[str, bytes]) -> tuple[tuple[str, int], ...]:
    """The files to read next: those that the scripts of the manifests among `contents` start."""
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
    """What the repo is made of. Files that are missing in `contents`, or too many to be read, are told in `cut`."""
    manifests, pipelines, _ = _chosen(files)
    cut = []
    for noun, all_of, most in (("manifests", manifests, MANIFESTS), ("files of CI", pipelines, PIPELINES)):
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
    entries, tests = entry_points(names, declared, contents), test_layout(files, declared, ci)
    return Code(languages, out, _folders(files), declared, entries, tests, ci, tuple(cut))


def hook_rules(contents: Mapping[str, bytes]) -> tuple[RepoRule, ...]:
    """What hooks run before a commit."""
    return tuple(rule for name in sorted(contents) if is_hooks(name) for rule in read_hooks(name, contents[name]))


def _within(asked: Sequence[tuple[str, int]], sizes: Mapping[str, int], limit: int) -> tuple[tuple[str, int], ...]:
    chosen = []
    for name, most in asked:
        limit -= min(most, sizes.get(name, 0))
        if limit >= 0:
            chosen.append((name, most))
    return tuple(chosen)


def _chosen(files: Sequence[RepoFile]) -> tuple[list[str], list[str], list[str]]:
    """The manifests, the pipelines and hooks, and the likely beginnings, each with the nearest to the root first."""
    manifests, pipelines, starts = [], [], []
    for file in files:
        name = file.name
        if left_out(name) is not None:
            continue
        if system_of(name) is not None or is_hooks(name):
            pipelines.append(name)
        elif kind_of(name) is not None:
            if "/" not in name or not is_sample(name):
                manifests.append(name)
        elif may_begin(name):
            starts.append(name)
    for found in (manifests, pipelines, starts):
        found.sort(key=lambda name: (name.count("/"), name))
    return manifests, pipelines, starts


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
    languages.sort(key=lambda one: (-one.bytes, one.name))
    left.sort(key=lambda one: (-one.bytes, one.reason))
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
        for top, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:FOLDERS]
    )
