"""What is shown of one task: for `orch status`, and as a row of the table in runs.md."""

from __future__ import annotations

from datetime import datetime

from supervisor.core.engine.lifecycle import budgets
from supervisor.core.engine.state import summary, task_status
from supervisor.core.text.escape import inline
from supervisor.core.view.layout import rfc3339
from supervisor.domain.plan import HUMAN, Task
from supervisor.domain.status import BudgetInfo, CheckInfo, KeptRunInfo, OwnTreeInfo, TaskInfo
from supervisor.domain.task import Phase, TaskState, TaskStatus
from supervisor.domain.world import World


def task_info(world: World, state: TaskState, at: datetime) -> TaskInfo:
    """Return a task as `orch status --json` shows it."""
    task = world.plan.task(state.task)
    word, why = task_status(world, state, at)
    thread = world.threads.get(state.thread) if state.thread else None
    return TaskInfo(
        id=state.task,
        title=state.title,
        child=task.child if task else state.child,
        after=task.after if task else (),
        state=str(word),
        why=why or None,
        runs=state.runs,
        turns=state.turns,
        since=rfc3339(state.since),
        thread=thread.id if thread and state.child != HUMAN else None,
        summary=summary(state),
        tokens=state.tokens,
        minutes=round(budgets.minutes_of(world, state, at), 1),
        budget=_budget(world, task),
        verify=tuple(CheckInfo(check.command, check.exit_code) for check in state.result.checks),
        changed_files=state.result.changed_files,
        left=state.result.left,
        changed_files_more=state.result.more_files,
        changed_files_at_least=state.result.open_ended,
        change=state.result.change or None,
        kept=tuple(KeptRunInfo(one.run, one.child, one.before, one.after, one.left_out) for one in state.kept),
        work_tree=_own_tree(state),
    )


def _own_tree(state: TaskState) -> OwnTreeInfo | None:
    own = state.own_tree
    if own is None or not own.path:
        gone = state.tree_gone and state.phase is Phase.DONE
        return OwnTreeInfo(state.tree_gone, state.child or "", True, ()) if gone else None
    merged = state.phase is Phase.DONE and own.run == state.runs
    return OwnTreeInfo(own.path, own.child, merged, tuple(filter(None, (own.base, own.work, own.main))))


def _budget(world: World, task: Task | None) -> BudgetInfo | None:
    """Return the task's own budget, grants included; None without one."""
    limit = budgets.limit_of(world, f"task {task.id}") if task is not None and task.child != HUMAN else None
    return BudgetInfo(limit.tokens, limit.minutes) if limit is not None else None


def task_row(world: World, state: TaskState, at: datetime) -> str:
    """Return a task as a row of the table in runs.md."""
    status, why = task_status(world, state, at)
    detail = (summary(state) or why) if status is TaskStatus.DONE else (why or summary(state) or "")
    checks = ", ".join(f"{inline(check.command, 60)}: {check.exit_code}" for check in state.result.checks)
    cells = (
        inline(state.task, 70),
        inline(state.title, 100),
        inline(_child(world, state), 70),
        str(status),
        inline(detail, 160),
        str(state.runs),
        checks or "—",
    )
    return f"| {' | '.join(cells)} |"


def _child(world: World, state: TaskState) -> str:
    task = world.plan.task(state.task)
    return task.child if task else state.child
