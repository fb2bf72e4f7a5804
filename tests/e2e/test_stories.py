"""The whole job of a person, with real repos and the real Codex: one prompt, then only answers to asks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from supervisor.demo.checkout import CHECKOUT
from supervisor.demo.model import ModelRequest, Step, Wait
from supervisor.shell import process
from tests.e2e.green import assert_green
from tests.e2e.lab import SLOW, Lab
from tests.e2e.orchestrator import NEWS, ScriptedOrchestrator
from tests.gitrepo import git

ORDERING = """\
### H1 — Order with a phone
- child: human
- after: AFTER

1. Open the shop on a phone. 2. Leave the street empty and press “Order”. 3. Fill it in and press again.

**Expect:** “street is missing” after the first press, thanks after the second.
"""
RENEW = "Commit it once the tests are green: `git commit -qam 'Renew a lost session'`."
ODD_ERROR = (
    "Problem: now and then the checkout form gets a 500 instead of what is wrong with it; let me try it at the end."
)


def session_contract(contract: Mapping[str, Any]) -> str:
    """Describe the contract of the story."""
    session, checkout = contract["session"], contract["checkout"]
    return (
        f"The session travels in the header `{session['header']}` with every `POST {checkout['path']}`. A request "
        f"without a session is answered `{session['missing']['status']}` with "
        f"`{json.dumps(session['missing']['body'])}`; a wrong form {checkout['invalid']['status']} with its fields; an "
        f"order {checkout['accepted']}."
    )


def test_a_lost_session_across_frontend_edge_and_backend_is_fixed_while_the_contract_is_edited() -> None:
    def children(request: ModelRequest) -> Sequence[Step]:
        steps, outputs = CHECKOUT.script(0.0)(request), request.outputs_since_last_user()
        if request.cwd.endswith("/edge") and [one.tool for one in outputs].count("apply_patch") == 1:
            return (Wait("edge works"), *steps)
        return (Wait("frontend begins"), *steps) if request.cwd.endswith("/frontend") and not outputs else steps

    with Lab() as lab:
        made = CHECKOUT.sample.create(lab.folder)
        lab.model.script = ScriptedOrchestrator(
            lab.workspace.root, CHECKOUT.plan, "edge", session_contract, ORDERING, {"frontend": RENEW}
        ).script(children)
        lab.orch("init", *(f"{name}=../{name}" for name in made))
        lab.orch("plan", ODD_ERROR)
        edge, frontend = lab.model.gate("edge works"), lab.model.gate("frontend begins")
        for gate in (edge, frontend):
            gate.wait_reached(SLOW)
        lab.task("T1", "done")

        # The human renames the header while one side is done and the two others are in their turns.
        lab.save(lab.workspace.plan.read_text(encoding="utf-8").replace("X-Session", "X-Checkout-Session"))
        lab.until(lambda _: {"T2", "T3"} <= {one["task"] for one in lab.ledger("steer_arrived")})
        os.kill(lab.until(bool)["supervisor"]["pid"], 9)
        lab.orch("up")
        edge.open()
        frontend.open()

        ask = needed(lab)
        assert (ask["kind"], ask["task"]) == ("approval", "T2")
        lab.orch("answer", ask["id"], "accept")
        ask = needed(lab)
        assert (ask["kind"], ask["task"]) == ("checkpoint", "H1")
        lab.orch("answer", ask["id"], "accept", "The field's name is shown, and the order went through.")
        lab.orch("wait", "--timeout", "60")

        status = lab.until(bool)
        assert {one["id"]: one["state"] for one in status["tasks"]} == dict.fromkeys(("T1", "T2", "T3", "H1"), "done")
        assert_green(made)
        for name, code in (("frontend", "checkout/form.py"), ("edge", "edge/function.py"), ("backend", "shop/app.py")):
            assert 'SESSION_HEADER = "X-Checkout-Session"' in (made[name] / code).read_text(encoding="utf-8")
            assert '"X-Checkout-Session"' in (made[name] / "tests/contract.json").read_text(encoding="utf-8")
            last = [one for one in lab.model.requests if one.cwd.endswith(f"/{name}")][-1]
            task, title = CHECKOUT.tasks[name]
            # It may also have received that another repo changed what it relies on.
            first, second = (text for text in last.user_texts() if not text.startswith("While you work on"))
            assert first.startswith(f"# {task} — {title}\n")
            assert second.startswith("The plan changed while you worked on this task.")
        assert git(made["frontend"], "log", "-1", "--format=%s") == "Renew a lost session"
        assert "the order went through" in lab.workspace.runs.read_text(encoding="utf-8")
        assert_received_once(lab, *(fact for part in CHECKOUT.parts.values() for fact in part.learned))
        lab.orch("down")
        assert process.marked(lab.workspace.mark()) == []
        assert lab.model.errors == []


def needed(lab: Lab) -> dict[str, Any]:
    """Run `orch wait` and return the ask for which it returns."""
    waited = lab.orch("wait", "--timeout", "30", check=False)
    assert waited.returncode == 4, waited
    return lab.ask()


def assert_received_once(lab: Lab, *facts: str) -> None:
    """Assert that each fact reached the orchestrator in one digest, and is in the plan that it wrote then."""
    last = [one for one in lab.model.requests if Path(one.cwd) == lab.workspace.root][-1]
    digests = [text for text in last.user_texts() if text.startswith(NEWS)]
    # Its turn may go on when all tasks are done.
    lab.until(lambda _: all(lab.workspace.plan.read_text(encoding="utf-8").count(fact) == 1 for fact in facts))
    for fact in facts:
        assert len([text for text in digests if fact in text]) == 1, (fact, digests)
    assert lab.until(bool)["plan"]["author"] == "orchestrator"
