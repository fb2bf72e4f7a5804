"""orch: move several git repositories together, one `codex app-server` per repo, led by one plan.md."""

__version__ = "0.1.0"
