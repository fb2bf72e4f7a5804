"""Parse reports: the structured answers with which children end their turns."""

from __future__ import annotations

import json
from collections.abc import Mapping

from supervisor.domain.report import Change, Claim, ContractNote, Outcome, Question, Report

Schema = Mapping[str, object]


def parse_report(text: str) -> Report | None:
    """Parse the report in a turn's last message; None if there is none.

    A report needs an `outcome` and a `summary`. Anything else that is missing or malformed is ignored.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if (
        not isinstance(data, dict)
        or data.get("outcome") not in list(Outcome)
        or not isinstance(data.get("summary"), str)
    ):
        return None
    ask = data.get("ask")
    return Report(
        outcome=Outcome(data["outcome"]),
        summary=data["summary"].strip(),
        changes=tuple(Change(*_texts(row, "path", "what")) for row in _rows(data, "changes")),
        contracts=tuple(ContractNote(*_texts(row, "id", "status", "note")) for row in _rows(data, "contracts")),
        checks=tuple(Claim(*_texts(row, "command", "result")) for row in _rows(data, "checks")),
        ask=Question(*_texts(ask, "question", "steps", "expected")) if isinstance(ask, dict) else None,
        learned=tuple(fact.strip() for fact in _list(data, "learned") if isinstance(fact, str) and fact.strip()),
    )


def _list(data: Mapping[str, object], name: str) -> list[object]:
    value = data.get(name)
    return value if isinstance(value, list) else []


def _rows(data: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    return [row for row in _list(data, name) if isinstance(row, dict)]


def _texts(row: Mapping[str, object], *names: str) -> tuple[str, ...]:
    return tuple(str(row[name]).strip() if row.get(name) is not None else "" for name in names)


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_TEXT: Schema = {"type": "string"}

# A strict-mode JSON schema: every property is required, no other is allowed (structured outputs of the Responses API).
REPORT_SCHEMA: Schema = _object(
    outcome={"type": "string", "enum": [str(outcome) for outcome in Outcome]},
    summary=_TEXT,
    changes=_array(_object(path=_TEXT, what=_TEXT)),
    contracts=_array(_object(id=_TEXT, status={"type": "string", "enum": ["kept", "changed"]}, note=_TEXT)),
    checks=_array(_object(command=_TEXT, result=_TEXT)),
    ask={"anyOf": [_object(question=_TEXT, steps=_TEXT, expected=_TEXT), {"type": "null"}]},
    learned=_array(_TEXT),
)
