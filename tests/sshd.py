"""A real sshd on loopback, for one key, as the user who runs the tests."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import require

READY_WITHIN = 10.0  # seconds until sshd listens; it takes 0.05


@contextmanager
def serving(folder: Path, settings: str = "") -> Iterator[tuple[str, ...]]:
    """Start an sshd whose files lie in `folder`, with more settings; yield the words of the `ssh` command that reaches
    it."""
    sshd = require("sshd")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd of root insists on it
    for key in ("host", "user"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
        subprocess.run(words, check=True, timeout=30)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "home").mkdir()  # the shell there reads no startup files of the person who runs this
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nPasswordAuthentication no\n"
        f"SetEnv HOME={folder}/home\n{settings}\n",
        encoding="utf-8",
    )
    server = subprocess.Popen([sshd, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log")])
    try:
        _wait_until_it_listens(port, server)
        options = [f"IdentityFile={folder}/user", "IdentitiesOnly=yes", "StrictHostKeyChecking=no", "BatchMode=yes"]
        options += [f"UserKnownHostsFile={folder}/known", "LogLevel=ERROR"]
        user = pwd.getpwuid(os.geteuid()).pw_name
        yield (
            "ssh",
            "-F",
            "none",
            "-p",
            str(port),
            *(word for one in options for word in ("-o", one)),
            f"{user}@127.0.0.1",
        )
    finally:
        server.terminate()
        server.wait(10)


def _wait_until_it_listens(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN
    while True:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, "sshd ended"
        assert time.monotonic() < until, "sshd does not listen"
        time.sleep(0.02)
