"""The orchestrator reads, and else asks only for what one of its tool calls is for."""

from __future__ import annotations

import pytest

from supervisor.core.guard.permits import READING, needs_tool_call
from supervisor.core.guard.standing import Refusal, Standing
from supervisor.core.guard.tool_calls import TOOLS
from supervisor.wire.control import METHODS


@pytest.mark.parametrize("method", METHODS)
def test_the_person_may_do_everything_and_the_orchestrator_read_or_use_its_tools(method: str) -> None:
    assert needs_tool_call(Standing.PERSON, method) is False
    lead = needs_tool_call(Standing.ORCHESTRATOR, method)
    assert (lead is False, lead is True, isinstance(lead, Refusal)) == (
        method in READING,
        method in TOOLS,
        method not in READING and method not in TOOLS,
    )


@pytest.mark.parametrize("method", METHODS)
def test_without_a_keeper_the_supervisor_is_only_read_and_taken_down(method: str) -> None:
    assert isinstance(needs_tool_call(Standing.ANYBODY, method), Refusal) == (method not in READING | {"down"})
