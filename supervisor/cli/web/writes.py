"""What a form has the supervisor do: answer an ask, hold the plan, go on, try a task again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from supervisor import api
from supervisor.core.text.answer_forms import together
from supervisor.core.view.page.forms import OWN, PICKED, WORD
from supervisor.domain.json_value import JsonObject
from supervisor.errors import OrchError, UsageError
from supervisor.runtime import calling
from supervisor.runtime.workspace import WorkspacePaths


class FormResult(NamedTuple):
    """What came of a form, in a sentence."""

    ok: bool
    text: str


Fields = Mapping[str, str]


class Writes:
    """Carries out forms, as the person whose process this is."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._workspace = workspace
        self._ways: dict[str, Callable[[Fields], str]] = {
            "/answer": self._answer,
            "/hold": self._hold,
            "/go": self._go,
        }

    def carry_out(self, path: str, fields: Fields) -> FormResult:
        """Do what a form asks for. Takes as long as the supervisor takes to record it."""
        way = self._ways.get(path)
        if way is None:
            return FormResult(False, "there is no such form")
        try:
            return FormResult(True, way(fields))
        except OrchError as error:
            return FormResult(False, str(error))

    def describe(self, path: str, fields: Fields) -> str:
        """Say what a form asks for, for whoever confirms it."""
        words = [fields.get(name, "") for name in ("ask", "task", "decision", "text")]
        words += together(_answers(fields).items()).split("\n")
        rest = " for the session" if fields.get("for_session") else ""
        return (
            " ".join(("`", path.strip("/"), *(one for one in words if one), "`")).replace("` ", "`").replace(" `", "`")
            + rest
        )

    def _answer(self, fields: Fields) -> str:
        decision, text = fields.get("decision", ""), fields.get("text", "").strip()
        if decision.startswith(WORD):
            decision, text = "text", "\n".join(filter(None, (decision.removeprefix(WORD), text)))
        if answers := _answers(fields):
            if missing := [name for name, words in answers.items() if not words]:
                raise UsageError(f"{', '.join(missing)} has no answer", "answer each question")
            text = together(answers.items())
        settled: JsonObject = calling.request(
            self._workspace,
            "answer",
            ask=fields.get("ask", ""),
            decision=decision,
            text=text,
            for_session=decision == "accept" and bool(fields.get("for_session")),
            by="page",
        )
        return f"{settled.get('text')}."

    def _hold(self, _: Fields) -> str:
        api.Workspace(self._workspace.root).hold()
        return "Nothing new starts; running work continues."

    def _go(self, fields: Fields) -> str:
        task = fields.get("task") or None
        still = api.Workspace(self._workspace.root).go(task)
        done = f"{task} is tried again." if task else "The hold is lifted."
        return " ".join((done, *(f"Still: {one}." for one in still)))


def _answers(fields: Fields) -> dict[str, str]:
    """Return the answer to each of several questions, by name: the person's own words, or else what they picked."""
    names = [one.removeprefix(OWN) for one in fields if one.startswith(OWN)]
    return {name: fields[f"{OWN}{name}"].strip() or fields.get(f"{PICKED}{name}", "").strip() for name in names}
