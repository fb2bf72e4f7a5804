"""Find secrets in plan.md: every accepted revision is kept word for word, and briefs go to the model."""

from __future__ import annotations

from collections.abc import Iterator

from supervisor.core.plan.diagnostics import Diagnostic
from supervisor.core.text.secrets.describe import secret_spots


def leaks(text: str) -> Iterator[Diagnostic]:
    """Warn of each secret, by its line and kind. The warning does not repeat the secret."""
    for line, kind in secret_spots(text):
        yield Diagnostic(
            line,
            f"this looks like a secret ({kind}), and each revision is kept word for word in .orchestrator/plans: keep "
            "it in the child's environment, and name the variable here",
        )
