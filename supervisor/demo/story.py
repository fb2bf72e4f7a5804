"""The demo's story: a plan, and a scripted model that carries it out in the sample repos with Codex's own tools.

The model keeps nothing in mind: it reads the files, compares them with what the prompt asks for, and patches what
differs. So it also follows a plan that is edited while it works, as far as paths and seconds go, and says so when a
text asks for something else.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from shlex import join

from supervisor.demo import repos, values
from supervisor.demo.request import ModelRequest, ToolOutput
from supervisor.demo.steps import Patch, Report, Run, Say, Script, Step, Stream

PLAN = (repos.SAMPLE / "story.md").read_text(encoding="utf-8")

PACE = 0.05  # seconds from word to word: slow enough to watch
TESTS = "python3 -m unittest -q"
_COMMIT = re.compile(r"^Commit [^`]*`(git commit [^`]+)`", re.MULTILINE)
_COMMITTING = "The task asks for a commit, and the sandbox keeps .git read-only."
LOOK = "git log --oneline -n 5 && git status --short && head -n 12 README.md"


def demo_script(request: ModelRequest) -> Sequence[Step]:
    """The next steps of the child that the request is about, at a pace that a person can follow."""
    return _next(request, PACE)


def script(pace: float) -> Script:
    """The same story with `pace` seconds from word to word."""
    return lambda request: _next(request, pace)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one child has to say in the story."""

    fault: str
    done: str
    what: Mapping[str, str]
    learned: tuple[str, ...]


_PARTS: Mapping[str, _Part] = {
    "backend": _Part(
        fault="The request stays open until the lamp reports. The wait has to go, and the status needs a route.",
        done="Registration answers 202 at once and names the status route; the wait is gone.",
        what={
            "backend/app.py": "202 with Location; a status route with Retry-After; reports by `state`",
            "tests/test_devices.py": "the test that asserted the wait now asserts that there is none",
            "README.md": "the table of routes",
            "tests/contract.json": "the contract's examples",
        },
        learned=(
            'The backend still takes {"status": "up"} from older firmware and counts it as online.',
            "Retry-After is sent only while the state is provisioning.",
        ),
    ),
    "firmware": _Part(
        fault="The lamp is silent for the 40 seconds of its self-test, and a broken one for ever.",
        done="The lamp reports provisioning at power-on, and online or failed after its self-test.",
        what={
            "device/boot.py": "reports before and after the self-test, under the name `state`",
            "tests/contract.json": "the contract's examples",
        },
        learned=("A lamp may be online up to 40 seconds after its first report: the self-test takes that long.",),
    ),
    "mobile": _Part(
        fault="The app waits 30 seconds on one request. It has to ask once, then follow the status.",
        done="The app follows the status route with back-off until the lamp is online, failed or given up.",
        what={
            "onboarding/client.py": "follows Location after a 202, with back-off and an end",
            "tests/contract.json": "the contract's examples",
        },
        learned=("An app from before this change shows an error on 202, so it has to be out before the backend is.",),
    ),
}
_TASKS: Mapping[str, tuple[str, str]] = {
    child: (task, title) for task, title, child in re.findall(r"^### (\w+) — (.+)\n\n- child: (\w+)$", PLAN, re.M)
}


def _next(request: ModelRequest, pace: float) -> Sequence[Step]:
    child = _child(request)
    if child is None:
        return (
            Say(_answer(request, {"summary": "The scripted model of the demo only plays the three sample repos."})),
        )
    part, outputs = _PARTS[child], request.outputs_since_last_user()
    if not outputs:
        return Stream(f"I look at {child}: its history, and what is there.", pace), Run(LOOK)
    if len(outputs) == 1:
        paths = sorted({*repos.files(child, "fix"), "tests/contract.json"})
        return Stream("Now the code that this is about.", pace), Run(join(["tail", "-n", "+1", *paths]))
    if len(outputs) == 2:
        return Stream("And the tests, before I touch anything.", pace), Run(TESTS)
    patches = _patches(child, request, outputs[1])
    made = len(outputs) - 3
    if made < len(patches):
        path = list(patches)[made]
        words = part.fault if not made and _is_new(child, outputs[1]) else f"Next, {path}."
        return Stream(words, pace), Patch(patches[path])
    if patches and made == len(patches):
        return Stream("The tests once more.", pace), Run(TESTS)
    tests = outputs[2 if not patches else 3 + len(patches)]
    commit = _COMMIT.search(request.last_user_text())
    if commit and patches and tests.exit_code == 0 and outputs[-1] is tests:
        return Stream("Green, and a commit was asked for.", pace), Run(commit[1], escalate=_COMMITTING)
    return (Say(_answer(request, _report(child, request, patches, outputs[1], tests))),)


