"""A child: a repo that takes part, as configured, and the runner that leads to one on another machine."""

from __future__ import annotations

from msgspec import Struct

from supervisor.domain.plan import Approvals, Budget, Isolation, SandboxMode

PLACE = "{place}"
"""What stands for the name of a place in the words of a runner."""


class Runner(Struct, frozen=True):
    """How words are run on the machine of a child: behind this prefix, with its standard streams."""

    name: str  # in the words of `orch status`
    connect: tuple[str, ...]
    codex: str = ""  # the program there; "": `codex` on the PATH there
    path: tuple[str, ...] = ()  # folders that go before the PATH there
    env: tuple[tuple[str, str], ...] = ()  # variables of the server there
    attached: bool = False  # a process of the runner stays with the server: what it leaves behind is ended there
    before: tuple[str, ...] = ()  # gets a place, whose name stands for PLACE in `connect`; (): it is there
    after: tuple[str, ...] = ()  # gives it back


class Child(Struct, frozen=True):
    """One repo as configured."""

    name: str
    path: str  # absolute root of its work tree
    model: str | None = None
    effort: str | None = None
    sandbox: SandboxMode = "workspace-write"
    network: bool = False  # commands may use the network
    approvals: Approvals = "on-request"  # "never": whatever would need an approval fails
    budget: Budget | None = None
    trusted: bool = False  # it may run what the repo's own `.codex` names
    runner: Runner | None = None  # where it lives; None: on this machine
    isolation: Isolation = "none"  # where its tasks work that do not say it themselves

    @property
    def where(self) -> str:
        """Its path, for people: `lab:/home/me/firmware`. Behind a runner it is no path of this machine, so nothing that
        takes it for one finds anything."""
        return self.path if self.runner is None else f"{self.runner.name}:{self.path}"
