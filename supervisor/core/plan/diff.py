"""What an edit of plan.md changes, by meaning and not by text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from supervisor.core.plan.canonical import canonical, contract_key, task_key
from supervisor.domain.plan import Plan, Task


class Affected(Struct, frozen=True):
    """What happened to a contract, and the tasks of both plans whose brief that changes."""

    contract: str
    how: Literal["added", "changed", "removed"]
    tasks: tuple[str, ...]


class Changes(Struct, frozen=True):
    """What is different in the new plan: ids in its order, those it no longer has in the order of the old one.

    `changed` tasks have another brief, `moved` ones another child, `retuned` ones only another `after`, thread, model,
    effort, sandbox, timeout or budget. `hold` is the plan's own hold when that changed, else None;
    `budget`: the plan's own changed. `reach` says what each of `contracts` does.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    objective: bool = False
    retuned: tuple[str, ...] = ()
    hold: bool | None = None
    budget: bool = False
    reach: tuple[Affected, ...] = ()


def diff(old: Plan | None, new: Plan) -> Changes:
    """The changes from `old` to `new`; without an old plan everything is added."""
    if old is None:
        old = Plan(title="", hold=False, objective="", success="", contracts=(), tasks=())
    before = {task.id: task for task in old.tasks}
    after = {task.id: task for task in new.tasks}
    kept = [(before[task_id], task) for task_id, task in after.items() if task_id in before]
    same_around = (old.objective, old.contracts) == (new.objective, new.contracts)
    # What is word for word as it was need not be understood: nearly all of a long plan, at most edits.
    looked_at = [(was, task) for was, task in kept if was != task or not same_around]
    changed = tuple(task.id for was, task in looked_at if task_key(was, old) != task_key(task, new))
    reach = _reach(old, new, changed)
    return Changes(
        added=tuple(task_id for task_id in after if task_id not in before),
        removed=tuple(task_id for task_id in before if task_id not in after),
        moved=tuple(task.id for was, task in kept if was.child != task.child),
        changed=changed,
        held=tuple(task.id for was, task in kept if task.hold and not was.hold),
        released=tuple(task.id for was, task in kept if was.hold and not task.hold),
        contracts=tuple(each.contract for each in reach),
        objective=canonical(old.objective) != canonical(new.objective),
        retuned=tuple(task.id for was, task in kept if _settings(was) != _settings(task)),
        hold=new.hold if new.hold != old.hold else None,
        budget=new.budget != old.budget,
        reach=reach,
    )


def describe(changes: Changes) -> str:
    """The changes in one line for humans; a task whose contract or objective changed is named there alone."""
    phrases = [] if changes.hold is None else ["plan held" if changes.hold else "plan released"]
    phrases += ["budget of the plan changed"] if changes.budget else []
    reach = {each.contract: each for each in changes.reach}
    told: set[str] = set(changes.changed) if changes.objective else set()
    told.update(task for each in changes.reach for task in each.tasks)
    phrases += _phrase(changes.added, "added")
    phrases += _phrase(changes.removed, "removed")
    phrases += _phrase(changes.moved, "moved to another child")
    phrases += _phrase([task for task in changes.changed if task not in told], "changed")
    phrases += _phrase(changes.held, "held")
    phrases += _phrase(changes.released, "released")
    phrases += _phrase(changes.retuned, "scheduled differently")
    for contract in changes.contracts:
        each = reach.get(contract, Affected(contract, "changed", ()))
        phrases.append(f"{contract} {each.how}" + (f" (reaches {', '.join(each.tasks)})" if each.tasks else ""))
    if changes.objective:
        phrases.append("objective changed" + (f" (reaches {', '.join(changes.changed)})" if changes.changed else ""))
    return "; ".join(phrases) or "nothing that matters changed"


def _reach(old: Plan, new: Plan, changed: Sequence[str]) -> tuple[Affected, ...]:
    before = {contract.id: contract_key(contract) for contract in old.contracts}
    after = {contract.id: contract_key(contract) for contract in new.contracts}
    reaches: list[Affected] = []
    for contract_id in dict.fromkeys((*after, *before)):
        if before.get(contract_id) == after.get(contract_id):
            continue
        how: Literal["added", "changed", "removed"] = (
            "added" if contract_id not in before else "removed" if contract_id not in after else "changed"
        )
        named = {task.id for plan in (old, new) for task in plan.tasks if contract_id in task.contracts}
        reaches.append(Affected(contract_id, how, tuple(task for task in changed if task in named)))
    return tuple(reaches)


def _settings(task: Task) -> tuple[object, ...]:
    return (frozenset(task.after), task.thread, task.model, task.effort, task.sandbox, task.timeout, task.budget)


def _phrase(ids: Sequence[str], what: str) -> list[str]:
    return [f"{', '.join(ids)} {what}"] if ids else []
