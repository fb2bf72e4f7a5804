"""A supervisor of another version than the command. Restarting a real one: `tests/e2e/test_skew.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from supervisor import __version__
from supervisor.cli.display.skew import NEWER, RESTART, skew_of
from supervisor.errors import OTHER_VERSION
from supervisor.runtime.daemon import launch
from tests.cli.conftest import Orch
from tests.cli.scene import JsonDict, Standin, child, status_json

READY: dict[str, Any] = {"pid": 5, "codex": "0.163.0"}


def of_version(version: str | None) -> JsonDict:
    found = status_json(children=(child("backend", **READY),))
    return {**found, "supervisor": {**found["supervisor"], "version": version}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of a supervisor that is up: to reload, and to start over."""
    calls: list[str] = []
    monkeypatch.setattr(launch, "begin", lambda workspace, up, mirrored=False: None)
    monkeypatch.setattr(launch, "reload", lambda workspace: calls.append("reload"))
    monkeypatch.setattr(launch, "start_over", lambda workspace: calls.append("start over"))
    return calls


@pytest.mark.parametrize(("version", "word", "next_step"), [("0.0.9", "older", RESTART), ("99.0", "newer", NEWER)])
def test_off_a_terminal_up_says_so_and_names_what_to_do(
    version: str, word: str, next_step: str, orch: Orch, standin: Callable[..., Standin], asked: list[str]
) -> None:
    standin(of_version(version))
    code, out, err = orch("up")
    assert (code, out, asked) == (0, "1 of 1 child ready\n", ["reload"])
    assert err.startswith(f"the supervisor ({version}) is {word} than this orch ({__version__})\n{next_step}\n")


def test_the_same_version_is_not_worth_a_word(orch: Orch, standin: Callable[..., Standin], asked: list[str]) -> None:
    standin(of_version(__version__))
    assert orch("up").err.startswith("backend: ready")
    assert "than this orch" not in orch("status").out
    assert asked == ["reload"]


@pytest.mark.parametrize("version", ["0.0.9", __version__])
def test_a_restart_that_is_asked_for_needs_no_terminal(
    version: str, orch: Orch, standin: Callable[..., Standin], asked: list[str]
) -> None:
    standin(of_version(version))
    assert f"the supervisor was restarted in place ({__version__})\n" in orch("up", "--restart").err
    assert asked == ["start over", "reload"]


@pytest.mark.parametrize(("answer", "calls"), [("y", ["start over", "reload"]), ("", ["reload"]), ("no", ["reload"])])
def test_on_a_terminal_up_offers_the_restart(
    answer: str,
    calls: list[str],
    orch: Orch,
    standin: Callable[..., Standin],
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("sys.stdin.readline", lambda: f"{answer}\n")
    standin(of_version("0.0.9"))
    code, _, err = orch("up")
    assert (code, asked) == (0, calls)
    assert "restart it in place? Servers and turns go on. [y/N] " in err


def test_status_and_version_say_so_too(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(of_version("0.0.9"))
    line = f"\n            older than this orch ({__version__}): {RESTART}\n"
    assert f"supervisor  0.0.9 (process 7){line}" in orch("version").out
    assert f"\nolder than this orch ({__version__}): {RESTART}\n" in orch("status").out
    assert "than this orch" not in orch("status", "--json").out


def test_a_supervisor_that_cannot_start_over_names_the_other_way(
    orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "begin", lambda workspace, up, mirrored=False: None)
    supervisor = standin(of_version("0.0.9"), refuses={"start_over": ("there is no method start_over", OTHER_VERSION)})
    code, out, err = orch("up", "--restart")
    assert (code, out) == (1, "")
    assert err.endswith(
        "orch: this supervisor (0.0.9) cannot be restarted in place: run `orch down`, then `orch up`: running turns "
        "are interrupted, and resumed\n"
    )
    assert [method for method, _ in supervisor.calls] == ["start_over"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (None, "of another version than"),
        ("", "older than"),
        ("0.0.9", "older than"),
        ("0.1.0rc1", "older than"),
        ("0.0.100", "older than"),
        ("0.1.1", "newer than"),
        ("0.10", "newer than"),
        ("1.0.0+local", "newer than"),
        ("9" * 5000, "newer than"),
        (__version__, ""),
    ],
)
def test_versions_are_compared_as_people_number_them(version: str | None, expected: str) -> None:
    skew = skew_of(version)
    assert (skew.what if skew is not None else "").startswith(expected)
    assert (skew is None) == (not expected)


def test_a_newer_supervisor_is_not_replaced_by_an_older_one(
    orch: Orch, standin: Callable[..., Standin], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    standin(of_version("99.0"))
    code, out, err = orch("up", "--restart")
    assert (code, out, asked) == (1, "", [])
    assert err == (
        f"orch: the supervisor (99.0) is newer than this orch ({__version__}), and is not restarted with it: {NEWER}\n"
    )
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    code, _, err = orch("up")
    assert (code, asked, "[y/N]" in err) == (0, ["reload"], False)
