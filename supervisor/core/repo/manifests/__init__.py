"""Read files that declare a package, a build or services: name, scripts, dependencies and requirements.

Here: one reader per family of files, chosen by file name; nothing is run. Not here: lock files, or CI
(`core.repo.ci`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from supervisor.core.repo.commands import quote
from supervisor.core.repo.manifests import apps, builds, dotnet, elixir, packages, python
from supervisor.core.repo.manifests.common import NAME, Reader
from supervisor.core.repo.structured import Malformed
from supervisor.domain.repo.facts import Manifest
from supervisor.regex import alternatives

DEPENDENCIES = 80  # of one manifest
SCRIPTS = 40
FACTS = 30


def kind_of(name: str) -> str | None:
    """Return the tool that reads a file of this name; None if the file is not a manifest."""
    found = _reader(name)
    return found[0] if found else None


def read_manifest(name: str, content: bytes) -> Manifest:
    """Read what a manifest declares. A malformed one yields nothing but a note that says so."""
    found = _reader(name)
    if found is None:
        raise AssertionError(f"{name} is not a manifest: call kind_of first")
    kind, read = found
    try:
        return _bounded(read(name, kind, content))
    except Malformed as error:
        return Manifest(name, kind, note=f"cannot be read: {error}")


_READERS: dict[str, tuple[str, Reader]] = {
    **python.READERS,
    **packages.READERS,
    **builds.READERS,
    **apps.READERS,
    **elixir.READERS,
}
_PATTERNS: Sequence[tuple[re.Pattern[str], str, Reader]] = (
    *python.PATTERNS,
    *packages.PATTERNS,
    *builds.PATTERNS,
    *apps.PATTERNS,
    *dotnet.PATTERNS,
)


def _reader(name: str) -> tuple[str, Reader] | None:
    base = name.rpartition("/")[2]
    if base in _READERS or _any_pattern().fullmatch(base) is None:
        return _READERS.get(base)
    return next((kind, read) for pattern, kind, read in _PATTERNS if pattern.fullmatch(base))


@cache
def _any_pattern() -> re.Pattern[str]:
    return alternatives(pattern for pattern, _, _ in _PATTERNS)


def _bounded(manifest: Manifest) -> Manifest:
    """Limit each list of the manifest, and make its name and version printable."""
    scripts, needed = manifest.scripts, sorted(manifest.dependencies, key=lambda dependency: dependency.dev)
    more = max(0, len(scripts) - SCRIPTS) + max(0, len(needed) - DEPENDENCIES)
    return Manifest(
        manifest.path,
        manifest.kind,
        quote(manifest.name, 2 * NAME),
        quote(manifest.version, NAME),
        scripts[:SCRIPTS],
        tuple(needed[:DEPENDENCIES]),
        manifest.facts[:FACTS],
        more,
        manifest.note,
    )
