"""The examples in the documents are valid: what a reader copies is accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import HUMAN, Plan
from supervisor.runtime.config.read import read
from tests.docs.examples import CONFIGS, examples

PLANS = examples("markdown", "# Plan:")


@pytest.mark.parametrize(("page", "text"), CONFIGS, ids=[page for page, _ in CONFIGS])
def test_a_config_in_the_documents_is_accepted(page: str, text: str) -> None:
    assert read(Path(page), text.encode()).children


@pytest.mark.parametrize(("page", "text"), PLANS, ids=[page for page, _ in PLANS])
def test_a_plan_in_the_documents_is_accepted(page: str, text: str) -> None:
    children = set(re.findall(r"^- child: (\S+)$", text, re.MULTILINE)) - {HUMAN}
    plan = parse(text, children)
    assert isinstance(plan, Plan), plan
    assert len(plan.tasks) > 2


def test_the_examples_are_found() -> None:
    assert {page for page, _ in PLANS} == {"README.md", "SKILL.md"}
    assert {page for page, _ in CONFIGS} == {"config.md", "runners.md"}
