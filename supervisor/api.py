"""The public Python API: inspect and steer one workspace from a program.

    from supervisor.api import Workspace

    workspace = Workspace("~/onboarding")
    result = workspace.wait(timeout=3600)
    for ask in result.asks:
        print(ask.id, ask.text)

Only the names of `__all__` are public. Every other module of this package is private, and may change in any version.

A call blocks briefly (`wait` for as long as you allow) and may be made from any thread: each call has its own
connection. A program with an event loop makes its calls with `asyncio.to_thread`; `events` is an async iterator.

Calls raise an `OrchError`, which says what is wrong and what to do next: `SupervisorDown` if no supervisor answers,
`UsageError` for an unknown name, `RequestRefused` for what the supervisor will not do.

Quick to import: the types of the answers are loaded with the first answer.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from supervisor.errors import (
    OrchError,
    RequestRefused,
    SupervisorDown,
    SupervisorHangs,
    UsageError,
    WorkspaceError,
)
from supervisor.runtime import calling
from supervisor.runtime.workspace import find

if TYPE_CHECKING:
    from supervisor.core.view.waiting import WaitOutcome, WaitResult
    from supervisor.domain.event.log_line import LogLine
    from supervisor.domain.json_value import JsonObject, JsonValue
    from supervisor.domain.plan import Problem
    from supervisor.domain.status import (
        AskInfo,
        BudgetInfo,
        CheckInfo,
        ChildInfo,
        OrchestratorInfo,
        PauseInfo,
        PlanInfo,
        Status,
        SupervisorInfo,
        TaskInfo,
    )
    from supervisor.domain.thread import Tokens

__all__ = [
    "AskInfo",
    "BudgetInfo",
    "CheckInfo",
    "ChildInfo",
    "JsonObject",
    "JsonValue",
    "LogLine",
    "OrchError",
    "OrchestratorInfo",
    "PauseInfo",
    "PlanInfo",
    "Problem",
    "RequestRefused",
    "Status",
    "SupervisorDown",
    "SupervisorHangs",
    "SupervisorInfo",
    "TaskInfo",
    "Tokens",
    "UsageError",
    "WaitOutcome",
    "WaitResult",
    "Workspace",
    "WorkspaceError",
]


class Workspace:
    """Open the workspace of `folder`: the nearest folder upwards with an `orchestrator.config.yaml`.

    Raises WorkspaceError if there is none. Its supervisor need not be up; `orch up` starts it, `orch down` ends it.
    """

    def __init__(self, folder: str | os.PathLike[str] = ".") -> None:
        self._workspace = find(Path(folder).expanduser())

    def __repr__(self) -> str:
        return f"Workspace({str(self.root)!r})"

    @property
    def root(self) -> Path:
        """The folder of `orchestrator.config.yaml` and `plan.md`."""
        return self._workspace.root

    # ── how everything stands ────────────────────────────────────────────────────────────────────

    def status(self) -> Status:
        """Return the status. Raises SupervisorDown if no supervisor answers, and none is starting."""
        return _typed(self.status_json())

    def status_json(self) -> JsonObject:
        """Return the object of `orch status --json`, as the supervisor sent it. Raises as `status` does."""
        return calling.live(self._workspace)

    def last_status(self) -> Status:
        """Return the last known status (of the time `as_of`) and which servers still run, without a supervisor."""
        return _typed(self.last_status_json())

    def last_status_json(self) -> JsonObject:
        """Return `last_status` as JSON values."""
        from supervisor.runtime.last_status import (
            last_known,
        )  # import late (60 ms, for the config): only needed without a supervisor

        return last_known(self._workspace)

    def changes(self, *, every: float = calling.LOOK_AGAIN) -> Iterator[Status]:
        """Yield the status at once, then at every change, at least each `every` seconds. Ends with SupervisorDown.

        Raises UsageError for an `every` that is not above 0.
        """
        if not every > 0:
            raise UsageError(f"the status cannot be looked at every {every:g} seconds", "give a number above 0")
        return map(_typed, calling.follow(self._workspace, every=every))

    def wait(
        self,
        task: str | None = None,
        *,
        timeout: float | None = None,
        on_status: Callable[[Status, bool], None] | None = None,
    ) -> WaitResult:
        """Wait until all tasks (or that one) are settled or something waits on a human, for at most `timeout` seconds.

        Calls `on_status` with each status on the way, and with whether it ends the wait. Raises SupervisorDown if no
        supervisor answers or it ends meanwhile; UsageError if there is no such task, or for a `timeout` below 0.
        """
        if timeout is not None and not timeout >= 0:
            raise UsageError(f"nothing can be waited for {timeout:g} seconds", "give 0 or more, or None for no limit")
        from supervisor.runtime.waiting import wait  # import late: `orch status` does not need it

        return wait(self._workspace, task, timeout, on_status or (lambda *_: None))

    async def events(self, *, since: datetime | None = None, follow: bool = True) -> AsyncIterator[LogLine]:
        """Yield the lines of the ledger and the logs by time; with `follow` also new ones.

        `since` has a time zone; None means from the beginning. Reads files, and needs no supervisor.
        """
        from supervisor.runtime.events import read_events  # import late: only this needs asyncio and msgspec

        async for line in read_events(self._workspace, since=since, follow=follow):
            yield line

    # ── what waits on you ────────────────────────────────────────────────────────────────────────

    def asks(self) -> tuple[AskInfo, ...]:
        """Return what waits on a human. Raises as `status` does."""
        return self.status().asks

    def answer(
        self, ask: str, decision: Literal["accept", "decline", "text"], text: str = "", *, for_session: bool = False
    ) -> str:
        """Settle an ask by its id: with a decision, or (`text`) in words; return what that settled, as a sentence.

        `for_session`: the same is accepted from now on. Raises UsageError if there is no such ask or it takes no such
        answer, RequestRefused if it is settled already.
        """
        return str(self._call("answer", ask=ask, decision=decision, text=text, for_session=for_session).get("text"))

    # ── requests to the supervisor ───────────────────────────────────────────────────────────────

    def plan(self, problem: str, *, review: bool = False, yolo: bool = False) -> None:
        """Have the orchestrator understand the repos and write plan.md; `status().orchestrator` shows its progress.

        `review`: nothing of the plan starts before `go`. `yolo`: it runs without sandbox and approvals. Raises
        RequestRefused if it is at work already.
        """
        self._call("plan", problem=problem, review=review, yolo=yolo)

    def stop_planning(self) -> tuple[str, ...]:
        """End the orchestrator's effort: it has no further turn before the next `plan`. plan.md stays in force.

        Returns what that ended, each in a clause; nothing if there was no effort.
        """
        return _words(self._call("plan_stop"), "ended")

    def hold(self) -> None:
        """Hold the plan: nothing new starts, running work continues."""
        self._call("hold")

    def go(self, task: str | None = None, *, fresh_thread: bool = False) -> tuple[str, ...]:
        """Lift the hold, and let a plan.md that waits in force; with a task, try that again. Return what stops it.

        With `fresh_thread`, the task goes on with a new thread. Raises UsageError if there is no such task,
        RequestRefused if it is neither blocked nor failed, or if its turn runs on the thread that it is to leave.
        """
        return _words(self.go_json(task, fresh_thread=fresh_thread), "still")

    def go_json(self, task: str | None = None, *, fresh_thread: bool = False) -> JsonObject:
        """Do as `go`; return also whether a hold was lifted, as JSON values."""
        return self._call("go", task=task, fresh_thread=fresh_thread)

    def restart(self, child: str) -> None:
        """Restart the server of a child; its thread and task continue. Raises UsageError if there is no such child."""
        self._call("restart", child=child)

    def note(self, text: str) -> None:
        """Record something learned: it goes into runs.md and into the briefs of later tasks."""
        self._call("note", text=text)

    def _call(self, method: str, **params: object) -> JsonObject:
        return calling.request(self._workspace, method, **params)


def _words(answer: JsonObject, name: str) -> tuple[str, ...]:
    found = answer.get(name)
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _typed(answer: JsonObject) -> Status:
    from supervisor.wire.status import (
        read_status,
    )  # import late (13 ms, msgspec): importing this module does not need it

    return read_status(answer)


_TYPES = (  # the modules that have the types of the answers
    "supervisor.domain.json_value",
    "supervisor.domain.status",
    "supervisor.domain.plan",
    "supervisor.domain.task",
    "supervisor.domain.event.log_line",
    "supervisor.core.view.waiting",
)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import the types of the answers when they are first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        modules = map(import_module, _TYPES)
        return next(vars(module)[name] for module in modules if name in vars(module))
