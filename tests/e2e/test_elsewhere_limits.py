"""What a child lacks on another machine, and a line that is silent."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from supervisor.runtime.workspace import LARGEST_ERRORS
from supervisor.shell.process import alive
from tests.e2e.elsewhere import LabElsewhere
from tests.e2e.lab import report, task

pytestmark = pytest.mark.long

OLD, EMPTY = "codex-of-yesteryear", "codex-home-without-a-login"


@pytest.fixture(scope="module")
def lab() -> Iterator[LabElsewhere]:
    """A lab that is up, with a task done on the other machine."""
    with LabElsewhere() as made:
        made.up()
        made.plan(task("T1", "firmware", "write made.txt made", report("Made.")))
        made.task("T1", "done")
        yield made


def test_doctor_tries_each_step_and_names_the_first_that_fails(lab: LabElsewhere) -> None:
    found = _doctor(lab)
    assert [(one["check"], one["ok"]) for one in found] == [
        ("runner", True),
        ("repo", True),
        ("codex", True),
        ("disk", True),
        ("server", True),
    ]
    assert lab.orch("doctor", "--child", "backend", check=False).returncode == 2
    assert not (lab.there / ".local/state/orch/servers").joinpath("doctor").exists()
    assert lab.child("firmware", "ready")["restarts"] == 0


def test_what_a_line_prints_without_end_does_not_fill_the_disk_here(lab: LabElsewhere) -> None:
    errors = lab.workspace.runner_errors("firmware")
    line = min(lab.lines())  # the oldest: others may read the repo
    with open(f"/proc/{line}/fd/2", "ab") as printed:  # what the other machine prints comes out here
        for _ in range(3):
            printed.write(bytes(LARGEST_ERRORS + 1))
            printed.flush()
            lab.until(lambda _: errors.stat().st_size < LARGEST_ERRORS)
    assert (line in lab.lines(), lab.child("firmware", "ready")["restarts"]) == (True, 0)


@pytest.mark.parametrize(
    ("change", "step", "said"),
    [
        ({"codex": "no-such-codex"}, "codex", "there is no `no-such-codex` on the PATH at lab"),
        ({"codex": "/bin/true"}, "codex", "is not codex"),
        ({"path": "/nowhere/firmware"}, "repo", "there is no folder /nowhere/firmware at lab"),
        ({"connect": ["ssh", "-p", "1", "127.0.0.1", "--"]}, "runner", "lab is out of reach"),
        ({"connect": ["no-such-program", "--"]}, "runner", "cannot start no-such-program"),
        ({"options": ["UserKnownHostsFile=/dev/null"]}, "runner", "the host key of lab is not known here"),
        ({"options": ["PubkeyAuthentication=no"]}, "runner", "lab refuses the login"),
        ({"codex": OLD}, "codex", "0.100.0"),
        ({"env": {"HOME": "/proc/1"}}, "disk", "the state folder at lab cannot be written"),
        ({"env": {"CODEX_HOME": "/nowhere"}}, "server", "CODEX_HOME"),
        ({"env": {"CODEX_HOME": EMPTY}}, "server", "log"),
        ({"connect": ["sh", "-c", "exit 3", "--"]}, "runner", "lab is out of reach"),
    ],
)
def test_doctor_names_what_is_lacking(lab: LabElsewhere, change: dict[str, Any], step: str, said: str) -> None:
    text = lab.workspace.config.read_text(encoding="utf-8")
    config = json.loads(text)
    for key, value in change.items():
        if key == "options":  # they go before those of the file
            ssh, *rest = lab.prefix
            key, value = "connect", [ssh, *(word for one in value for word in ("-o", one)), *rest]
        elif key == "env":
            (lab.folder / EMPTY).mkdir(exist_ok=True)
            given = {name: str(lab.folder / EMPTY) if one == EMPTY else one for name, one in value.items()}
            value = {**config["runners"]["lab"]["env"], **given}
        elif value == OLD:
            program = lab.folder / OLD
            program.write_text("#!/bin/sh\necho codex-cli 0.100.0\n", encoding="utf-8")
            program.chmod(0o755)
            value = str(program)
        config["children" if key == "path" else "runners"]["firmware" if key == "path" else "lab"][key] = value
    lab.workspace.config.write_text(json.dumps(config), encoding="utf-8")
    try:
        last = _doctor(lab)[-1]
    finally:
        lab.workspace.config.write_text(text, encoding="utf-8")
    assert (last["check"], last["ok"], said in last["detail"]) == (step, False, True), last
    assert last["remedy"]


@pytest.mark.promise("cut line")
def test_a_silent_line_is_cut_and_its_server_kept(lab: LabElsewhere) -> None:
    before = lab.child("firmware", "ready")
    lines = lab.lines()
    for line in lines:
        os.kill(line, signal.SIGSTOP)
    lab.until(lambda _: not set(lines) & set(lab.lines()))
    after = lab.child("firmware", "ready")
    assert (after["pid"], after["restarts"]) == (before["pid"], 0)


def test_a_child_that_leaves_the_config_is_ended_there(lab: LabElsewhere) -> None:
    lab.plan("")
    lab.until(lambda seen: all(one["state"] == "retired" for one in seen["tasks"]))
    server = lab.server_there()
    assert server is not None
    text = lab.workspace.config.read_text(encoding="utf-8")
    lab.orch("remove", "firmware")
    lab.until(lambda _: lab.server_there() is None)
    assert not alive(server)
    lab.workspace.config.write_text(text, encoding="utf-8")
    lab.up()
    lab.child("firmware", "ready")


def _doctor(lab: LabElsewhere) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(lab.orch("doctor", "--child", "firmware", "--json", check=False).stdout)
    return found
