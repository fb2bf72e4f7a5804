"""A person in Codex's terminal: `$codex-orchestrator`, a conversation, a plan, and the work done."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from supervisor.demo.lamp import LAMP
from supervisor.demo.model import ModelRequest, Run, Say, Step, ToolCall, add_file, directive_script
from supervisor.runtime.skill import NAME
from tests.e2e.green import assert_green
from tests.e2e.lab import Lab, report, task
from tests.e2e.orchestrator import TOOLS, ScriptedOrchestrator
from tests.e2e.stdio import codex_binary
from tests.e2e.terminal import ENTER, Terminal
from tests.gitrepo import git

# Settings that a person has made before: no question about newer models, no detection of pasting. The folder is
# trusted too, because Codex drops keys that come while it opens its page about trust.
SETTLED = 'disable_paste_burst = true\n\n{config}\n[notice.model_migrations]\n"gpt-5.5" = "gpt-6-sol"\n'


TRUSTED = '[projects."{folder}"]\ntrust_level = "trusted"\n'


COMMIT = "Commit it once the tests are green: `git commit -qam 'Report before the self-test'`. The human wants that."
PAIRING = """\
### H1 — Add a real lamp
- child: human
- after: AFTER

1. Flash a lamp with the new firmware. 2. Unplug it, open the app, choose “Add a lamp”. 3. Plug it in.

