"""A real sshd on loopback: one key may log in, as the user who runs the tests."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.programs import require

READY_WITHIN = 10.0  # seconds until sshd listens; it takes 0.05


class Sshd:
    """An sshd whose files lie in `folder`. Its logins get these variables. `settings`: more lines of its config."""

    def __init__(self, folder: Path, variables: Mapping[str, str], settings: str = "") -> None:
        folder.mkdir(exist_ok=True)
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
            f"SetEnv {variable}\n{settings}\n",
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

    @property
    def logins(self) -> int:
        """How many there were so far."""
        return (self.folder / "sshd.log").read_text(encoding="utf-8").count("Accepted publickey")

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
        until = time.monotonic() + READY_WITHIN
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


@contextmanager
def serving(folder: Path, settings: str = "") -> Iterator[tuple[str, ...]]:
    """Run an sshd; yield the words of the `ssh` command that reaches it."""
    home = folder / "home"  # the shell there reads no startup files of the person who runs this
    server = Sshd(folder, {"HOME": str(home)}, settings)
    home.mkdir()
    server.start()
    try:
        yield "ssh", "-F", str(server.config), "-o", "BatchMode=yes", "lab"
    finally:
        server.stop()
