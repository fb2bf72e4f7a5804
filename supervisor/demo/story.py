"""A story: a plan, and a scripted model that carries it out in the sample repos with Codex's own tools.

The model keeps no state: it reads the files, compares them with what the prompt asks for, and patches the difference.
So it also follows a plan that is edited while it works, as far as the story's values go (paths, seconds, names). If a
text asks for something else, it says so.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from shlex import join

from supervisor.demo.repos import Sample
from supervisor.demo.request import ModelRequest, ToolOutput
from supervisor.demo.steps import FinalReport, Patch, Run, Say, Script, Step, Stream
from supervisor.demo.values import Values
from supervisor.regex import regex

PACE = 0.05  # seconds between words, slow enough to watch
TESTS = "python3 -m unittest -q"
LOOK_AROUND = "git log --oneline -n 5 && git status --short && head -n 12 README.md"
_COMMIT = regex(r"^Commit [^`]*`(git commit [^`]+)`", re.MULTILINE)
_MODIFIED = regex(r"^ ?M ", re.MULTILINE)  # a line of `git status --short`
_COMMITTING = "The task asks for a commit, and the sandbox keeps .git read-only."


@dataclass(frozen=True, slots=True)
class Part:
    """What one child says in the story."""

    fault: str  # before it changes anything
    done: str  # its summary
    what: Mapping[str, str]  # its changes: what it did, by file
    learned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the plan that a person may try."""

    old: str
    new: str
    shows: str  # the child in which the effect can be seen


