"""A snapshot: what is known of a repo at one moment."""

from __future__ import annotations

from msgspec import Struct

from supervisor.domain.repo.facts import Code, Docs
from supervisor.domain.repo.git import GitState, History


class Snapshot(Struct, frozen=True):
    """A child's repo: its state, history, documents and code."""

    child: str
    path: str
    key: str  # of HEAD, the index and the work tree: the snapshot is current as long as it does not change
    git: GitState
    history: History
    docs: Docs
    code: Code
    cut: tuple[str, ...] = ()  # what is incomplete, in words


class Unread(Struct, frozen=True):
    """A child whose repo could not be read: why, and what to do about it."""

    child: str
    path: str
    problem: str
    next_step: str
