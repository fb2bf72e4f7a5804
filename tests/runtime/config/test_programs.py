"""What the config has run as the person lies where no command of a child may write."""

from __future__ import annotations

import pytest

from supervisor.errors import ConfigError
from supervisor.runtime.config.load import load_guarded
from supervisor.runtime.workspace import WorkspacePaths


@pytest.fixture
def tool(workspace: WorkspacePaths) -> str:
    """A program in the repo of `api`, as the config names it."""
    (workspace.root.parent / "api" / "tool").write_text("#!/bin/sh\n", encoding="utf-8")
    return "../api/tool"


@pytest.mark.promise("workspace out of reach")
@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("codex.bin", "codex: {{bin: {0}}}"),
        ("notify.command", "notify: {{command: [{0}, now]}}"),
        ("notify.command", "notify: {{command: [sh, link]}}"),
        ("runners.gpu.connect", "runners: {{gpu: {{connect: [{0}, box]}}}}"),
        ("runners.gpu.before", "runners: {{gpu: {{connect: [run, '{{place}}'], before: [sh, -e, {0}]}}}}"),
        ("runners.gpu.after", "runners: {{gpu: {{connect: [run, '{{place}}'], before: [get], after: [{0}]}}}}"),
    ],
)
def test_a_program_in_a_child_that_may_write_is_refused(
    key: str, text: str, workspace: WorkspacePaths, tool: str
) -> None:
    (workspace.root / "link").symlink_to(tool)
    gpu = "  far: {path: /srv/far, runner: gpu}\n" if "gpu" in text else ""
    config = f"children:\n  api: %s\n{gpu}{text.format(tool)}\n"
    workspace.config.write_text(config % "../api", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_guarded(workspace)
    repo = workspace.root.parent / "api"
    assert str(error.value) == (
        f"what `{key}` runs ({repo}/tool) lies in the child `api` ({repo}), whose commands may write it: "
        "move it, or let `api` only read: `sandbox: read-only`"
    )
    workspace.config.write_text(config % "{path: ../api, sandbox: read-only}", encoding="utf-8")
    assert load_guarded(workspace).confined == ("api",)


def test_programs_elsewhere_and_words_that_name_no_file_are_fine(workspace: WorkspacePaths) -> None:
    (workspace.root / "notify.sh").write_text("", encoding="utf-8")
    for command in ("[notify-send, orch]", "[./notify.sh, api/tool]", "[sh, -c, 'cat ../api/README.md']"):
        workspace.config.write_text(f"children: {{api: ../api}}\nnotify: {{command: {command}}}\n", encoding="utf-8")
        assert load_guarded(workspace).confined == ()
