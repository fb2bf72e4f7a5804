"""Plant secrets wherever a child, a repo or a human may write them, and search everything that we write or print."""

from __future__ import annotations

import pytest

from tests.secrets.kinds import Sample, samples
from tests.secrets.places import search

pytestmark = pytest.mark.long

OURS = "nobody-can-see-that-this-is-one"  # known by its value only: it is in the supervisor's own environment
PLACES = {
    *("orch status", "orch status --json", "orch asks --json", "orch snapshot --json", "orch snapshot --tokens 20000"),
    *("orch logs", "orch logs --json", "runs.md", ".orchestrator/ledger.jsonl", ".orchestrator/status.json"),
    *(
        ".orchestrator/snapshots/backend.json",
        ".orchestrator/logs/supervisor.jsonl",
        ".orchestrator/logs/backend.jsonl",
    ),
    *(".orchestrator/logs/backend.stderr.log", ".orchestrator/index.sqlite"),
}


@pytest.mark.promise("no secret written")
def test_no_secret_is_written_or_printed() -> None:  # `scripts/secrets` plants one of every kind
    known = Sample("environment", f"it says {OURS} here", (OURS,))
    found = search([*samples()[::3], known], {"ACME_DEPLOY_TOKEN": OURS})
    assert found.leaks == ()
    assert set(found.redacted) >= PLACES
