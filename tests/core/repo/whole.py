"""What the snapshot of a whole made-up repo states, as a reader sees it."""

from __future__ import annotations

from collections.abc import Mapping

from supervisor.core.repo import code, docs
from supervisor.core.repo.digest import digest
from supervisor.core.repo.files import RepoFile
from supervisor.domain.repo.git import GitState, History
from supervisor.domain.repo.snapshot import Snapshot
from tests.systems.snapshot_labels import Statement, statements


def stated(files: Mapping[str, str]) -> list[Statement]:
    """Return what the digest of a repo with these files says: commands, entry points, rules and documents."""
    contents = {name: text.encode() for name, text in files.items()}
    listed = [RepoFile(name, len(content)) for name, content in sorted(contents.items())]
    about = {name: contents[name] for name, _ in docs.wanted(listed)}
    read = {name: contents[name] for name, _ in code.wanted(listed)}
    read |= {name: contents[name] for name, _ in code.followed(listed, read)}
    git = GitState("key", "main", None, empty=True)
    sources = code.read_code(listed, read)
    documents = docs.read_docs(listed, about, code.hook_rules(read), sources.manifests)
    snapshot = Snapshot("repo", "/repo", "key", git, History(), documents, sources)
    return statements(digest(snapshot, 1_000_000))


def commands(files: Mapping[str, str]) -> list[str]:
    """Return the commands of the repo, each with its purpose: `test: make test`."""
    return [f"{it.part}: {it.text}" for it in stated(files) if it.kind == "command"]


def texts(files: Mapping[str, str], kind: str) -> list[str]:
    """Return the statements of one kind, without their parts."""
    return [it.text for it in stated(files) if it.kind == kind]
