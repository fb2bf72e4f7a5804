"""Plant secrets wherever a child, a repo or a human may write them, and search everything that we write or print."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from supervisor.demo.model import ModelRequest, Run, Say, Step
from tests.e2e.lab import Lab, report, task

GITHUB, OPENAI, PASSWORD = "ghp_" + "Zq3" * 12, "sk-proj-" + "b7Xk" * 8, "hunter2-is-long"
OURS = "nobody-can-see-that-this-is-one"  # known by its value only: it is in the supervisor's own environment
PLANTED = (GITHUB, OPENAI, PASSWORD, OURS)


@pytest.mark.promise("no secret written")
def test_no_secret_is_written_or_printed() -> None:
    said = " ".join((f"https://bot:{PASSWORD}@host.example/x.git", GITHUB, OPENAI, OURS))

    def script(request: ModelRequest) -> Sequence[Step]:
        if "T2" in request.user_texts()[-1]:
            ask = {"question": f"Is {said} right?", "steps": [said], "expected": said}
            return (Say(report(said, outcome="needs_human", ask=ask).removeprefix("report ")),)
        if not request.outputs_since_last_user():
            return (Run(f"echo '{said}'; echo '{said}' >&2; echo '{said}' > leaked.txt"),)
        changes = [{"path": "leaked.txt", "what": said}]
        return (Say(report(said, changes=changes, learned=[said]).removeprefix("report ")),)

    with Lab("backend", script=script) as lab:
        lab.environ["ACME_DEPLOY_TOKEN"] = OURS
        repo = lab.repos["backend"]
        (repo / "README.md").write_text(f"# A repo\n\nSee {said}\n", encoding="utf-8")
        for words in (
            ["remote", "add", "origin", f"https://bot:{PASSWORD}@host.example/x.git"],
            ["commit", "-qam", f"Use {said}"],
            ["branch", GITHUB],
        ):
            subprocess.run(["git", *words], cwd=repo, check=True, env=lab.environ)
        lab.up()
        lab.orch("note", f"use {said}")
        lab.plan(
            task("T1", "backend", fields=("verify: `cat leaked.txt; false`",)) + task("T2", "backend"),
        )
        lab.task("T1", "blocked")
        lab.ask()
        printed = [
            lab.orch(*words).stdout
            for words in (
                ("status",),
                ("status", "--json"),
                ("asks", "--json"),
                ("snapshot", "--json"),
                ("snapshot", "--tokens", "20000"),
                ("map", "--json"),
                ("logs", "--json"),
            )
        ]
        written = [path for path in lab.workspace.root.rglob("*") if path.is_file()]
        assert {"ledger.jsonl", "runs.md", "backend.jsonl", "backend.json"} <= {path.name for path in written}
        leaks = [
            (str(where), secret)
            for where, text in (*enumerate(printed), *map(read, written))
            for secret in PLANTED
            if secret in text
        ]
        assert leaks == []
        assert any("[redacted]" in text for text in printed)


def read(path: Path) -> tuple[str, str]:
    return path.name, path.read_text(encoding="utf-8", errors="replace")
