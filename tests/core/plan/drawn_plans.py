"""Draw any plan, and any text that says it."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.domain.plan import Contract, Plan, Task
from tests.core.plan.pages import CHILDREN

WORDS = st.lists(
    st.sampled_from(["send", "the answer", "`a b`", "*care*", "—", "(again)", "https://x.y/z", "42", "✓", "-"]),
    min_size=1,
)
TITLES = WORDS.map(" ".join)
PARTS = WORDS.map(" ".join) | st.just("```sh\n### x\n```") | st.just("#### More")
TEXTS = st.lists(PARTS, max_size=3).map("\n\n".join)
SOME_TEXT = st.lists(PARTS, min_size=1, max_size=3).map("\n\n".join)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    between = st.lists(st.sampled_from(CHILDREN), min_size=2, unique=True).map(tuple)
    contract_ids = draw(st.lists(st.sampled_from(["C1", "C-2", "c_3"]), unique=True))
    task_ids = draw(
        st.lists(st.from_regex(r"[A-Za-z0-9_]([a-z-]{0,3}[0-9])?", fullmatch=True), unique_by=str.casefold, max_size=5)
    )
    tasks: list[Task] = []
    for task_id in task_ids:
        human = draw(st.booleans())
        earlier = [task.id for task in tasks]
        tasks.append(
            Task(
                id=task_id,
                title=draw(TITLES),
                child="human" if human else draw(st.sampled_from(CHILDREN)),
                after=tuple(draw(st.lists(st.sampled_from(earlier), unique=True))) if earlier else (),
                contracts=tuple(draw(st.lists(st.sampled_from(contract_ids), unique=True))) if contract_ids else (),
                verify=() if human else tuple(draw(st.lists(st.sampled_from(["npm test", "a: b", "x && `y`"])))),
                hold=draw(st.booleans()),
                thread=draw(st.sampled_from(["shared", "fresh"])),
                model=draw(st.none() | st.just("gpt-5")),
                effort=draw(st.none() | st.just("very high")),
                sandbox=draw(st.sampled_from([None, "read-only", "workspace-write"])),
                timeout=draw(st.none() | st.sampled_from([0.5, 30.0, 999999.0])),
                instructions=draw(SOME_TEXT),
                expect=draw(TEXTS) if human else "",
            )
        )
    return Plan(
        title=draw(TITLES),
        hold=draw(st.booleans()),
        objective=draw(TEXTS),
        success=draw(TEXTS),
        contracts=tuple(Contract(each, draw(TITLES), draw(between), draw(SOME_TEXT), 0) for each in contract_ids),
        tasks=tuple(tasks),
    )


def render(plan: Plan, order: st.DataObject) -> str:
    def fields(**values: str | None) -> list[str]:
        lines = [f"- {name}: {value}" for name, value in values.items() if value]
        return order.draw(st.permutations(lines))

    lines = [f"# Plan: {plan.title}", *fields(hold="yes" if plan.hold else "no"), ""]
    lines += ["## Objective", plan.objective, "", "## Success Criteria", plan.success, "", "## Contracts"]
    for contract in plan.contracts:
        lines += [
            f"### {contract.id} — {contract.title}",
            *fields(between=", ".join(contract.between)),
            "",
            contract.text,
            "",
        ]
    lines.append("## Working Plan")
    for task in plan.tasks:
        lines.append(f"### {task.id} — {task.title}")
        lines += fields(
            child=task.child,
            after=", ".join(task.after),
            contracts=", ".join(task.contracts),
            verify=" ".join(f"`` {command} ``" if "`" in command else f"`{command}`" for command in task.verify),
            hold="true" if task.hold else None,
            thread=task.thread,
            model=task.model,
            effort=task.effort,
            sandbox=task.sandbox,
            timeout=f"{task.timeout}m" if task.timeout else None,
        )
        lines += ["", task.instructions, "", *(["**Expect:**", "", task.expect] if task.expect else []), ""]
    return "\n".join(lines)


def unlined(plan: Plan) -> Plan:
    return replace(
        plan,
        contracts=tuple(replace(contract, line=0) for contract in plan.contracts),
        tasks=tuple(replace(task, line=0) for task in plan.tasks),
    )
