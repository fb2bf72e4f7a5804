"""Tools for running work: status, results, learnings, asks, and questions to the children."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Annotated, Literal

import anyio
from msgspec.structs import replace
from pydantic import BaseModel, Field

from supervisor.domain.status import AskInfo, ChildInfo, Status, SupervisorInfo, TaskInfo
from supervisor.errors import OrchError, RequestRefused, SupervisorDown
from supervisor.mcp.client import SupervisorClient
from supervisor.mcp.page import NOTICE, Answer, Tool, lines_of, marked, rows_of, untrusted
from supervisor.regular_file import open_regular
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.codex.child_question import QUESTION_LIMIT, WITHIN
from supervisor.wire.plain import dumped, loaded, plain

ASK_SECONDS = WITHIN + 15  # longer than the supervisor's own limit, which gives a reason
WATCH = 4.0  # seconds of one watch; some states change only with time
WAIT_LIMIT = 600.0
RUNS_LIMIT = 8 << 20  # bytes of runs.md

Start = Annotated[int, Field(ge=0, description="The row to begin with: `next` of the page before.")]
Words = Annotated[str, Field(min_length=1, max_length=QUESTION_LIMIT)]


class ChildQuestion(BaseModel, extra="forbid"):
    """A question, and the child that is to answer it."""

    child: str
    question: Words


class WorkTools:
    """The tools that ask children, and look at and steer what is under way."""

    def __init__(self, workspace: WorkspacePaths, client: SupervisorClient) -> None:
        self._workspace = workspace
        self._client = client

    def tools(self) -> list[Tool]:
        """Return them, each with the seconds that it may take."""
        return [
            Tool(self.ask_child, ASK_SECONDS + 10),
            Tool(self.ask_children, ASK_SECONDS + 10),
            Tool(self.status, 30),
            Tool(self.runs, 30),
            Tool(self.asks, 30),
            Tool(self.wait, WAIT_LIMIT + 30),
            Tool(self.note, 30, reads=False),
            Tool(self.hold, 30, reads=False),
            Tool(self.go, 30, reads=False),
            Tool(self.answer, 30, reads=False, final=True),
        ]

    # ── questions to the children ────────────────────────────────────────────────────────────────

    async def ask_child(self, child: str, question: Words) -> Answer:
        """Ask the Codex of a repo a question, which it answers by reading the repo. It changes nothing, and running
        work goes on. May take minutes: ask little at a time. For several children use ask_children."""
        return await self._asked(child, question)

    async def ask_children(
        self, questions: Annotated[list[ChildQuestion], Field(min_length=1, max_length=12)]
    ) -> Answer:
        """Ask several questions at the same time. If one gets no answer, it says why, and the others still do."""
        answers: list[Answer] = [{} for _ in questions]

        async def one(at: int, asked: ChildQuestion) -> None:
            try:
                answers[at] = await self._asked(asked.child, asked.question)
            except OrchError as error:
                answers[at] = {"child": asked.child, "problem": str(error)}

        async with anyio.create_task_group() as group:
            for at, asked in enumerate(questions):
                group.start_soon(one, at, asked, name=f"ask {asked.child}")
        return {"answers": answers}

    async def _asked(self, child: str, question: str) -> Answer:
        try:
            answer = await self._client.ask(child, question, ASK_SECONDS)
        except SupervisorDown as error:
            if error.next_step == "run `orch up`":
                raise
            raise RequestRefused(f"the question is lost ({error.what})", "run `orch up`, then ask again") from error
        return untrusted(answer["answer"], child=child, seconds=answer["seconds"])

    # ── status ───────────────────────────────────────────────────────────────────────────────────

    def status(self, offset: Start = 0, limit: Annotated[int, Field(ge=1, le=100)] = 40) -> Answer:
        """Show the state of the plan, the children and the tasks, and which asks wait on the human."""
        status = self._status()
        rows, page = rows_of([_task(one) for one in status.tasks], offset, limit)
        return {
            "supervisor": status.supervisor.state,
            "plan": plain(replace(status.plan, problems=status.plan.problems[:20])),
            "children": [_only(one, "name", "state", "task", "problem") for one in status.children],
            "counts": dict(Counter(one.state for one in status.tasks)),
            "tasks": rows,
            **page,
            "asks": [_only(one, "id", "kind", "child", "task") for one in status.asks],
            "notice": NOTICE,
        }

    def runs(
        self,
        offset: Annotated[int, Field(ge=1, description="The line to begin with.")] = 1,
        limit: Annotated[int, Field(ge=1, le=400)] = 200,
    ) -> Answer:
        """Read runs.md: the result of every attempt, with the evidence, and what was learned."""
        try:
            with open_regular(self._workspace.runs) as file:
                text = file.read(RUNS_LIMIT).decode("utf-8", "replace")
        except FileNotFoundError:
            text = ""
        return untrusted(lines_of(text.splitlines(), offset, limit))

    def asks(self) -> Answer:
        """List what waits on the human. Show them the steps and what is expected, word for word, and wait for their
        answer."""
        rows, page = rows_of([_ask(one) for one in self._client.status().asks], 0, 50)
        return {"asks": rows, **page, "notice": NOTICE}

    async def wait(
        self,
        after: Annotated[
            str, Field(description="`seen` of the wait before: only something new since then ends this one.")
        ] = "",
        seconds: Annotated[float, Field(ge=0, le=WAIT_LIMIT)] = 300,
    ) -> Answer:
        """Wait until something needs attention: an ask is open, a task is blocked or failed, plan.md was rejected, or
        everything is settled. Otherwise it returns when the time is up, with empty `attention`."""
        known = set(after.split())
        version, pause = -1, 0.0
        until = anyio.current_time() + seconds
        while True:
            version, status = await self._client.watch(version, pause)
            found = _attention(status)
            new = {key: row for key, row in found.items() if key not in known}
            left = until - anyio.current_time()
            if new or left <= 0:
                return {
                    "attention": list(new.values())[:40],
                    "seen": " ".join(found),
                    "plan": status.plan.state,
                    "counts": dict(Counter(one.state for one in status.tasks)),
                    "notice": NOTICE,
                }
            pause = min(WATCH, left)

    def _status(self) -> Status:
        """Read the status, or the last known one, marked as such, if the supervisor is down."""
        try:
            return self._client.status()
        except SupervisorDown as error:
            try:
                left: Status = loaded(Status, self._workspace.last_status.read_bytes())
            except (OSError, ValueError):
                raise error from None
            return replace(
                left,
                supervisor=SupervisorInfo(f"{error}; this is the last known status"),
                children=tuple(replace(one, state="unknown") for one in left.children),
            )

    # ── requests to the supervisor ───────────────────────────────────────────────────────────────

    def note(self, text: Words) -> Answer:
        """Record a learning that other repos or later tasks need. It goes into runs.md and later briefs."""
        self._client.call("note", text=text, source="orchestrator")
        return {"noted": True}

    def hold(self) -> Answer:
        """Keep new work from starting. Running work continues."""
        self._client.call("hold")
        return {"held": True}

    def go(
        self, task: Annotated[str | None, Field(description="A blocked or failed task to try again.")] = None
    ) -> Answer:
        """Lift the hold; with a task, try that task again. The answer lists what still keeps it from going on. Lift a
        hold that the human set only if they say so. A plan.md that waits needs the human's own `orch go`."""
        answer = self._client.call("go", task=task, source="orchestrator")
        return untrusted(answer.get("still"), going=True, task=task)

    def answer(
        self,
        ask: Annotated[str, Field(description="Its id, as `asks` shows it.")],
        decision: Literal["accept", "decline", "text"],
        text: Annotated[str, Field(max_length=QUESTION_LIMIT, description="The human's words, as given.")] = "",
    ) -> Answer:
        """Pass on the human's answer to an ask: `accept` or `decline`, with their words; to a question also words alone
        (`text`). Only what the human said about this ask: never your own judgement, never a guess. The human confirms
        each call."""
        settled = self._client.call("answer", ask=ask, decision=decision, text=text, for_session=False)
        return {"answered": ask, "decision": decision, "settled": settled.get("text")}


