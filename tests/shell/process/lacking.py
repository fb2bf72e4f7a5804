"""Machines that lack what Linux has."""

from __future__ import annotations

import os

import pytest

from supervisor.shell.process import table


def without_pidfd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")


def without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.setattr(table, "has_proc", lambda: False)
