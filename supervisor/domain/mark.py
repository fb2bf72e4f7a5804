"""The mark of our server processes."""

from __future__ import annotations

MARK = "ORCH_SERVER"
"""The environment variable of every server and all that it starts. Its value is `<workspace id>/<child>`."""
