"""Compare two versions of a plan by meaning, not by text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from supervisor.core.plan.canonical import canonical, contract_key, task_key
from supervisor.domain.plan import Plan, Task


class Affected(Struct, frozen=True):
    """A contract that differs, and the tasks whose brief differs with it."""

    contract: str
    how: Literal["added", "changed", "removed"]
    tasks: tuple[str, ...]  # ids, of both plans


class Changes(Struct, frozen=True):
    """What is different in the new plan. Ids are in its order; those that it no longer has, in the old order."""

    added: tuple[str, ...] = ()  # ids of tasks, here and below
    removed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()  # another child
    changed: tuple[str, ...] = ()  # another brief
    held: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()  # ids of contracts that differ
    objective: bool = False
    rescheduled: tuple[str, ...] = ()  # another `after`, thread, model, ..., timeout or budget
    hold: bool | None = None  # the new value of the plan's own `hold`; None: unchanged
    budget: bool = False  # the plan's own budget differs
    integration: bool = False  # the commands that run before a landing differ
    affected: tuple[Affected, ...] = ()  # per contract of `contracts`


def diff(old: Plan | None, new: Plan) -> Changes:
    """Compare `old` with `new`. Without an old plan, everything is added."""
    if old is None:
        old = Plan(title="", hold=False, objective="", success="", contracts=(), tasks=())
    before = {task.id: task for task in old.tasks}
    after = {task.id: task for task in new.tasks}
    kept = [(before[task_id], task) for task_id, task in after.items() if task_id in before]
    same_around = (old.objective, old.contracts) == (new.objective, new.contracts)
    # Tasks that are equal word for word need no canonical form: after most edits, nearly all of a long plan.
    differing = [(was, task) for was, task in kept if was != task or not same_around]
    changed = tuple(task.id for was, task in differing if task_key(was, old) != task_key(task, new))
    affected = _affected(old, new, changed)
    return Changes(
        added=tuple(task_id for task_id in after if task_id not in before),
        removed=tuple(task_id for task_id in before if task_id not in after),
        moved=tuple(task.id for was, task in kept if was.child != task.child),
        changed=changed,
        held=tuple(task.id for was, task in kept if task.hold and not was.hold),
        released=tuple(task.id for was, task in kept if was.hold and not task.hold),
        contracts=tuple(each.contract for each in affected),
        objective=canonical(old.objective) != canonical(new.objective),
        rescheduled=tuple(task.id for was, task in kept if _settings(was) != _settings(task)),
        hold=new.hold if new.hold != old.hold else None,
        budget=new.budget != old.budget,
        integration=_commands(old) != _commands(new),
        affected=affected,
    )


def describe(changes: Changes) -> str:
    """Describe the changes in one line. A task that changed through a contract or the objective is named only there."""
    phrases = [] if changes.hold is None else ["plan held" if changes.hold else "plan released"]
    phrases += ["budget of the plan changed"] if changes.budget else []
    affected = {each.contract: each for each in changes.affected}
    explained: set[str] = set(changes.changed) if changes.objective else set()
    explained.update(task for each in changes.affected for task in each.tasks)
    phrases += _phrase(changes.added, "added")
    phrases += _phrase(changes.removed, "removed")
    phrases += _phrase(changes.moved, "moved to another child")
    phrases += _phrase([task for task in changes.changed if task not in explained], "changed")
    phrases += _phrase(changes.held, "held")
    phrases += _phrase(changes.released, "released")
    phrases += _phrase(changes.rescheduled, "scheduled differently")
    for contract in changes.contracts:
        each = affected.get(contract, Affected(contract, "changed", ()))
        phrases.append(f"{contract} {each.how}" + (f" (affects {', '.join(each.tasks)})" if each.tasks else ""))
    if changes.objective:
        phrases.append("objective changed" + (f" (affects {', '.join(changes.changed)})" if changes.changed else ""))
    phrases += ["integration changed"] if changes.integration else []
    return "; ".join(phrases) or "nothing that matters changed"


def _affected(old: Plan, new: Plan, changed: Sequence[str]) -> tuple[Affected, ...]:
    before = {contract.id: contract_key(contract) for contract in old.contracts}
    after = {contract.id: contract_key(contract) for contract in new.contracts}
    affected: list[Affected] = []
    for contract_id in dict.fromkeys((*after, *before)):
        if before.get(contract_id) == after.get(contract_id):
            continue
        how: Literal["added", "changed", "removed"] = (
            "added" if contract_id not in before else "removed" if contract_id not in after else "changed"
        )
        named = {task.id for plan in (old, new) for task in plan.tasks if contract_id in task.contracts}
        affected.append(Affected(contract_id, how, tuple(task for task in changed if task in named)))
    return tuple(affected)


def _settings(task: Task) -> tuple[object, ...]:
    how = (task.thread, task.model, task.effort, task.sandbox, task.isolation)
    return (frozenset(task.after), *how, task.timeout, task.budget)


def _commands(plan: Plan) -> list[tuple[str, frozenset[str]]]:
    return [(one.command, frozenset(one.reopens)) for one in plan.integration]


def _phrase(ids: Sequence[str], predicate: str) -> list[str]:
    return [f"{', '.join(ids)} {predicate}"] if ids else []