def _child(request: ModelRequest) -> str | None:
    """The child whose thread this is: by what it was told at the start, by its folder, or by its task's heading."""
    told = "\n".join(str(item.get("content")) for item in request.input if item.get("role") == "developer")
    texts = "\n".join(request.user_texts())
    for child, (task, title) in _TASKS.items():
        if f"You work on the repo `{child}`" in told or PurePath(request.cwd).name == child:
            return child
        if re.search(rf"^# {task} — {re.escape(title)}$", texts, re.M):
            return child
    return None


def _patches(child: str, request: ModelRequest, read: ToolOutput) -> dict[str, str]:
    """For each file that differs from what the prompts ask for: the patch that changes it."""
    texts = request.user_texts()
    task, title = _TASKS[child]
    ours = any(re.search(rf"\b{task}\b", text) or title in text for text in texts)
    before, after, wanted = repos.before(child), repos.after(child), values.said(texts)
    patches = {}
    for path, current in _files(read).items():
        text = after[path] if ours and current == before.get(path) else current
        text = values.put(path, text, wanted)
        if text != current:
            patches[path] = _patch(path, current, text)
    return dict(
        sorted(patches.items(), key=lambda pair: (pair[0].endswith(".md"), pair[0].startswith("tests/"), pair[0]))
    )


def _files(read: ToolOutput) -> dict[str, str]:
    """What `tail -n +1 FILE...` printed, by file."""
    parts = re.split(r"(?:\A|\n)==> (.+) <==\n", read.output)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _patch(path: str, old: str, new: str) -> str:
    """The change of one file, as apply_patch takes it."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]
    hunks = "\n".join("@@" if line.startswith("@@") else line for line in lines)
    return f"*** Begin Patch\n*** Update File: {path}\n{hunks}\n*** End Patch\n"


def _is_new(child: str, read: ToolOutput) -> bool:
    """Whether the child's code was read as it is before the story."""
    before, after = repos.before(child), repos.after(child)
    return any(text == before.get(path) != after.get(path) for path, text in _files(read).items())


def _report(
    child: str, request: ModelRequest, patches: Mapping[str, str], read: ToolOutput, tests: ToolOutput
) -> Mapping[str, object]:
    part, text = _PARTS[child], request.last_user_text()
    green = tests.exit_code == 0
    wanted = values.said(request.user_texts())
    heading = re.search(r"^# (\S+) — (.+)$", text, re.M)
    if not green:
        outcome, summary = "blocked", f"The tests are red, and the demo's script knows no other change: {_tail(tests)}"
    elif patches and _is_new(child, read):
        outcome, summary = "done", part.done
    elif patches:
        outcome, summary = "done", f"Followed the new text: {values.told(_new(read, wanted))}."
    elif heading and (heading[1], heading[2]) != _TASKS[child] and heading[1] != _TASKS[child][0]:
        outcome = "blocked"
        summary = (
            f"The demo's script cannot do {heading[1]} ({heading[2]}): it knows the story's changes, paths and seconds."
        )
    else:
        outcome, summary = "done", "Everything is as the text asks; nothing was left to change."
    note = values.told(wanted) or "as written"
    named = re.findall(r"^### (\S+) — .*\(between ", text, re.M) or ["C1"]
    return {
        "outcome": outcome,
        "summary": summary,
        "changes": [{"path": path, "what": part.what.get(path, "the new values")} for path in patches],
        "contracts": [{"id": name, "status": "kept", "note": note} for name in dict.fromkeys(named)],
        "checks": [{"command": TESTS, "result": _tail(tests)}],
        "learned": list(part.learned) if patches else [],
    }


def _new(read: ToolOutput, wanted: Mapping[str, str]) -> dict[str, str]:
    """The values that the files did not hold yet."""
    files = _files(read).items()
    return {
        name: value
        for name, value in wanted.items()
        if any(values.put(path, text, {name: value}) != text for path, text in files)
    }


def _tail(tests: ToolOutput) -> str:
    """The counts and the verdict of unittest's output."""
    lines = [line.strip() for line in tests.output.splitlines() if line.strip("- \t")]
    return ", ".join(lines[-2:]) or "no output"


def _answer(request: ModelRequest, report: Mapping[str, object]) -> str:
    return Report(report).json() if request.schema else str(report["summary"])
