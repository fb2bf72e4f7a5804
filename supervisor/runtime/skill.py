"""The skill that makes a Codex session the orchestrator: where it lies, and how it is installed."""

from __future__ import annotations

from pathlib import Path

SKILL_NAME = "codex-orchestrator"
_PACKAGED = Path(__file__).parent.parent / "skills"
_CHECKOUT = Path(__file__).parent.parent.parent / "skills"


def skill_folder() -> Path:
    """The folder of the skill, as it came with this orch."""
    return (_PACKAGED if _PACKAGED.is_dir() else _CHECKOUT) / SKILL_NAME


def skill_file() -> Path:
    """Its SKILL.md."""
    return skill_folder() / "SKILL.md"
