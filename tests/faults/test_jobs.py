"""The run of the stories itself: what is played does not depend on the order, and a run can be interrupted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import CHECKOUT
from tests.docs.faults import section
from tests.faults import summary
from tests.faults.kinds import KINDS
from tests.faults.result import Outcome, Result, outcome_of
from tests.faults.story import A_STAGE, children_of, stage_of, story_of

pytestmark = pytest.mark.long

OUTCOMES = (
    Outcome(7, faults=["ledger-torn"], held=["settled"], states={"done": 3}, planned="ledger-torn at 1"),
    Outcome(8, faults=["two-ups", "ledger-torn"], broken=[("settled", "T1 is not settled")], states={"failed": 1}),
    Outcome(8, played=False, broken=[("nothing_left", "a process is left")]),
    Outcome(9, held=["settled"], states={"done": 1}, skipped={"disk-full": "no small disk can be mounted here"}),
)


def result_of(outcomes: tuple[Outcome, ...]) -> Result:
    result = Result()
    for one in outcomes:
        result.add(one)
    result.seconds = 90.0
    return result


def test_a_story_is_a_function_of_its_number_wherever_it_is_played() -> None:
    assert story_of(601, children_of(601), sorted(KINDS)) == story_of(601, children_of(601), sorted(KINDS))
    first = stage_of(601) * A_STAGE
    assert {children_of(number) for number in range(first, first + A_STAGE)} == {children_of(601)}


def test_the_result_is_the_same_in_whatever_order_the_outcomes_come() -> None:
    counts = result_of(OUTCOMES).counts()
    assert result_of(OUTCOMES[::-1]).counts() == counts
    assert (counts["stories"], counts["faults"], counts["tasks"]) == (
        3,
        {"ledger-torn": 2, "two-ups": 1},
        {"done": 4, "failed": 1},
    )
    assert [(one["story"], one["promise"]) for one in counts["broken"]] == [(8, "settled"), (8, "nothing_left")]


def test_an_outcome_survives_its_way_from_a_worker() -> None:
    read = [outcome_of(one.line()) for one in OUTCOMES]
    assert result_of(tuple(read)).counts() == json.loads(json.dumps(result_of(OUTCOMES).counts()))


def test_the_summary_of_a_run_is_shown_with_what_was_broken_and_what_was_not_played(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    summary.write(file, result_of(OUTCOMES), 7, 3)
    shown = section(file)
    for words in (
        "the stories 7 to 9",
        "3 faults, **2 broken promises**",
        "`--jobs 3`",
        "| ledger-torn | 2 |",
        "| 8 | nothing left |",
        "- Not played: disk-full, because no small disk",
    ):
        assert words in shown


@pytest.mark.parametrize("words", [["--jobs", "0"], ["--jobs", "none"], ["--only", "no-such-fault"]])
def test_a_wrong_option_is_refused(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "tests.faults", *words], cwd=CHECKOUT, capture_output=True, text=True)
    assert (done.returncode, words[1] in done.stderr) == (2, True)


def test_an_interrupted_run_takes_everything_down_and_shows_what_came_of_the_stories_so_far() -> None:
    words = [sys.executable, "-m", "tests.faults", "--stories", "40", "--jobs", "2", "--only", "plan-saved-often"]
    with subprocess.Popen(
        [*words, "--json"], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        assert running.stderr.readline().startswith("1 of 40 (0 broken; ")
        running.send_signal(signal.SIGINT)
        told, counts = running.stderr.read(), json.loads(running.stdout.read())
    assert "ending the stories that are being played" in told
    assert (running.returncode, counts["broken"], 1 <= counts["stories"] < 40) == (0, [], True)
