"""A lab with a child on another machine: a real sshd on loopback, whose host key is known and never accepted."""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from supervisor.runtime.codex.binary import locate
from supervisor.runtime.codex.registry import Registry
from supervisor.shell.process import Identity, alive, marked
from tests.e2e.lab import Lab, Status
from tests.programs import require

ARRIVES = 120.0  # seconds for a login and a server behind it: a bound, it takes one
LISTENS_WITHIN = 10.0  # seconds; it takes 0.05


class Sshd:
    """An sshd of its own: one key may log in, as the user who runs the tests."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        folder.mkdir()
        self.folder = folder
        self._sshd = require("sshd")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd of root insists on it
        for key in ("host", "user"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
            subprocess.run(words, check=True, timeout=60)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        variable = " ".join(f"{name}={value}" for name, value in variables.items())
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
            "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nPasswordAuthentication no\n"
            f"SetEnv {variable}\n",
            encoding="utf-8",
        )
        user = pwd.getpwuid(os.geteuid()).pw_name
        self.config = folder / "ssh_config"
        self.config.write_text(
            f"Host lab\n  HostName 127.0.0.1\n  Port {self.port}\n  User {user}\n  IdentityFile {folder}/user\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile none\n",
            encoding="utf-8",
        )
        self.known = folder / "known_hosts"
        self.trust_host()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def words(self) -> list[str]:
        return ["ssh", "-F", str(self.config), "lab", "--"]

    @property
    def pid(self) -> int | None:
        """The process that listens; None while it is stopped."""
        return self._process.pid if self._process is not None else None

    def trust_host(self) -> None:
        """Know the host by its key, as a person does who compared it."""
        kind, key, *_ = (self.folder / "host.pub").read_text(encoding="utf-8").split()
        self.known.write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n", encoding="utf-8")

    def start(self) -> None:
        """Start it unless it runs, and return once it listens."""
        if self._process is not None:
            return
        log = str(self.folder / "sshd.log")
        words = [self._sshd, "-D", "-f", str(self.folder / "sshd_config"), "-E", log]
        self._process = subprocess.Popen(words, start_new_session=True)
        until = time.monotonic() + LISTENS_WITHIN
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, "sshd ended"
            assert time.monotonic() < until, "sshd does not listen"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it; what it serves goes on, as when the machine only refuses new logins."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


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

    def lines(self) -> list[int]:
        """The processes of the lines to `lab`, of this workspace alone."""
        ssh = f"^ssh (-o Control[^ ]+ )*(-t )?-F {self.sshd.config} "
        words = ssh if self.prefix == self.sshd.words else f"^{self.prefix[0]} --jobid="
        found = subprocess.run(["pgrep", "-f", words], capture_output=True, text=True)
        ours = {one.pid for one in marked(self.workspace.mark())}
        return [pid for pid in map(int, found.stdout.split()) if pid in ours]
