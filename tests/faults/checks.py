"""Checks after each story. Each yields descriptions of what is wrong, or nothing."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from supervisor.core.engine.evolve import evolve
from supervisor.core.view.runs_md import render
from supervisor.core.view.status import status
from supervisor.domain.world import World
from supervisor.runtime import templates
from supervisor.runtime.daemon import ending
from supervisor.shell import process
from supervisor.shell.ledger.lines import decode
from supervisor.shell.ledger.segments import raw_lines
from supervisor.shell.ledger.store import Ledger
from supervisor.wire.plain import dumped
from tests.faults.story import Story
from tests.faults.world import Stage, unsettled

STILL = 30.0  # seconds for the world to be still, and for files to follow it: a bound, never the expected time
A_RESPONSE = 20_000  # tokens, at most

Check = Callable[[Stage, Story, "Before"], Iterator[str]]


class Before:
    """The state of the repos before the stories."""

    def __init__(self, stage: Stage) -> None:
        self.repos = {name: _repo(stage, name) for name in stage.repos}


def settled(stage: Stage, story: Story, before: Before) -> Iterator[str]:
    """Every task is settled or waits on a named ask."""
    status = stage.status()
    asked = {one["task"] for one in status["asks"]}
    for name in unsettled(status, story):
        if name not in asked:
            yield f"{name} is not settled, and nothing is asked about it"


def one_server_each(stage: Stage, story: Story, before: Before) -> Iterator[str]:
    """Each child has one server, however many supervisors were started at once.

    One that lost its socket is replaced once it is idle, which may be now.
    """
    deadline = time.monotonic() + STILL
    for name in stage.repos:
        while len(found := _servers(stage, name)) == 0 and time.monotonic() < deadline:
            time.sleep(0.2)
        if len(found) != 1:
            yield f"{name} has {len(found)} servers: {found}"


def _servers(stage: Stage, name: str) -> list[int]:
    found = []
    for one in process.marked(stage.workspace.mark(name)):
        with suppress(OSError):
            words = Path(f"/proc/{one.pid}/cmdline").read_bytes().split(b"\0")
            found += [one.pid] if b"app-server" in words and b"--listen" in words else []
    return sorted(found)


def delivered_once(stage: Stage, story: Story, before: Before) -> Iterator[str]:
    """Each delivered message reached the model once, as often as the ledger says that it arrived."""
    sent: dict[str, tuple[str, str]] = {}
    arrived: set[str] = set()
    for line in recorded(stage):
        action = line.get("action") or {}
        if action.get("action") in ("start_turn", "steer_turn"):
            sent[action["message"]] = (action["thread"], action["text"].strip())
        if line["event"] == "turn_began" and line.get("message"):
            arrived.add(line["message"])
        if line["event"] == "steer_arrived":
            arrived.add(line["message"])
        for seen in line.get("turns") or ():
            arrived |= set(seen["messages"])
        if line["event"] == "turn_ended":
            arrived |= set(line["seen"]["messages"])
    expected = Counter(sent[one] for one in arrived if one in sent)
    found: dict[tuple[str, str], int] = {}
    for request in stage.model.requests:
        for key, number in Counter((request.thread_id, text.strip()) for text in request.user_texts()).items():
            found[key] = max(found.get(key, 0), number)
    lost = lost_events(stage)
    for (thread, text), number in found.items():
        if any(text == words for _, words in sent.values()) and number > expected[thread, text] + lost:
            yield f"{number} times at the model, {expected[thread, text]} times by the ledger: {text[:80]!r}"


def trees_whole(stage: Stage, story: Story, before: Before) -> Iterator[str]:
    """The human's changes are in the work trees, and so are those of the tasks."""
    states = {one["id"]: one["state"] for one in stage.status()["tasks"]}
    for name in stage.repos:
        if (now := _repo(stage, name)) != before.repos[name]:
            yield f"{name} was {before.repos[name]}, and is {now}"
    for job in story.jobs:
        file = stage.repos[job.child] / job.file
        if states.get(job.name) == "done" and (not file.exists() or file.read_text("utf-8") != f"by {job.name}\n"):
            yield f"{job.name} is done, and {job.file} is not there as it was written"


def answered_once(stage: Stage, story: Story, before: Before) -> Iterator[str]:
    """No ask is answered twice, and no server receives two answers to one request."""
    lines = list(recorded(stage))
    for ask, number in Counter(one["ask"] for one in lines if one["event"] == "ask_answered").items():
        if number > 1:
            yield f"{ask} was answered {number} times"
    acts = [one["action"] for one in lines if one["event"] == "intended" and one["action"]["action"] == "send_answer"]
    for (ask, key), number in Counter((one["ask"], json.dumps(one["key"])) for one in acts).items():
        resent = sum(one["event"] == "request_received" and json.dumps(one["request"]["key"]) == key for one in lines)
        if number > max(1, resent) + lost_events(stage):
            yield f"the answer to {ask or key} was sent {number} times, and asked for {resent} times"


def ledger_is_the_world(stage: Stage, story: Story, before: Before) -> Iterator[str]:
    """The fold of the ledger yields the live supervisor's status, with and without the checkpoint."""
    deadline = time.monotonic() + STILL
    while True:
        live = _shown(stage.status())
        world = fold(stage)
        folded = _shown(json.loads(dumped(status(world, datetime.now(UTC), str(stage.workspace.root)))))
        wrong = [name for name in live if live[name] != folded.get(name)]
        if not wrong:
            return
        if time.monotonic() > deadline:
            yield f"the ledger says otherwise of {', '.join(wrong)}"
            return
        time.sleep(0.2)  # something happened meanwhile


