"""Print the demo line by line as it happens: the states of children and tasks, and what Codex does in them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from supervisor.domain.status import ChildInfo, Status, TaskInfo
from supervisor.regular_file import open_regular
from supervisor.wire.shell_words import bare

Out = Callable[[str], None]

WIDE = 100  # characters shown of a command or a message
STOPS = ("needs_human", "blocked", "failed")


class Narrator:
    """Prints each change once, with the seconds since this object was made."""

    def __init__(self, out: Out, logs: Path) -> None:
        self._out = out
        self._logs = logs
        self._began = time.monotonic()
        self._read: dict[str, int] = {}
        self._children: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._tasks: dict[str, tuple[str, str]] = {}
        self._plan: tuple[str, int | None] = ("missing", 0)

    def say(self, who: str, words: str) -> None:
        """Print a line with the seconds since the demo began."""
        self._out(f"{time.monotonic() - self._began:5.1f} s  {who:<8}  {words}")

    def more(self, words: str) -> None:
        """Print a line that belongs to the one before it."""
        self._out(f"{'':19}{words}")

    def show(self, status: Status) -> None:
        """Print what is new in a status."""
        for child in status.children:
            self._child(child)
        self._show_plan(status)
        for task in sorted(status.tasks, key=lambda one: one.state != "done"):  # the cause first
            self._task(task)

    def read_logs(self) -> None:
        """Print what Codex did since the last call, as far as the children's logs have it."""
        for child in self._children:
            path = self._logs / f"{child}.jsonl"
            try:
                with open_regular(path) as file:
                    file.seek(self._read.get(child, 0))
                    *lines, torn = file.read().split(b"\n")
                    self._read[child] = file.tell() - len(torn)
            except OSError:
                continue  # no log yet
            for line in lines:
                words = describe(json.loads(line), self._paths[child])
                if words:
                    self.say(child, f"  {words}")

    def _child(self, child: ChildInfo) -> None:
        name, state = child.name, child.state
        if self._children.get(name, "stopped") != state:
            if state == "ready":
                self.say(name, f"ready: codex app-server {child.codex}, process {child.pid}")
            elif child.problem:
                self.say(name, f"{state}: {child.problem}")
        self._children[name], self._paths[name] = state, child.path

    def _show_plan(self, status: Status) -> None:
        plan = status.plan
        now = (plan.state, plan.revision)
        if now == self._plan:
            return
        self._plan = now
        if plan.state == "in_force":
            self.say("plan.md", f"read: revision {plan.revision}, “{plan.title}”")
            for task in status.tasks:
                after = f" (after {', '.join(task.after)})" if task.after else ""
                self.more(f"{task.id}  {task.child:<8}  {task.title}{after}")
        else:
            self.say("plan.md", plan.state)
            for problem in plan.problems:
                self.more(f"line {problem.line}: {problem.message}")

    def _task(self, task: TaskInfo) -> None:
        state, why = task.state, task.why or ""
        before = self._tasks.get(task.id, ("", ""))
        self._tasks[task.id] = (state, why)
        if before == (state, why) or (before[0] == state and state in ("running", "verifying", "done")):
            return
        name = f"{task.id} {state.replace('_', ' ')}"
        match state:
            case "done":
                self.say(task.child, f"{name}: {task.summary}")
                if task.changed_files:
                    self.more(f"changed {', '.join(task.changed_files)}")
                for check in task.verify:
                    self.more(f"`{check.command}`, run by orch: exit {check.exit_code}")
            case "verifying":
                self.say(task.child, f"{name}: its turn is over; orch runs the checks itself")
            case "running" if task.after and not before[1].startswith("the plan changed"):
                self.say(task.child, f"{name}, now that {' and '.join(task.after)} is done")
            case "waiting" if not task.after or why == "about to start":
                pass  # only for a moment
            case _:
                self.say(task.child, f"{name}: {why}" if why else name)


def describe(line: Mapping[str, object], repo: str) -> str:
    """Describe what Codex did in `repo` according to a line of the child's log; "" if that is not worth showing."""
    if line.get("event") != "item_completed":
        return ""
    match line.get("item"):
        case "commandExecution":
            code = line.get("exit_code")
            return f"$ {short(bare(str(line.get('command'))))}" + (f"  → exit {code}" if code else "")
        case "fileChange":
            paths = line.get("paths")
            paths = paths if isinstance(paths, list) else []
            return "patched " + ", ".join(str(path).removeprefix(f"{repo}/") for path in paths)
        case "agentMessage" if (
            not str(line.get("text", "")).lstrip().startswith("{")
        ):  # a report is shown with its task
            return f"“{short(str(line.get('text')))}”"
    return ""


def short(text: str) -> str:
    """Put a text on one line of at most WIDE characters."""
    words = " ".join(text.split())
    return words if len(words) <= WIDE else words[: WIDE - 1] + "…"
