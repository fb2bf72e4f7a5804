"""A lab with a child on another machine: a real sshd on loopback, whose host key is known and never accepted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType

from supervisor.runtime.codex.binary import locate
from supervisor.runtime.codex.registry import Registry
from supervisor.shell.process import Identity, alive, marked
from tests.e2e.lab import Lab, Status
from tests.sshd import Sshd

ARRIVES = 120.0  # seconds for a login and a server behind it: a bound, it takes one


class LabElsewhere(Lab):
    """A lab with the child `backend` here and the child `firmware` at `lab`."""

    def __init__(
        self,
        prefix: Sequence[str] | None = None,
        *,
        here: bool = True,
        runner: Mapping[str, object] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """`prefix`: another one than `ssh`. `runner`: further keys of it. `variables`: of orch's environment."""
        super().__init__(*(["backend"] if here else []))
        self.environ |= variables or {}
        self.repos["firmware"] = self.repo("firmware")
        variables = {"ORCH_DEMO_KEY": "not-a-secret", "CODEX_HOME": str(self.home)}
        self.sshd = Sshd(self.folder / "sshd", variables)
        self.there = self.folder / "there"  # its HOME
        self.there.mkdir()
        self.prefix = list(prefix or self.sshd.words)
        if prefix is None:
            self.sshd.start()
        rows = {"backend": {"path": "../backend"}} if here else {}
        rows["firmware"] = {"path": str(self.repos["firmware"]), "runner": "lab"}
        keys = {
            "connect": self.prefix,
            "codex": str(locate(None)),
            "env": {"HOME": str(self.there), "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig")},
            **(runner or {}),
        }
        self.workspace.config.write_text(
            json.dumps({"children": rows, "runners": {"lab": keys}, "limits": {"ready_seconds": ARRIVES}}),
            encoding="utf-8",
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server = self.server_there()
        try:
            self.sshd.trust_host()
            if self.prefix == self.sshd.words:
                self.sshd.stop()
                self.sshd.start()
            super().__exit__(kind, error, trace)
            assert server is None or not alive(server), "orch down left the server there behind"
        finally:
            self.sshd.stop()
            if server is not None and alive(server):
                os.kill(server.pid, 9)

    def server_there(self) -> Identity | None:
        """The server at `lab`, as it was recorded."""
        record = Registry(self.workspace.registry).elsewhere().get("firmware")
        return record.identity if record is not None and record.identity.pid else None

    def up(self) -> Status:
        """Run `orch up`, which returns before all is ready on a busy machine, and return the status once it is."""
        self.orch("up", check=False, timeout=2 * ARRIVES)
        return self.until(lambda seen: all(one["state"] == "ready" for one in seen["children"]), ARRIVES)

    def cut_lines(self) -> None:
        """Kill the processes of the lines to `lab`, unless they end by themselves."""
        for pid in self.lines():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def windows(self) -> list[int]:
        """The processes by which windows of `orch attach` are shown from `lab`. The supervisor starts none of them."""
        found = subprocess.run(["pgrep", "-f", f"^ssh -t -F {self.sshd.config} "], capture_output=True, text=True)
        return [*map(int, found.stdout.split())]

    def lines(self) -> list[int]:
        """The processes of the lines to `lab`, of this workspace alone."""
        ssh = f"^ssh (-o Control[^ ]+ )*-F {self.sshd.config} "
        words = ssh if self.prefix == self.sshd.words else f"^{self.prefix[0]} --jobid="
        found = subprocess.run(["pgrep", "-f", words], capture_output=True, text=True)
        ours = {one.pid for one in marked(self.workspace.mark())}
        return [pid for pid in map(int, found.stdout.split()) if pid in ours]
