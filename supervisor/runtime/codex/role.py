"""What a thread of ours is for, in Codex's terms: a child works on tasks, the orchestrator plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from supervisor.core.engine.lifecycle.report import REPORT_SCHEMA
from supervisor.core.engine.orchestrator import prompts
from supervisor.core.engine.prompts import developer_instructions
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.runtime import skill
from supervisor.runtime.codex.mcp_config import mcp_servers
from supervisor.runtime.workspace import WorkspacePaths


class ThreadRole(Struct, frozen=True):
    """The instructions of its threads, the schema of its answers, the MCP servers that it may use, and the skill (name,
    path of its SKILL.md) that its first turn follows."""

    instructions: str
    schema: Mapping[str, object]
    tools: Mapping[str, object] = {}
    skill: tuple[str, str] | None = None

    @property
    def config(self) -> dict[str, object]:
        """Return what overrides the user's config.toml on its threads."""
        return {"mcp_servers": dict(self.tools)} if self.tools else {}


def role_of(name: str, names: Iterable[str], workspace: WorkspacePaths) -> ThreadRole:
    """Return the role of the child (or the orchestrator) with this name, where `names` are those of all."""
    children = [one for one in names if one != ORCHESTRATOR]
    if name != ORCHESTRATOR:
        return ThreadRole(developer_instructions(name, [one for one in children if one != name]), REPORT_SCHEMA)
    shown = (skill.NAME, str(skill.skill_file()))
    return ThreadRole(prompts.instructions(children), prompts.ANSWER_SCHEMA, mcp_servers(workspace), shown)
