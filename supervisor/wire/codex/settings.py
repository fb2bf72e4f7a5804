"""The settings of a thread, as we request them and as a server reports them."""

from __future__ import annotations

import json

from msgspec import UNSET, Struct, UnsetType


class SandboxPolicy(Struct, frozen=True, rename="camel"):
    """What commands may read, write and reach."""

    type: str = ""
    network_access: object = False


class CollaborationMode(Struct, frozen=True):
    """How Codex works with its user."""

    mode: str | None = None


class CodexSettings(Struct, frozen=True, rename="camel"):
    """The settings in a message that matter to us."""

    model: str | UnsetType | None = UNSET
    effort: str | UnsetType | None = UNSET
    approval_policy: object = UNSET
    approvals_reviewer: str | UnsetType | None = UNSET
    sandbox_policy: SandboxPolicy | None = None
    collaboration_mode: CollaborationMode | None = None

    def words(self) -> dict[str, str]:
        """Return each setting as one word."""
        found: dict[str, object] = {
            "model": self.model,
            "effort": self.effort,
            "approvals": self.approval_policy,
            "reviewer": self.approvals_reviewer,
        }
        found = {name: value for name, value in found.items() if value is not UNSET}
        if self.sandbox_policy is not None:
            found |= {"sandbox": self.sandbox_policy.type, "network": self.sandbox_policy.network_access}
        if self.collaboration_mode is not None:
            found["mode"] = self.collaboration_mode.mode
        words = {name: "default" if value is None else value for name, value in found.items()}
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in words.items()}
