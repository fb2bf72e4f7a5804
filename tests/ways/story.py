"""One story: a turn runs there, something breaks and is mended, and the task is done once, there, and nowhere else."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import datetime
from random import Random
from typing import NamedTuple

from supervisor import api
from tests.e2e.lab import report, task
from tests.ways.breaks import ENDS_THE_SERVER, Break, Stage

TOLD = 2000  # characters of what went wrong
WITHIN = 240.0  # seconds for anything in a story: a bound, it takes a few


class Told(NamedTuple):
    """What came of a story."""

    number: int
    kind: str
    wrong: tuple[str, ...]  # laws that did not hold
    back: tuple[float, ...]  # seconds from each try that reached the machine to the server's being ready
    engine: str = ""
    login: float = 0.0  # seconds that a bare login took right after


def play(stage: Stage, seed: int, number: int, kind: str, breaks: Break) -> Told:
    """Play one story. `seed` and `number` decide how long what is broken stays so, and when the turn goes on."""
    luck = Random(f"{seed} {number}")
    lab, name = stage.lab, f"S{number}"
    gate = lab.model.gate(name)
    ready = len(lab.ledger("server_ready"))
    rows = (f"run echo begun $HOME >> {name}.txt", f"wait {name}", f"run echo ended $HOME >> {name}.txt")
    lab.plan(task(name, "firmware", *rows, report("Done.")))
    gate.wait_reached(WITHIN)
    meanwhile = luck.random() < 0.5
    with contextmanager(breaks)(stage):
        time.sleep(luck.uniform(0.0, 1.5))
        if meanwhile:
            gate.open()  # what runs there goes on while it is out of reach
            time.sleep(luck.uniform(0.0, 0.5))
    gate.open()
    _mended(stage)
    wrong = []
    try:
        done = lab.task(name, "done", WITHIN)
        wrong += _against(stage, name, kind, done["turns"])
        back = _back(stage, ready)
        if kind in ENDS_THE_SERVER:
            _excuse(stage)
    except AssertionError as error:
        wrong.append(" ".join(str(error).split())[:TOLD])
        back = _back(stage, ready)
    return Told(number, kind, tuple(wrong), back)


def _excuse(stage: Stage) -> None:
    """Restart the server, as a person does who knows why it ended: of one that ends five times within a minute, orch
    waits for just that."""
    lab = stage.lab
    before = len(lab.ledger("server_ready"))
    api.Workspace(lab.workspace.root).restart("firmware")
    lab.until(lambda seen: len(lab.ledger("server_ready")) > before and seen["children"][0]["state"] == "ready", WITHIN)


def _mended(stage: Stage) -> None:
    """Have it tried at once, as a person does who knows that the machine is back."""
    child = stage.lab.status()["children"][0]
    if child["state"] in ("unreachable", "refused"):
        api.Workspace(stage.lab.workspace.root).restart("firmware")


def _against(stage: Stage, name: str, kind: str, turns: int) -> list[str]:
    """The laws that do not hold, in words."""
    lab, wrong = stage.lab, []
    text = (lab.repos["firmware"] / f"{name}.txt").read_text(encoding="utf-8")
    words = [line.split(" ") for line in text.splitlines()]
    if any(home != str(lab.there) for _, home in words):
        wrong.append(f"a command ran elsewhere: {text!r}")
    if kind in ENDS_THE_SERVER:
        if [word for word, _ in words][-1:] != ["ended"]:
            wrong.append(f"the turn was lost: {text!r}")
        return wrong
    if [word for word, _ in words] != ["begun", "ended"]:
        wrong.append(f"the turn was lost or doubled: {text!r}")
    if turns != 1 or len(lab.delivered(name)) != 1:
        wrong.append(f"{turns} turns for one task, and its brief arrived {len(lab.delivered(name))} times")
    return wrong


def _back(stage: Stage, ready: int) -> tuple[float, ...]:
    """How long each new server or line took from the try that led to it."""
    found, tried, seen = [], None, 0
    for line in stage.lab.ledger("intended", "server_ready"):
        if line["event"] == "intended" and line["action"]["action"] == "ensure_server":
            tried = datetime.fromisoformat(line["ts"])
        elif line["event"] == "server_ready":
            seen += 1
            if seen > ready and tried is not None:
                found.append((datetime.fromisoformat(line["ts"]) - tried).total_seconds())
    return tuple(found)