def runs_is_rendered(stage: Stage, story: Story, before: Before) -> Iterator[str]:
    """runs.md shows the world."""
    template, root = templates.read("runs.template.md"), str(stage.workspace.root)
    deadline = time.monotonic() + STILL
    while True:
        world = fold(stage)
        wanted = _without_time(render(world, datetime.now(UTC), template, root))
        if _without_time(stage.workspace.runs.read_text(encoding="utf-8")) == wanted:
            return
        if time.monotonic() > deadline:
            yield "runs.md is not what the ledger says"
            return
        time.sleep(0.2)


def tokens_counted(stage: Stage, story: Story, before: Before) -> Iterator[str]:
    """The tasks used as many tokens as Codex has counted, also in turns that ended while no supervisor ran.

    They may have used more: a server that is killed has not written down its latest response.
    """
    deadline = time.monotonic() + STILL
    while not lost_events(stage):
        died = sum(one["event"] in ("server_exited", "server_stopped", "supervisor_started") for one in recorded(stage))
        tasks = [one["tokens"] for one in stage.status()["tasks"]]
        ours = (sum(one["input"] for one in tasks), sum(one["output"] for one in tasks))
        counted = _counted(stage)
        if 0 <= ours[0] - counted[0] <= died * A_RESPONSE and 0 <= ours[1] - counted[1] <= died * A_RESPONSE:
            return
        if time.monotonic() > deadline:
            yield f"the tasks used {ours} tokens, and Codex counted {counted}"
            return
        time.sleep(0.2)


def _counted(stage: Stage) -> tuple[int, int]:
    """The tokens of all threads, in and out, by the files that Codex keeps of them."""
    files = {file.stem[-36:]: file.read_text(encoding="utf-8") for file in stage.home.rglob("rollout-*.jsonl")}
    totals = []
    for text in {**files, **stage.spoilt}.values():
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        infos = [one["payload"]["info"] for one in lines if one["payload"].get("type") == "token_count"]
        counts = [one["total_token_usage"] for one in infos if one]
        totals += _peaks([(one["input_tokens"], one["output_tokens"]) for one in counts])
    return sum(one[0] for one in totals), sum(one[1] for one in totals)


def _peaks(totals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The totals before each fall to nothing, and the last one: once a context is full, Codex begins to count anew."""
    return [one for one, after in pairwise([*totals, (0, 0)]) if after == (0, 0)]


def nothing_left(stage: Stage, story: Story, before: Before) -> Iterator[str]:
    """After `orch down` there is no process, socket or lock of ours. Checked if the story ends with a down."""
    workspace = stage.workspace
    if left := process.marked(workspace.mark()):
        yield f"processes are left: {[one.pid for one in left]}"
    held = ending.supervisor_process(workspace) is not None
    if held:
        yield "somebody holds the lock"
    if workspace.runtime_dir.exists():
        yield f"sockets are left: {[one.name for one in workspace.runtime_dir.iterdir()]}"
    if held:
        return  # and may write into the ledger while it is read
    ledger = Ledger(workspace.ledger)
    try:
        opened = ledger.open()
        world = opened.world or World()
        for event in opened.events:
            world = evolve(world, event)
        if world != fold(stage):
            yield "the kept world is not the fold of the ledger"
    finally:
        ledger.close()


AFTER_A_STORY: tuple[Check, ...] = (
    settled,
    one_server_each,
    delivered_once,
    trees_whole,
    answered_once,
    ledger_is_the_world,
    runs_is_rendered,
    tokens_counted,
)


def recorded(stage: Stage) -> Iterator[dict[str, Any]]:
    for raw in raw_lines(stage.workspace.ledger):
        if raw.endswith(b"\n"):
            yield json.loads(raw)


def fold(stage: Stage) -> World:
    """Fold the ledger: all its lines, or those after its checkpoint if a fault has removed earlier ones."""
    lines, world = list(recorded(stage)), World()
    if lines and lines[0]["seq"] > 1:
        opened = Ledger(stage.workspace.ledger).peek()
        world = opened.world or world
        lines = []
        for event in opened.events:
            world = evolve(world, event)
    for line in lines:
        world = evolve(world, decode(line))
    return world


def lost_events(stage: Stage) -> int:
    """How many events a fault has removed from the ledger for good."""
    lines = list(recorded(stage))
    return lines[0]["seq"] - 1 + sum(line["event"] == "event_lost" for line in lines) if lines else 0


def _shown(status: dict[str, Any]) -> dict[str, Any]:
    """A status without the time and what only the process knows."""
    children = [{**one, "rss_bytes": None} for one in status["children"]]
    orchestrator = status["orchestrator"] and {**status["orchestrator"], "doing": None}
    return {**status, "children": children, "orchestrator": orchestrator, "supervisor": status["supervisor"]["pid"]}


def _repo(stage: Stage, name: str) -> tuple[str, str, str, str]:
    """HEAD, the index and the human's changes in the work tree."""
    repo = stage.repos[name]

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=repo, env=stage.environ, capture_output=True, text=True, check=True
        ).stdout

    return (
        git("rev-parse", "HEAD", "--abbrev-ref", "HEAD"),
        git("diff", "--cached"),
        git("diff"),
        (repo / "notes.txt").read_text(encoding="utf-8"),
    )


def _without_time(runs: str) -> str:
    """Return runs.md without the time of its rendering."""
    return "\n".join(line for line in runs.splitlines() if "UTC" not in line or "Rendered" not in line)
