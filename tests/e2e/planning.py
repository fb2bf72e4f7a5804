"""Run `orch plan` with an orchestrator whose turns are scripted."""

from __future__ import annotations

import hashlib
import json
from subprocess import CompletedProcess

from tests.e2e.lab import Lab


def plan_text(tasks: str, *, head: str = "", contracts: str = "") -> str:
    return (
        f"# Plan: Ordered\n{head}\n## Objective\n\nIt works.\n\n## Contracts\n\n{contracts}\n\n"
        f"## Working Plan\n\n{tasks}\n"
    )


def writes(lab: Lab, text: str, *lines: str) -> str:
    """A problem that scripts the orchestrator: it replaces plan.md as it is now, then follows the lines."""
    return scripted(f"call mcp__orch write_plan {json.dumps({'text': text, 'version': version(lab)})}", *lines)


def scripted(*lines: str) -> str:
    """A problem that scripts the orchestrator."""
    return "Make it work.\n\n````model\n" + "\n".join(lines) + "\n````\n"


def version(lab: Lab) -> str:
    """The version of plan.md that `read_plan` gives."""
    content = lab.workspace.plan.read_bytes() if lab.workspace.plan.exists() else b""
    return f"{lab.revision}-{hashlib.sha256(content).hexdigest()[:8]}"


def answered(summary: str, ask: dict[str, str] | None = None) -> str:
    return "text " + json.dumps({"summary": summary, "ask": ask})


def plan(lab: Lab, problem: str, *words: str, check: bool = True) -> CompletedProcess[str]:
    (lab.folder / "problem.md").write_text(problem, encoding="utf-8")
    return lab.orch("plan", "--from", str(lab.folder / "problem.md"), *words, check=check)