**Expect:** the lamp is online in the app after 40 to 60 seconds, with no error on the way.
"""
PROBLEM = (
    "Problem: adding a lamp says “device registration timed out” after 30 s though the lamp appears later; "
    "commit in firmware, and let me try a real lamp at the end."
)


def codex(lab: Lab, folder: Path, *, trusted: bool) -> Terminal:
    """Start `codex` in a folder, for a person who has the skill."""
    assert "installed" in lab.orch("skill", "install").stdout
    config = lab.home / "config.toml"
    settled = SETTLED.format(config=config.read_text(encoding="utf-8"))
    config.write_text(settled + TRUSTED.format(folder=folder) * trusted, encoding="utf-8")
    return Terminal([codex_binary(), "--no-daemon"], folder, lab.environ)  # a daemon would outlive the test


def test_a_session_in_the_workspace_plans_with_the_tools_and_passes_on_the_humans_answers() -> None:
    with Lab() as lab:
        made = LAMP.sample.create(lab.folder)
        lab.model.script = ScriptedOrchestrator(
            lab.workspace.root, LAMP.plan, "backend", lamp_contract, PAIRING, {"firmware": COMMIT}
        ).script(LAMP.script(0.0))
        lab.orch("init", *(f"{name}=../{name}" for name in made))
        lab.orch("up")
        with codex(lab, lab.workspace.root, trusted=True) as terminal:
            terminal.until("Ask Codex to do anything")
            terminal.say(f"${NAME} {PROBLEM}")
            terminal.until("A1 needs you.", "git commit -qam 'Report before the self-test'")
            terminal.say("accept")
            terminal.until('Allow the orch MCP server to run tool "answer"?', "decision: accept")
            terminal.type(ENTER)
            terminal.until("A2 needs you.", "3. Plug it in.", "online in the app after 40 to 60 seconds")
            terminal.say("online after 47 seconds")
            terminal.until('Allow the orch MCP server to run tool "answer"?', "text: online after 47 seconds")
            terminal.type(ENTER)
            terminal.until("It is over: all settled, 4 tasks.")

        assert lab.until(bool)["plan"]["author"] == "orchestrator"
        assert "online after 47 seconds" in lab.workspace.runs.read_text(encoding="utf-8")
        assert git(made["firmware"], "log", "-1", "--format=%s") == "Report before the self-test"
        assert_green(made)
        for name, repo in made.items():
            for path, text in LAMP.sample.after(name).items():
                assert (repo / path).read_text(encoding="utf-8") == text
        assert_once(lab, {name: len(LAMP.sample.files(name, "fix")) for name in made})
        assert lab.model.errors == []


def lamp_contract(contract: Mapping[str, Any]) -> str:
    """Describe the contract between the three repos."""
    register, status, report = contract["register"], contract["status"], contract["report"]
    return (
        f"`POST {register['path']}` answers `{register['status']}` at once, with `Location: {register['location']}` "
        f"and the body `{json.dumps(register['body'])}`. `GET` of that path answers 200 with the same fields; the "
        f"state is one of {', '.join(status['states'])}. While it is provisioning the answer carries "
        f"`Retry-After: {status['retry_after']}`. The lamp reports with `POST {report['path']}` and "
        f"{' or '.join(f'`{json.dumps(body)}`' for body in report['bodies'])}."
    )


def assert_once(lab: Lab, patches: Mapping[str, int]) -> None:
    """Assert that each child received its task once and made each of its edits once, according to its thread."""
    for child, number in patches.items():
        last = [one for one in lab.model.requests if one.cwd.endswith(f"/{child}")][-1]
        assert len([text for text in last.user_texts() if text.startswith("# ")]) == 1, child
        assert len([item for item in last.input if item.get("name") == "apply_patch"]) == number, child


def test_a_session_in_an_empty_folder_makes_the_workspace_itself() -> None:
    """One approval covers all of `orch`: the rest follows from the rule that it makes."""
    tasks = task("T1", "backend", "write a.txt a", report("wrote a"), fields=("verify: `test -f a.txt`",))
    tasks += task("T2", "mobile", "write b.txt b", report("wrote b"), fields=("after: T1",))
    plan = f"# Plan: From nothing\n\n## Working Plan\n\n{tasks}"

    with Lab() as lab:
        repos = {name: lab.repo(name) for name in ("backend", "mobile")}
        root = lab.workspace.root

        def script(request: ModelRequest) -> Sequence[Step]:
            if Path(request.cwd) != root:
                return directive_script(request)
            assert f"{TOOLS}/repos" not in request.tools
            steps: list[Step] = [
                outside("orch init backend=../backend mobile=../mobile"),
                outside("orch up"),
                Run("cat plan.md"),
                add_file("plan.md", plan),
                outside("orch plan check"),
                outside("orch wait --timeout 60"),
            ]
            outputs = request.outputs_since_last_user()
            if outputs and outputs[-1].exit_code != 0:
                return (Say(f"It failed: {outputs[-1].text}"),)
            return (steps[len(outputs)],) if len(outputs) < len(steps) else (Say("All of it is done."),)

        lab.model.script = script
        lab.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{lab.environ['PATH']}"
        with codex(lab, root, trusted=False) as terminal:
            terminal.until("Ask Codex to do anything")
            terminal.say("/permissions")  # in a folder that is not trusted, Codex may not even ask
            terminal.until("1. Ask for approval")
            terminal.type(ENTER)
            terminal.until("Ask Codex to do anything")
            terminal.say(f"${NAME} Problem: a and b are missing. backend=../backend mobile=../mobile")
            terminal.until(
                "orch init backend=../backend mobile=../mobile", "don't ask again for commands that start with"
            )
            terminal.type("p")
            terminal.until("All of it is done.", timeout=60)

        assert (root / ".codex" / "config.toml").exists()
        assert [(one["id"], one["state"]) for one in lab.until(bool)["tasks"]] == [("T1", "done"), ("T2", "done")]
        assert (repos["backend"] / "a.txt").exists()
        assert (repos["mobile"] / "b.txt").exists()
        assert lab.model.errors == []


def outside(command: str) -> ToolCall:
    """A command outside the sandbox as in the skill: with a reason, and the prefix rule `orch`."""
    asked = {"sandbox_permissions": "require_escalated", "justification": "It reaches the supervisor."}
    return ToolCall(
        "",
        "exec_command",
        {"cmd": command, "login": False, "yield_time_ms": 30_000, "prefix_rule": ["orch"], **asked},
    )
