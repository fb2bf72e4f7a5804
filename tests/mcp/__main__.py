"""`scripts/mcp-conformance`: `orch mcp`, called by the MCP Inspector's command line and by the conformance suite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.scene import Standin, status_json, task
from tests.conftest import ROOT
from tests.mcp.bridge import Bridge
from tests.mcp.session import a_workspace

SECONDS = 60  # for one program: a bound, never the expected time
IS_ERROR = 5  # the Inspector's exit code for a tool that answered with an error

APPLIES = ("server-initialize", "ping", "tools-list", "tools-call-error", "resources-list", "prompts-list")
"""The scenarios of the suite that a server of other tools over standard streams can pass or fail."""

FIXTURE = "needs a tool of the suite's example server, which another server does not have"
PROMPT = "reads a prompt of the suite's example server; orch has none"
RESOURCE = "reads a resource of the suite's example server; orch has none"
HTTP = "tests HTTP itself, which orch does not speak"
APPLIES_NOT = {
    "logging-set-level": "orch declares no logging",
    "completion-complete": "orch declares no completions",
    **dict.fromkeys(
        (
            *("tools-call-simple-text", "tools-call-image", "tools-call-audio", "tools-call-embedded-resource"),
            *("tools-call-mixed-content", "tools-call-with-logging", "tools-call-with-progress"),
            *("tools-call-sampling", "tools-call-elicitation", "json-schema-2020-12"),
            *("elicitation-sep1034-defaults", "elicitation-sep1330-enums"),
        ),
        FIXTURE,
    ),
    **dict.fromkeys(("resources-read-text", "resources-read-binary", "resources-templates-read"), RESOURCE),
    **dict.fromkeys(("resources-subscribe", "resources-unsubscribe"), "orch declares no subscriptions"),
    **dict.fromkeys(
        ("prompts-get-simple", "prompts-get-with-args", "prompts-get-embedded-resource", "prompts-get-with-image"),
        PROMPT,
    ),
    **dict.fromkeys(("server-sse-polling", "server-sse-multiple-streams", "dns-rebinding-protection"), HTTP),
}


class Tools:
    """The programs of npm, in the folder that the script made."""

    def __init__(self, folder: Path, workspace: WorkspacePaths, scratch: Path) -> None:
        self._node, self._programs, self._scratch = folder / "node", folder / "node_modules" / ".bin", scratch
        self.orch = [sys.executable, "-m", "supervisor.cli.main", "-C", str(workspace.root), "mcp"]
        self._environ = {**os.environ, "PYTHONPATH": str(CHECKOUT), "HOME": str(scratch)}

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._node), str(self._programs / program), *words],
            cwd=self._scratch,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def inspect(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Have the Inspector start `orch mcp` and call it; return its exit code and what it prints."""
        place = f"XDG_RUNTIME_DIR={os.environ['XDG_RUNTIME_DIR']}"  # the Inspector passes no such variable on by itself
        done = self.run("mcp-inspector", "--cli", "-e", place, *self.orch, *words)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"the Inspector printed no answer: {done.stdout}{done.stderr}") from None

    def call(self, tool: str, **arguments: object) -> tuple[int, dict[str, Any]]:
        pairs = [word for key, value in arguments.items() for word in ("--tool-arg", f"{key}={value}")]
        return self.inspect("--method", "tools/call", "--tool-name", tool, *pairs)


def inspected(tools: Tools) -> Iterator[tuple[str, bool]]:
    """Call `orch mcp` with the Inspector. Yields each check, and whether it holds."""
    code, listed = tools.inspect("--method", "tools/list", "--strict")
    yield "tools/list --strict", code == 0 and len(listed["tools"]) > 10
    for name in ("resources", "prompts"):
        code, listed = tools.inspect("--method", f"{name}/list")
        yield f"{name}/list", (code, listed) == (0, {name: []})
    for tool, arguments in (("repos", {}), ("files", {"child": "backend"}), ("status", {}), ("wait", {"seconds": 0})):
        code, answer = tools.call(tool, **arguments)
        (content,) = answer["content"]
        compact = json.dumps(answer.get("structuredContent"), ensure_ascii=False, separators=(",", ":"))
        yield f"tools/call {tool}", (code, content["text"]) == (0, compact)
    code, answer = tools.call("files", child="backend", pth="x")
    said = "`files` takes no `pth`: did you mean `path`?"
    yield "an unknown argument", (code, answer["content"][0]["text"]) == (IS_ERROR, said)


def conforming(tools: Tools) -> Iterator[tuple[str, bool]]:
    """Run the suite. Yields each scenario, and whether it passed."""
    listed = tools.run("conformance", "list", "--server").stdout
    known = {line.split()[1] for line in listed.splitlines() if line.strip().startswith("- ")}
    unheard = known ^ {*APPLIES, *APPLIES_NOT}
    yield f"its scenarios are those that we know {sorted(unheard) or ''}".strip(), not unheard
    with Bridge(tools.orch) as bridge:
        for name in APPLIES:
            done = tools.run("conformance", "server", "--url", bridge.url, "--scenario", name)
            yield name, done.returncode == 0


def main(folder: Path) -> int:
    """Returns 0 if all is well, 1 if not."""
    bad = 0
    with TemporaryDirectory(prefix="mcp-", dir=ROOT) as scratch, a_workspace(Path(scratch)) as workspace:
        standin = Standin(workspace.control_socket, (status_json(tasks=(task("T1", "running"),)),))
        tools = Tools(folder.resolve(), workspace, Path(scratch))
        try:
            for title, checks in (("MCP Inspector", inspected(tools)), ("conformance suite", conforming(tools))):
                for name, holds in checks:
                    bad += not holds
                    print(f"{'ok  ' if holds else 'FAIL'}  {title}: {name}", flush=True)
        finally:
            standin.close()
    for name, why in APPLIES_NOT.items():
        print(f"n/a   conformance suite: {name}: {why}")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
