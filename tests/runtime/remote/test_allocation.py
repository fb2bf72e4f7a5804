"""The place of a child that a command gets, such as a job: none is lost, whoever is killed in between."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from supervisor.core.guard.standing import Refusal, Supervisor, standing
from supervisor.domain.child import Runner
from supervisor.domain.process import MARK, Ancestor, Caller
from supervisor.errors import NotReady, PlaceGone, PlaceQueued
from supervisor.runtime.remote import place
from supervisor.runtime.remote.allocation import Allocation
from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT

WITHIN = 30.0
ASKS = """
import sys
from pathlib import Path
from supervisor.domain.child import Runner
from supervisor.runtime.remote.allocation import Allocation
from supervisor.runtime.workspace import WorkspacePaths
runner = Runner("gpu", ("true", "{place}"), before=tuple(sys.argv[2:]))
Allocation(WorkspacePaths(Path(sys.argv[1])), "firmware", runner).obtain(30)
"""


def allocation(
    folder: Path, before: str, after: str = "echo {place} >> given", name: str = "firmware", lender: str = ""
) -> Allocation:
    words = [("sh", "-c", text) for text in (before, after)]
    runner = Runner("gpu", ("run", "--job={place}"), before=words[0], after=words[1])
    return Allocation(WorkspacePaths(folder), name, runner, lender)


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split() if file.exists() else []


def test_a_place_is_got_once_kept_and_given_back_once(tmp_path: Path) -> None:
    first, again = (allocation(tmp_path, "echo asked >> asked; echo note >&2; echo job-7") for _ in range(2))
    with pytest.raises(PlaceGone):
        assert first.connect
    first.obtain(WITHIN)
    again.obtain(WITHIN)
    assert (again.connect, lines(tmp_path / "asked")) == (("run", "--job=job-7"), ["asked"])
    again.give_back()
    first.give_back()
    assert lines(tmp_path / "given") == ["job-7"]
    assert os.listdir(tmp_path / ".orchestrator/places") == []


@pytest.mark.promise("nobody answers for the person")
def test_what_gets_a_place_and_gives_it_back_is_refused_like_a_server(tmp_path: Path) -> None:
    mark = WorkspacePaths(tmp_path).mark("firmware.place")
    made = allocation(tmp_path, f"echo ${MARK} > asked; echo job-7", f"echo ${MARK} > given")
    made.obtain(WITHIN)
    made.give_back()
    assert (lines(tmp_path / "asked"), lines(tmp_path / "given")) == ([mark], [mark])
    workspace = mark.partition("/")[0]
    judged = standing(Caller(1000, (Ancestor(9, 9, mark),)), Supervisor(1000, "ada", 50, workspace, {}))
    assert judged == Refusal(
        "the request comes from a process that a runner started",
        "only the person answers: run it in a terminal of your own",
    )


def test_a_place_that_is_lent_is_neither_asked_for_nor_given_back(tmp_path: Path) -> None:
    asks = "echo asked >> asked; echo job-7"
    alone = allocation(tmp_path, asks, name="doctor", lender="firmware")
    alone.obtain(WITHIN)
    alone.give_back()
    allocation(tmp_path, asks).obtain(WITHIN)
    borrower = allocation(tmp_path, asks, name="doctor", lender="firmware")
    assert (borrower.obtain(WITHIN), borrower.connect) == (False, ("run", "--job=job-7"))
    borrower.give_back()
    borrower.forget()
    assert (lines(tmp_path / "asked"), lines(tmp_path / "given")) == (["asked", "asked"], ["job-7"])
    assert os.listdir(tmp_path / ".orchestrator/places") == ["firmware"]


@pytest.mark.parametrize(
    ("before", "said"), [("exit 3", "ended with 3: nothing"), ("echo '$(x)'", "ended with 0: \\$\\(x\\)")]
)
def test_a_command_that_names_no_place_is_an_error_and_leaves_nothing(tmp_path: Path, before: str, said: str) -> None:
    with pytest.raises(NotReady, match=said):
        allocation(tmp_path, before).obtain(WITHIN)
    assert os.listdir(tmp_path / ".orchestrator/places") == []


@pytest.mark.parametrize("then", ["obtain", "give_back"])
def test_a_place_is_not_lost_if_the_supervisor_is_killed_before_it_is_recorded(tmp_path: Path, then: str) -> None:
    os.mkfifo(tmp_path / "begun")
    os.mkfifo(tmp_path / "go")
    asks = "echo asked >> asked; echo > begun; read line < go; echo job-7"
    words = [sys.executable, "-c", ASKS, str(tmp_path), "sh", "-c", asks]
    with subprocess.Popen(words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}) as supervisor:
        (tmp_path / "begun").read_text(encoding="ascii")
        supervisor.kill()
    found = allocation(tmp_path, asks)
    with subprocess.Popen(["sh", "-c", "echo > go"], cwd=tmp_path):
        getattr(found, then)(*([WITHIN] if then == "obtain" else []))
    assert lines(tmp_path / "asked") == ["asked"]
    if then == "obtain":
        assert found.connect == ("run", "--job=job-7")
        return
    assert lines(tmp_path / "given") == ["job-7"]
    assert os.listdir(tmp_path / ".orchestrator/places") == []


QUEUED = "srun: error: Unable to confirm allocation for job 7: Job is pending execution"


@pytest.mark.parametrize("turns", [2, 1000])
def test_a_job_that_is_new_may_wait_for_its_turn_for_a_moment(
    tmp_path: Path, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "TURN_WITHIN", WITHIN if turns == 2 else 0.0)
    monkeypatch.setattr(place, "TURN_LOOK", 0.0)
    (tmp_path / "way").write_text(
        f'#!/bin/sh\necho try >> {tmp_path}/tries; [ $(wc -l < {tmp_path}/tries) -gt {turns} ] && exec "$@"\n'
        f'echo "{QUEUED}" >&2; exit 1\n',
        encoding="utf-8",
    )
    runner = Runner("gpu", ("sh", str(tmp_path / "way")), before=("echo", "7"), after=("true",))
    child = place.ChildPlace(WorkspacePaths(tmp_path), "firmware", runner, str(tmp_path))
    asks = partial(child.once_it_is_there, lambda: child.ask(lambda script: script.system()).word, WITHIN)
    if turns == 2:
        assert asks() == "ready"
        assert len(lines(tmp_path / "tries")) == 3
        (tmp_path / "tries").unlink()
    with pytest.raises(PlaceQueued, match="the job of gpu waits for its turn"):
        asks()
    assert len(lines(tmp_path / "tries")) == 1, "a job that is not new is asked for again later"
