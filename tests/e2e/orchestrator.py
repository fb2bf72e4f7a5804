"""A scripted orchestrator: it follows the skill with tool calls of Codex, and makes its plan from the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.core.plan.parse import parse
from supervisor.demo.model import ModelRequest, Run, Say, Script, Step, ToolCall, ToolOutput
from supervisor.domain.plan import Plan

TOOLS = "mcp__orch"
QUESTION = "Are your tests green, which command runs them, and what did you agree on with others?"
LOOK = "grep -o 'python3 -m unittest -q' AGENTS.md | head -n 1; python3 -B -m unittest -q 2>&1 | tail -n 1"
NEWS = "News of the tasks"
_CHILD = re.compile(r"You answer one question about the repo `(\w+)`")


@dataclass(frozen=True, slots=True)
class ScriptedOrchestrator:
    """What the orchestrator of a story knows beforehand: its tasks, and how to describe the contract."""

    workspace: Path
    story: str
    first: str  # the child whose tests/contract.json it reads
    agreed: Callable[[Mapping[str, Any]], str]
    checkpoint: str  # the task of the human
    more: Mapping[str, str]  # what is added to the instructions of a child's task

    def script(self, children: Script) -> Script:
        """One model for all threads: the orchestrator's, those that answer its questions, and those of the children."""

        def next_steps(request: ModelRequest) -> Sequence[Step]:
            instructions = "\n".join(
                str(item.get("content")) for item in request.input if item.get("role") == "developer"
            )
            if found := _CHILD.search(instructions):
                return _answer(found[1], request)
            return self._next_steps(request) if Path(request.cwd) == self.workspace else children(request)

        return next_steps

    def _next_steps(self, request: ModelRequest) -> Sequence[Step]:
        outputs = request.outputs_since_last_user()
        text = request.last_user_text()
        if text.startswith(NEWS):
            return _learn(text, outputs)
        if "Problem: " not in text:
            return _pass_on(text, outputs)
        done = {output.tool for output in outputs}
        if (
            "$codex-orchestrator" in text and "write_plan" in done
        ):  # a person's own session: it follows the work to the end
            return _see_through(outputs)
        return self._plan(text, outputs)

    def _plan(self, problem: str, outputs: Sequence[ToolOutput]) -> Sequence[Step]:
        """Follow the order of the skill: connect, look at each repo, then at all together, write plan.md."""
        done = {output.tool for output in outputs}
        if "repos" not in done:
            return (call("repos"),)
        names = [child["name"] for child in result(outputs, "repos")["children"]]
        if "snapshot" not in done:
            return [call("snapshot", child=name, tokens=600) for name in names]
        if "map" not in done:
            return call("map", limit=5), call("files", child=self.first, path="tests/contract.json")
        if "ask_children" not in done:
            return (call("ask_children", questions=[{"child": name, "question": QUESTION} for name in names]),)
        if "read_plan" not in done:
            return (call("read_plan"),)
        plan = self._written(problem, names, outputs)
        if "check_plan" not in done:
            return (call("check_plan", text=plan),)
        if "write_plan" not in done:
            assert result(outputs, "check_plan")["ok"], result(outputs, "check_plan")
            return (call("write_plan", text=plan, version=result(outputs, "read_plan")["version"]),)
        return (final(f"The plan is {result(outputs, 'write_plan')['state']}."),)

    def _written(self, problem: str, names: Sequence[str], outputs: Sequence[ToolOutput]) -> str:
        """Write plan.md from the problem, the children's answers and the contract."""
        known = parse(self.story, names)
        assert isinstance(known, Plan), known
        answers = {one["child"]: one["untrusted"] for one in result(outputs, "ask_children")["answers"]}
        contract = json.loads(result(outputs, "files")["untrusted"]["text"])
        (about,) = known.contracts
        words = re.search(r"Problem: (.+)", problem)
        assert words is not None, problem
        lines = [
            f"# Plan: {known.title}\n\n## Objective\n\n{words[1]}\n\n## Child Context\n",
            *(f"- **{name}**: {' '.join(answers[name].split())}" for name in names),
            f"\n## Contracts\n\n### {about.id} — {about.title}\n- between: {', '.join(names)}\n",
            self.agreed(contract),
            "\n## Working Plan\n",
        ]
        for task in known.tasks:
            tests = answers[task.child].splitlines()[0]
            after = f"- after: {', '.join(task.after)}\n" if task.after else ""
            fields = f"- child: {task.child}\n{after}- contracts: {about.id}\n- verify: `{tests}`"
            more = self.more.get(task.child, "")
            lines.append(f"### {task.id} — {task.title}\n{fields}\n\n{task.instructions}\n\n{more}\n")
        all_of_them = ", ".join(task.id for task in known.tasks)
        lines.append(self.checkpoint.replace("AFTER", all_of_them))
        lines.append("\n## Risks And Open Questions\n\n")
        return "\n".join(lines)


