"""Say in words what an action of the supervisor does."""

from __future__ import annotations

from supervisor.core.view.story.record import Decision
from supervisor.domain import action as act
from supervisor.domain.event import Intended


def decision_of(event: Intended) -> Decision | None:
    """Return the decision that an intent records; None for what only looks, reads or tells."""
    action = event.action
    what = _what(action)
    if not what:
        return None
    child, task = getattr(action, "child", None) or "", getattr(action, "task", None) or ""
    return Decision(event.at, child, task, what, action.why)


def _what(action: act.Action) -> str:
    match action:
        case act.EnsureServer():
            return "start the server"
        case act.StopServer():
            return "kill the server" if action.kill else "stop the server"
        case act.StartTurn():
            return f"start a turn of run {action.run}"
        case act.SteerTurn():
            return "redirect the running turn"
        case act.InterruptTurn():
            return "interrupt the turn"
        case act.EndLeftovers():
            return "end what the turn left running"
        case act.RunChecks():
            return f"verify run {action.run}"
        case act.RaiseAsk():
            return f"ask the person: {action.ask}"
        case act.WithdrawAsk():
            return f"withdraw {action.ask}"
        case act.SendAnswer():
            who = f"the person's answer to {action.ask}" if action.ask else "the answer of a rule"
            return f"send {who}: {action.answer.decision}"
    return ""