def _task(one: TaskInfo) -> dict[str, object]:
    row = _only(one, "id", "title", "child", "state", "after", "runs")
    verify = [plain(check) for check in one.verify if check.exit_code != 0]
    texts = {"why": one.why, "summary": one.summary}
    count = len(one.changed_files) + one.changed_files_more
    more: dict[str, object] = {"failed_checks": verify[:5]} if verify else {}
    if one.changed_files_at_least:
        more["changed_files_at_least"] = True  # there may be more
    return {**row, **more, "changed_files": count, **marked({key: text for key, text in texts.items() if text})}


def _ask(one: AskInfo) -> dict[str, object]:
    row = _only(one, "id", "kind", "child", "task", "since", "choices")
    return {**row, **marked(_only(one, "text", "steps", "expect"))}


def _attention(status: Status) -> dict[str, dict[str, object]]:
    """Find what needs attention now. If something happens again, it gets another key."""
    found: dict[str, dict[str, object]] = {}
    for ask in status.asks:
        found[ask.id] = {"what": "ask", **_ask(ask)}
    for task in status.tasks:
        if task.state in ("blocked", "failed"):
            found[f"{task.id}:{task.state}:{task.runs}"] = {"what": task.state, **_task(task)}
    if (plan := status.plan).state == "rejected":
        mark = hashlib.sha256(dumped(plan.problems).encode()).hexdigest()[:8]
        found[f"rejected:{mark}"] = {"what": "plan rejected", "problems": plain(plan.problems[:20])}
    if plan.state == "waiting":
        found[f"waiting:{(plan.read or '')[:8]}"] = {"what": "plan waits for the human's `orch go`", "why": plan.why}
    states = [task.state for task in status.tasks]
    if states and plan.state not in ("rejected", "waiting") and all(state in ("done", "retired") for state in states):
        found[f"settled:{plan.revision}"] = {"what": "all settled", "tasks": len(states)}
    return found


def _only(one: ChildInfo | TaskInfo | AskInfo, *names: str) -> dict[str, object]:
    values = plain(one)
    return {name: values[name] for name in names}
