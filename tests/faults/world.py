"""The stage of the stories: a lab whose model can misbehave, and a human who answers asks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from types import TracebackType
from typing import Any

import psutil

from supervisor.demo.model import ModelRequest, Step, directive_script
from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime.daemon import ending
from supervisor.shell.ledger.segments import raw_lines
from supervisor.shell.process import Identity
from tests.e2e.lab import Lab, task
from tests.e2e.stdio import codex_binary
from tests.faults.story import Job, Story

LIMITS = {"retry_seconds": [0.2, 0.5, 1.0], "pause_seconds": [0.5, 1.0, 2.0], "stall_minutes": 0.4, "ready_seconds": 15}
SLOW = 180.0  # seconds for a command of orch: a bound that no load breaks, never the expected time
SETTLES_WITHIN = 300.0  # seconds from the end of the last fault: a server that hangs is found after 10
LATEST = 15  # events that are told of tasks that do not settle
ROUNDS = 6  # times that the human has one task tried again
_FRESH = re.compile(r"`orch (go \S+ --fresh-thread)`")
OVER = ("done", "blocked", "failed", "retired")


class Stage(Lab):
    """A workspace in which one story is played after the other."""

    def __init__(self, children: Sequence[str]) -> None:
        self.mood: deque[Step] = deque()  # what the model does instead of the next answers
        self.undo: list[Callable[[], None]] = []  # ends what goes on after a fault has returned
        self.refusals: dict[str, str] = {}  # what orch last said to a command of the human that it refused
        self.spoilt: dict[str, str] = {}  # threads of which a fault has damaged the file -> what was in it
        self._guard = threading.Lock()
        super().__init__(*children, script=self._answer, idle_timeout_ms=3000)
        self.set_limits(**LIMITS)
        # Faults in the supervisor's environment must not reach the servers.
        codex = self.folder / "codex"
        codex.write_text(
            f'#!/bin/sh\nunset LD_PRELOAD FAKETIME DONT_FAKE_MONOTONIC\nexec {codex_binary()} "$@"\n', encoding="utf-8"
        )
        codex.chmod(0o755)
        self.environ["ORCH_CODEX_BIN"] = str(codex)
        for name, repo in self.repos.items():
            (repo / "README.md").write_text(f"# {name}, as its human is just rewriting it\n", encoding="utf-8")
            (repo / "notes.txt").write_text("not committed\n", encoding="utf-8")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            if os.path.ismount(self.workspace.state):
                if kind is not None:  # to be looked at
                    shutil.copytree(self.workspace.state, self.folder / "state", symlinks=True)
                subprocess.run(["umount", "-l", str(self.workspace.state)], check=True)
            if kind is None or issubclass(kind, KeyboardInterrupt):
                shutil.rmtree(self.folder, ignore_errors=True)

    def orch(
        self, *words: str, check: bool = True, timeout: float = SLOW, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return super().orch(*words, check=check, timeout=timeout, **environ)

    def reachable(self) -> dict[str, Any]:
        """Wait until the supervisor answers, and return the status; start one if none is up."""
        deadline = time.monotonic() + SETTLES_WITHIN
        while True:
            try:
                return self.status()
            except OrchError as error:
                if time.monotonic() > deadline:
                    raise AssertionError(f"it does not answer any more: {error}") from error
            if ending.supervisor_process(self.workspace) is None:
                self.be_up()
            time.sleep(0.1)

    def supervisor(self) -> Identity | None:
        """The supervisor's process; None if none runs. One whose lock was removed takes it again within seconds."""
        deadline = time.monotonic() + SLOW
        while (found := ending.supervisor_process(self.workspace)) is None and time.monotonic() < deadline:
            try:
                self.status()
            except OrchError:
                return None
            time.sleep(0.05)
        return found

    def _answer(self, request: ModelRequest) -> Sequence[Step]:
        with self._guard:
            if self.mood:
                return (self.mood.popleft(),)
        return directive_script(request)

    def save_plan(self, story: Story) -> None:
        self.plan("".join(_task(job) for job in story.jobs), objective=f"Story {story.seed}.")

    def be_up(self) -> None:
        """Run `orch up` until it works, as a human does who sees that it is down."""
        deadline = time.monotonic() + SETTLES_WITHIN
        while True:
            done = self.orch("up", check=False)
            if done.returncode == 0 or ending.supervisor_process(self.workspace) is not None:
                return
            assert time.monotonic() < deadline, f"orch up does not work any more:\n{done.stdout}\n{done.stderr}"
            time.sleep(0.2)

    def settle(self, story: Story, luck: Random) -> None:
        """Do what a human does until nothing is left to do. Raises AssertionError if it does not settle."""
        deadline = time.monotonic() + SETTLES_WITHIN
        tried: dict[str, int] = {}
        status: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                status = self.status()
                asks = status["asks"]
                for ask in asks:
                    self._settle_ask(ask, luck)
                stuck = [one["id"] for one in status["tasks"] if one["state"] in ("blocked", "failed")]
                again = [one for one in stuck if tried.get(one, 0) < ROUNDS]
                for name in again:
                    tried[name] = tried.get(name, 0) + 1
                    self._human("go", name)
                ready = all(one["state"] == "ready" and one["task"] is None for one in status["children"])
                if not asks and not again and ready and not unsettled(status, story):
                    return
                self._pause(status)
            except SupervisorDown:
                self.be_up()
        tasks = [f"{one['id']} {one['state']} ({one['why']})" for one in status["tasks"] if one["state"] != "retired"]
        children = [f"{one['name']} {one['state']} ({one['task']}, {one['problem']})" for one in status["children"]]
        asks = [f"{one['id']} {one['text'][:80]}" for one in status["asks"]]
        plan = f"plan {status['plan']['revision']} {status['plan']['state']} ({status['plan']['problems']})"
        refused = [f"`orch {words}`: {why}" for words, why in self.refusals.items()]
        found = "; ".join((plan, *tasks, *children, *asks, *refused))
        raise AssertionError(f"it does not settle within {SETTLES_WITHIN:g} s: {found}\n{self._latest(status)}")

    def _latest(self, status: dict[str, Any]) -> str:
        """The latest events of the tasks that are not settled, and what runs in this process tree: a line each."""
        names = {one["id"] for one in status["tasks"] if one["state"] not in OVER}
        lines = [json.loads(line) for line in raw_lines(self.workspace.ledger)]
        mine = [
            line for line in lines if line.get("task") in names or line["event"] in ("server_ready", "server_exited")
        ]
        told = [f"{line['ts']} {line['event']} {json.dumps(line.get('action'))[:150]}" for line in mine[-LATEST:]]
        found = self.supervisor()
        running = psutil.Process(found.pid).children(recursive=True) if found is not None else []
        return "\n".join([*told, *(f"{one.pid} {' '.join(one.cmdline())[:150]}" for one in running)])

    def _settle_ask(self, ask: dict[str, Any], luck: Random) -> None:
        if way_out := _FRESH.search(ask["steps"] or ""):  # its thread does not open
            self._human(*way_out[1].split())
            return
        choices = ask["choices"] or ["go on"]
        words = "accept" if "accept" in choices and luck.random() < 0.8 else luck.choice(choices)
        self._human("answer", ask["id"], words)

    def _human(self, *words: str) -> None:
        """Run a command that may be refused."""
        done = self.orch(*words, check=False)
        if done.returncode != 0:
            self.refusals[" ".join(words)] = done.stderr.strip()[-200:]

    def _pause(self, status: dict[str, Any]) -> None:
        """Wait until the world changes, or for a moment."""
        try:
            with self.client() as client:
                client.watch(client.watch(-1, 0).version, 0.3)
        except OrchError:
            time.sleep(0.05)


def unsettled(status: dict[str, Any], story: Story) -> list[str]:
    """The tasks that may still go on by themselves, so not those after a blocked or failed one."""
    states = {one["id"]: one["state"] for one in status["tasks"]}
    halted: set[str] = set()
    found = []
    for job in story.jobs:  # each comes after those it depends on
        state = states.get(job.name)
        if state in ("blocked", "failed") or (state == "waiting" and not halted.isdisjoint(job.after)):
            halted.add(job.name)
        elif state not in OVER:
            found.append(job.name)
    return found


def _task(job: Job) -> str:
    fields = [f"verify: `grep -q {job.name} {job.file}`"]
    if job.after:
        fields.append(f"after: {', '.join(job.after)}")
    return task(job.name, job.child, *job.lines, fields=tuple(fields))