@dataclass(frozen=True)
class Story:
    """A story of the demo."""

    sample: Sample  # the repos
    problem: str  # as a person describes it
    parts: Mapping[str, Part]  # by child
    values: Values  # of the contract
    edit: Edit

    @cached_property
    def plan(self) -> str:
        """The plan.md of the story."""
        return self.sample.plan

    @cached_property
    def tasks(self) -> dict[str, tuple[str, str]]:
        """The id and the title of each child's task."""
        found = re.findall(r"^### (\w+) — (.+)\n\n- child: (\w+)$", self.plan, re.M)
        return {child: (task, title) for task, title, child in found}

    def script(self, pace: float = PACE) -> Script:
        """The script of the children, with `pace` seconds between words."""
        return lambda request: self._next(request, pace)

    def _next(self, request: ModelRequest, pace: float) -> Sequence[Step]:
        child = self._child(request)
        if child is None:
            return (
                Say(_answer(request, {"summary": "The scripted model of the demo only plays the three sample repos."})),
            )
        part, outputs = self.parts[child], request.outputs_since_last_user()
        if not outputs:
            return Stream(f"I look at {child}: its history, and what is there.", pace), Run(LOOK_AROUND)
        if len(outputs) == 1:
            paths = sorted({*self.sample.files(child, "fix"), "tests/contract.json"})
            return Stream("Now the code that this is about.", pace), Run(join(["tail", "-n", "+1", *paths]))
        if len(outputs) == 2:
            return Stream("And the tests, before I touch anything.", pace), Run(TESTS)
        patches = self._patches(child, request, outputs[1])
        made = len(outputs) - 3
        if made < len(patches):
            path = list(patches)[made]
            words = part.fault if not made and self._is_new(child, outputs[1]) else f"Next, {path}."
            return Stream(words, pace), Patch(patches[path])
        if patches and made == len(patches):
            return Stream("The tests once more.", pace), Run(TESTS)
        tests = outputs[2 if not patches else 3 + len(patches)]
        changed = patches or _MODIFIED.search(outputs[0].output)
        if (commit := self._commit(child, request)) and changed and tests.exit_code == 0 and outputs[-1] is tests:
            return Stream("Green, and a commit was asked for.", pace), Run(commit, escalate=_COMMITTING)
        return (Say(_answer(request, self._report(child, request, patches, outputs[1], tests))),)

    def _commit(self, child: str, request: ModelRequest) -> str:
        """The command with which the newest brief asks for a commit; "" if it does not."""
        task, title = self.tasks[child]
        brief = next((text for text in reversed(request.user_texts()) if f"# {task} — {title}" in text), "")
        found = _COMMIT.search(brief)
        return found[1] if found else ""

    def _child(self, request: ModelRequest) -> str | None:
        """Find the child of a thread, by its first instructions, by its folder, or by the heading of its task.

        None if it is no child of the story.
        """
        instructions = "\n".join(str(item.get("content")) for item in request.input if item.get("role") == "developer")
        texts = "\n".join(request.user_texts())
        for child, (task, title) in self.tasks.items():
            if f"You work on the repo `{child}`" in instructions or PurePath(request.cwd).name == child:
                return child
            if re.search(rf"^# {task} — {re.escape(title)}$", texts, re.M):
                return child
        return None

    def _patches(self, child: str, request: ModelRequest, read: ToolOutput) -> dict[str, str]:
        """Make a patch for each file that differs from what the prompts ask for, by path."""
        texts = request.user_texts()
        task, title = self.tasks[child]
        ours = any(re.search(rf"\b{task}\b", text) or title in text for text in texts)
        before, after, wanted = self.sample.before(child), self.sample.after(child), self.values.read(texts)
        patches = {}
        for path, current in _files(read).items():
            text = after[path] if ours and current == before.get(path) else current
            text = self.values.write(path, text, wanted)
            if text != current:
                patches[path] = _patch(path, current, text)
        return dict(
            sorted(patches.items(), key=lambda pair: (pair[0].endswith(".md"), pair[0].startswith("tests/"), pair[0]))
        )

    def _is_new(self, child: str, read: ToolOutput) -> bool:
        """Whether the child's code is as it was before the story."""
        before, after = self.sample.before(child), self.sample.after(child)
        return any(text == before.get(path) != after.get(path) for path, text in _files(read).items())

    def _report(
        self, child: str, request: ModelRequest, patches: Mapping[str, str], read: ToolOutput, tests: ToolOutput
    ) -> Mapping[str, object]:
        part, text = self.parts[child], request.last_user_text()
        green = tests.exit_code == 0
        wanted = self.values.read(request.user_texts())
        heading = re.search(r"^# (\S+) — (.+)$", text, re.M)
        if not green:
            outcome, summary = (
                "blocked",
                f"The tests are red, and the demo's script has no other change: {_tail(tests)}",
            )
        elif patches and self._is_new(child, read):
            outcome, summary = "done", part.done
        elif patches:
            outcome, summary = "done", f"Followed the new text: {self.values.describe(self._new(read, wanted))}."
        elif heading and (heading[1], heading[2]) != self.tasks[child] and heading[1] != self.tasks[child][0]:
            outcome = "blocked"
            summary = f"The demo's script cannot do {heading[1]} ({heading[2]}): it knows the story's own changes."
        else:
            outcome, summary = "done", "Everything is as the text asks; there was nothing to change."
        note = self.values.describe(wanted) or "as written"
        named = re.findall(r"^### (\S+) — .*\(between ", text, re.M) or ["C1"]
        return {
            "outcome": outcome,
            "summary": summary,
            "changes": [{"path": path, "what": part.what.get(path, "the new values")} for path in patches],
            "contracts": [{"id": name, "status": "kept", "note": note} for name in dict.fromkeys(named)],
            "checks": [{"command": TESTS, "result": _tail(tests)}],
            "learned": list(part.learned) if outcome == "done" else [],
        }

    def _new(self, read: ToolOutput, wanted: Mapping[str, str]) -> dict[str, str]:
        """The values that the files do not have yet."""
        files = _files(read).items()
        return {
            name: value
            for name, value in wanted.items()
            if any(self.values.write(path, text, {name: value}) != text for path, text in files)
        }


def _files(read: ToolOutput) -> dict[str, str]:
    """Split the output of `tail -n +1 FILE...` by file."""
    parts = re.split(r"(?:\A|\n)==> (.+) <==\n", read.output)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _patch(path: str, old: str, new: str) -> str:
    """Make a patch of one file for apply_patch."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]
    hunks = "\n".join("@@" if line.startswith("@@") else line for line in lines)
    return f"*** Begin Patch\n*** Update File: {path}\n{hunks}\n*** End Patch\n"


def _tail(tests: ToolOutput) -> str:
    """The counts and the verdict of unittest's output."""
    lines = [line.strip() for line in tests.output.splitlines() if line.strip("- \t")]
    return ", ".join(lines[-2:]) or "no output"


def _answer(request: ModelRequest, report: Mapping[str, object]) -> str:
    return FinalReport(report).json() if request.schema else str(report["summary"])
