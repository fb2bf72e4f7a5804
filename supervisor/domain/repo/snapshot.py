"""What is known of a repo at one moment."""

from __future__ import annotations

from msgspec import Struct

from supervisor.domain.repo.facts import Code, Docs
from supervisor.domain.repo.git import GitState, History


class Snapshot(Struct, frozen=True):
    """A child's repo: its state, history, documents and code, and in words what of it is not complete.

    It is as good as new while `key` is what HEAD, the index and the work tree make it.
    """

    child: str
    path: str
    key: str
    git: GitState
    history: History
    docs: Docs
    code: Code
    cut: tuple[str, ...] = ()


class Unread(Struct, frozen=True):
    """A child of which nothing is known: why, and what to do about it."""

    child: str
    path: str
    problem: str
    next_step: str
