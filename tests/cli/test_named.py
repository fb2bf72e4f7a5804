"""`orch logs --task NAME --child NAME`: names that nothing has are mistakes, with the nearest right one."""

from __future__ import annotations

import json

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch

NO_LINE = "no line matches; what the servers print themselves is in {}/*.stderr.log\n"


@pytest.fixture
def ran(workspace: WorkspacePaths) -> WorkspacePaths:
    """A workspace whose ledger has a task that left the plan, and a child that left the config."""
    workspace.state.mkdir()
    one = {"ts": "2026-11-23T10:00:00Z", "level": "info", "event": "e", "task": "Retired-1", "child": "gone"}
    workspace.ledger.write_text(json.dumps(one) + "\n", encoding="utf-8")
    workspace.plan.write_text(
        "# Plan: P\n## Contracts\n### C1 — Answer\n- between: backend, mobile\n\n"
        "## Working Plan\n### T1 — One\n- child: backend\n\nDo.\n\n### T2 - Two\n- kid: x\n",
        encoding="utf-8",
    )
    return workspace


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--task", "NOPE"), "there is no task `NOPE`: use one of `T1`, `T2`, `Retired-1`"),
        (("--task", "t1"), "there is no task `t1`: did you mean `T1`?"),
        (("--task", "retired1"), "there is no task `retired1`: did you mean `Retired-1`?"),
        (("--task", "backend"), "there is no task `backend`: use one of `T1`, `T2`, `Retired-1`"),
        (("--task", ""), "there is no task ``: use one of `T1`, `T2`, `Retired-1`"),
        (("--child", "mobil"), "there is no child `mobil`: did you mean `mobile`?"),
        (("--child", "T1"), "there is no child `T1`: use one of `backend`, `mobile`, `orchestrator`, `human`, `gone`"),
        (("--child", "backend", "--task", "T3"), "there is no task `T3`: use one of `T1`, `T2`, `Retired-1`"),
        (("--child", "a\x1b[2Jb"), None),
    ],
)
@pytest.mark.parametrize("more", [(), ("--json",), ("--follow",)])
def test_a_name_that_nothing_has_is_wrong_usage(
    words: tuple[str, ...], message: str | None, more: tuple[str, ...], ran: WorkspacePaths, orch: Orch
) -> None:
    code, out, err = orch("logs", *words, *more)
    assert (code, out) == (2, "")
    assert "\x1b" not in err
    if message is not None:
        assert err == f"orch: {message}\n"


@pytest.mark.parametrize(
    "words",
    [("--task", "T1"), ("--task", "T2"), ("--child", "mobile"), ("--child", "human"), ("--child", "orchestrator")],
)
def test_a_name_of_which_nothing_is_recorded_yet_shows_nothing(
    words: tuple[str, ...], ran: WorkspacePaths, orch: Orch
) -> None:
    assert orch("logs", *words) == (0, "", NO_LINE.format(ran.logs))


@pytest.mark.parametrize("words", [("--task", "Retired-1"), ("--child", "gone")])
def test_what_left_the_plan_or_the_config_is_known(words: tuple[str, ...], ran: WorkspacePaths, orch: Orch) -> None:
    code, out, err = orch("logs", *words, "--json")
    assert (code, json.loads(out)["event"], err) == (0, "e", "")


def test_a_config_that_cannot_be_read_hides_no_name(ran: WorkspacePaths, orch: Orch) -> None:
    ran.config.write_text("children: [", encoding="utf-8")
    assert orch("logs", "--child", "gone").code == 0
    assert orch("logs", "--child", "backend").code == 2


def test_before_anything_ran_a_name_is_still_checked(orch: Orch) -> None:
    assert orch("logs", "--task", "T1") == (2, "", "orch: there is no task `T1`: there is no task yet\n")
    assert orch("logs", "--child", "backend").code == 0
