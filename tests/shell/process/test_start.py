"""Start servers: what they inherit, and what happens if they cannot start."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from supervisor.errors import CodexError, StoreError
from supervisor.shell.process import (
    MARK,
    ExitStatus,
    spawn,
    wait_exit,
)
from tests.shell.process.ground import Ground

pytestmark = pytest.mark.timeout(5)


@pytest.mark.promise("clean inheritance")
def test_a_server_starts_in_its_own_session_with_a_clean_inheritance(ground: Ground) -> None:
    old_handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    leaked = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(leaked, True)
    try:
        script = (
            "import json, os; status = open('/proc/self/status').read().split();"
            "print(json.dumps({'leads': os.getsid(0) == os.getpgid(0) == os.getpid(), 'cwd': os.getcwd(),"
            "'env': dict(os.environ), 'stdin': os.readlink('/proc/self/fd/0'),"
            "'fds': [fd for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')],"
            "'blocked': status[status.index('SigBlk:') + 1], 'ignored': status[status.index('SigIgn:') + 1]}))"
        )
        server = ground.python(script)
        assert asyncio.run(wait_exit(server)) == ExitStatus(0, None, "exited with code 0")
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.SIGUSR1 in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        os.close(leaked)
        signal.signal(signal.SIGHUP, old_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)
    printed = json.loads(ground.output())
    python_ignores = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    assert int(printed.pop("ignored"), 16) == python_ignores
    assert int(printed.pop("blocked"), 16) == 0
    expected = {**os.environ, "READY": str(ground.folder / "ready"), MARK: ground.mark}
    printed["env"].pop("LC_CTYPE", None)  # Set by Python itself.
    expected.pop("LC_CTYPE", None)
    assert printed == {
        "leads": True,
        "cwd": str(ground.folder),
        "env": expected,
        "stdin": "/dev/null",
        "fds": ["0", "1", "2"],
    }


def test_the_output_is_appended_to_private_files(ground: Ground) -> None:
    for word in ("one", "two"):
        asyncio.run(wait_exit(ground.serve(f"echo {word}; echo {word} >&2")))
    files = [ground.folder / "out", ground.folder / "err"]
    assert [file.read_text(encoding="utf-8") for file in files] == ["one\ntwo\n", "one\ntwo\n"]
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600", "0o600"]


def test_the_error_for_a_server_that_cannot_start_names_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x", encoding="utf-8")
    (tmp_path / "orphan").write_text("#!/no/such/interpreter\n", encoding="utf-8")
    (tmp_path / "garbage").write_bytes(b"\x00\x01\x02")
    for name in ("orphan", "garbage"):
        (tmp_path / name).chmod(0o755)
    setting = "set `codex.bin` in orchestrator.config.yaml to the codex program"

    def refusal(program: str, cwd: Path = tmp_path) -> str:
        out = tmp_path / "out"
        with pytest.raises(CodexError) as error:
            spawn([program], cwd=cwd, env=None, mark="x/y", stdout_path=out, stderr_path=out)
        return str(error.value)

    assert [refusal("no-such-codex"), refusal(f"{tmp_path}/plain"), refusal(f"{tmp_path}/orphan")] == [
        f"there is no program no-such-codex: install codex, or {setting}",
        f"{tmp_path}/plain is not executable: run `chmod u+x {tmp_path}/plain`, or {setting}",
        f"{tmp_path}/orphan names an interpreter that does not exist: install codex again, or {setting}",
    ]
    assert refusal(f"{tmp_path}/garbage") == (
        f"cannot start {tmp_path}/garbage: Exec format error: install codex for this machine, or {setting}"
    )
    assert refusal("sh", tmp_path / "gone") == (
        f"cannot start sh in {tmp_path}/gone: that folder does not exist: "
        "restore it, or take the child out of orchestrator.config.yaml"
    )
    with pytest.raises(StoreError, match=r"cannot open .*/gone/out: No such file or directory"):
        spawn(["sh"], cwd=tmp_path, env=None, mark="x/y", stdout_path=tmp_path / "gone/out", stderr_path=tmp_path / "e")
