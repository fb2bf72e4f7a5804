"""Examples in the documents are valid: what a reader copies is accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from supervisor.runtime.config.schema import read

ROOT = Path(__file__).parent.parent.parent
CONFIGS = [
    (page.name, text)
    for page in sorted((ROOT / "docs").glob("*.md"))
    for text in re.findall(r"^```yaml\n(children:.+?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
]


@pytest.mark.parametrize(("page", "text"), CONFIGS, ids=[page for page, _ in CONFIGS])
def test_a_config_in_the_documents_is_accepted(page: str, text: str) -> None:
    assert len(read(Path(page), text.encode()).children) > 1
