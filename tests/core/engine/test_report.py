"""Reports are read from a child's last message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.engine.lifecycle.report import REPORT_SCHEMA, parse_report
from supervisor.domain.report import Change, Claim, ContractNote, Outcome, Question, Report

FULL = {
    "outcome": "needs_human",
    "summary": " It answers 202. ",
    "changes": [{"path": "api.py", "what": "answers 202"}],
    "contracts": [{"id": "C1", "status": "changed", "note": "303, not 302"}],
    "checks": [{"command": "pytest", "result": "4 passed"}],
    "ask": {"question": "Which key?", "steps": "Look.", "expected": "A name."},
    "learned": ["The URL expires. ", ""],
}


def test_a_full_report_is_read_in_full() -> None:
    assert parse_report(json.dumps(FULL)) == Report(
        outcome=Outcome.NEEDS_HUMAN,
        summary="It answers 202.",
        changes=(Change("api.py", "answers 202"),),
        contracts=(ContractNote("C1", "changed", "303, not 302"),),
        checks=(Claim("pytest", "4 passed"),),
        ask=Question("Which key?", "Look.", "A name."),
        learned=("The URL expires.",),
    )


def test_outcome_and_summary_are_enough() -> None:
    assert parse_report('{"outcome": "done", "summary": "All done."}') == Report(Outcome.DONE, "All done.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "All done.",
        "null",
        '"done"',
        "[]",
        "{",
        '{"outcome": "done"}',
        '{"summary": "All done."}',
        '{"outcome": "finished", "summary": "All done."}',
        '{"outcome": ["done"], "summary": "All done."}',
        '{"outcome": {"done": 1}, "summary": "All done."}',
        '{"outcome": "done", "summary": null}',
        '```json\n{"outcome": "done", "summary": "All done."}\n```',
        "[" * 100_000,
    ],
)
def test_anything_else_is_no_report(text: str) -> None:
    assert parse_report(text) is None


def test_what_has_another_shape_is_left_out() -> None:
    odd = {
        "outcome": "blocked",
        "summary": "No.",
        "changes": {"path": "a"},
        "contracts": ["C1", {"id": 1}],
        "checks": None,
        "ask": "why?",
        "learned": [3, "so"],
    }
    assert parse_report(json.dumps(odd)) == Report(
        Outcome.BLOCKED, "No.", contracts=(ContractNote("1", "", ""),), learned=("so",)
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FULL, JSON)) | JSON)
def test_no_json_breaks_it(data: Any) -> None:
    report = parse_report(json.dumps(data))

    assert report is None or isinstance(report.outcome, Outcome)


@given(st.sampled_from(Outcome), st.fixed_dictionaries({}, optional=dict.fromkeys(list(FULL)[2:], JSON)), st.text())
def test_outcome_and_summary_make_a_report_whatever_stands_beside_them(
    outcome: Outcome, rest: dict[str, Any], summary: str
) -> None:
    report = parse_report(json.dumps({"outcome": outcome, "summary": summary, **rest}))

    assert report is not None
    assert (report.outcome, report.summary) == (outcome, summary.strip())


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [one for part in schema for one in objects(part)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if schema.get("type") == "object" else []
    return own + [one for part in schema.values() for one in objects(part)]


def test_the_schema_is_strict_everywhere() -> None:
    found = objects(REPORT_SCHEMA)

    assert len(found) == 5
    for one in found:
        assert one["required"] == list(one["properties"])
        assert one["additionalProperties"] is False


def test_the_schema_and_the_reader_know_the_same_fields() -> None:
    assert list(REPORT_SCHEMA["properties"]) == list(FULL)