def _see_through(outputs: Sequence[ToolOutput]) -> Sequence[Step]:
    """Wait until something needs the human or all is done, and say so."""
    if outputs[-1].tool != "wait":
        return (call("wait", seconds=60),)
    (first, *_) = result(outputs, "wait")["attention"]
    if first["what"] != "ask":
        return (Say(f"It is over: {first['what']}, {first.get('tasks')} tasks."),)
    ask = first["untrusted"]
    return (Say(f"{first['id']} needs you. {ask['text']}\n\n{ask['steps'] or ''}\n\n{ask['expect'] or ''}"),)


def _pass_on(text: str, outputs: Sequence[ToolOutput]) -> Sequence[Step]:
    """Pass the human's answer to the ask that waits for it, then go on."""
    done = {output.tool for output in outputs}
    if "asks" not in done:
        return (call("asks"),)
    if "answer" not in done:
        (ask, *_) = result(outputs, "asks")["asks"]
        own = {"decision": "accept" if ask["kind"] == "checkpoint" else "text", "text": text}
        words = {"decision": text} if text in ("accept", "decline") else own
        return (call("answer", ask=ask["id"], **words),)
    return _see_through(outputs)


def _answer(child: str, request: ModelRequest) -> Sequence[Step]:
    """Answer as the Codex of a child: look, then report."""
    outputs = request.outputs_since_last_user()
    if not outputs:
        return (Run(LOOK),)
    return (Say(outputs[0].output.strip()),)


def _learn(text: str, outputs: Sequence[ToolOutput]) -> Sequence[Step]:
    """Add learnings to plan.md unless they are there. Begin again if somebody else saved it meanwhile."""
    learned = re.findall(r"^ +> (.+)$", "\n".join(_learnings(text)), re.MULTILINE)
    if not learned:
        return (final("Nothing to change."),)
    if not outputs or (outputs[-1].tool == "write_plan" and "conflict: " in outputs[-1].text):
        return (call("read_plan"),)
    read = result(outputs, "read_plan")
    new = [fact for fact in learned if fact not in read["text"]]
    if not new or outputs[-1].tool == "write_plan":
        return (final("plan.md knows it now."),)
    return (call("write_plan", text=read["text"] + "".join(f"- {fact}\n" for fact in new), version=read["version"]),)


def _learnings(digest: str) -> Iterator[str]:
    """The news that report a learning."""
    for piece in re.split(r"^- ", digest, flags=re.MULTILINE):
        if ") learned:\n" in piece:
            yield piece


def call(tool: str, **arguments: Any) -> ToolCall:
    return ToolCall(TOOLS, tool, arguments)


def final(summary: str) -> Say:
    return Say(json.dumps({"summary": summary, "ask": None}))


def result(outputs: Sequence[ToolOutput], tool: str) -> dict[str, Any]:
    """The newest answer of a tool."""
    text = next(output.text for output in reversed(outputs) if output.tool == tool)
    start = text.find("{")
    assert start >= 0, f"{tool} says: {text}"
    found: dict[str, Any] = json.JSONDecoder().raw_decode(text[start:])[0]
    return found
