"""Real processes: started, waited for, stopped with all they started, and told from strangers."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from supervisor.errors import CodexError, OrchError, StoreError
from supervisor.shell.process import (
    MARK,
    ExitStatus,
    Identity,
    Spawned,
    alive,
    identity_of,
    kill_tree,
    marked,
    rss_bytes,
    spawn,
    start,
    stop_tree,
    sweep,
    table,
    tree_seconds,
    wait_exit,
)
from supervisor.shell.process import stop as stopping
from tests import CHECKOUT

pytestmark = pytest.mark.timeout(5)

NUMBERS = itertools.count()
SAY = '#!/bin/sh\necho $$ > "$READY"\nexec "$@"\n'
"""The program `./say`: tells the test its pid, and with it that all before has happened; then becomes another one."""

SLEEP = "./say sleep 60"


class Ground:
    """A folder in which a test starts servers, hears their pids, and leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"test-{os.getpid()}-{next(NUMBERS)}/api"
        self._fifo = folder / "ready"
        os.mkfifo(self._fifo)
        (folder / "say").write_text(SAY, encoding="utf-8")
        (folder / "say").chmod(0o755)
        self._ready = os.open(self._fifo, os.O_RDWR)
        self._heard = b""
        self.seen: list[Identity] = []
        self.servers: list[Spawned] = []

    def serve(self, *argv: str, mark: str | None = None) -> Spawned:
        """Start a server; one word is a shell script, and python starts with "-c"."""
        command = ("/bin/sh", "-c", *argv) if len(argv) == 1 else argv
        server = spawn(
            command,
            cwd=self.folder,
            env={**os.environ, "READY": str(self._fifo)},
            mark=self.mark if mark is None else mark,
            stdout_path=self.folder / "out",
            stderr_path=self.folder / "err",
        )
        self.servers.append(server)
        self.seen.append(server.identity)
        return server

    def python(self, script: str) -> Spawned:
        return self.serve(sys.executable, "-c", script)

    def said(self, count: int) -> list[int]:
        """The next pids told to the test."""
        deadline = time.monotonic() + 4
        while self._heard.count(b"\n") < count:
            assert select.select([self._ready], [], [], deadline - time.monotonic())[0], f"heard only {self._heard!r}"
            self._heard += os.read(self._ready, 4096)
        *lines, self._heard = self._heard.split(b"\n", count)
        return [int(line) for line in lines]

    def heard(self, count: int) -> list[Identity]:
        """The next processes that said their pid, in the order of their pids."""
        found = [identity for pid in self.said(count) if (identity := identity_of(pid))]
        assert len(found) == count
        self.seen += found
        return sorted(found, key=lambda one: one.pid)

    def living(self) -> list[Identity]:
        """Which of all the processes of this test still live."""
        return [one for one in dict.fromkeys(self.seen) if alive(one)]

    def output(self) -> str:
        return (self.folder / "out").read_text(encoding="utf-8")

    def leave(self) -> None:
        for one in self.living():
            os.kill(one.pid, signal.SIGKILL)
        for server in self.servers:
            server.popen.wait(timeout=4)
        os.close(self._ready)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    it = Ground(tmp_path)
    yield it
    it.leave()


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
    told = json.loads(ground.output())
    python_ignores = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    assert int(told.pop("ignored"), 16) == python_ignores
    assert int(told.pop("blocked"), 16) == 0
    expected = {**os.environ, "READY": str(ground.folder / "ready"), MARK: ground.mark}
    told["env"].pop("LC_CTYPE", None)  # Python's own.
    expected.pop("LC_CTYPE", None)
    assert told == {
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


def test_a_server_that_cannot_start_is_told_with_the_next_step(tmp_path: Path) -> None:
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


@pytest.mark.promise("deaths explained")
def test_every_end_is_told(ground: Ground) -> None:
    async def ends() -> list[ExitStatus]:
        scripts = ("exit 0", "exit 7", "kill -KILL $$", "kill -TERM $$", "kill -40 $$")
        return [await wait_exit(ground.serve(script)) for script in scripts]

    assert asyncio.run(ends()) == [
        ExitStatus(0, None, "exited with code 0"),
        ExitStatus(7, None, "exited with code 7"),
        ExitStatus(None, "SIGKILL", "killed by SIGKILL"),
        ExitStatus(None, "SIGTERM", "killed by SIGTERM"),
        ExitStatus(None, "signal 40", "killed by signal 40"),
    ]


@pytest.mark.promise("deaths explained")
def test_a_server_that_the_system_may_have_killed_for_want_of_memory_is_told_so(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = ground.folder / "vmstat"
    monkeypatch.setattr(start, "VMSTAT", counts)

    def ended(sig: signal.Signals, before: str, after: str) -> str:
        counts.write_text(before, encoding="ascii")
        server = ground.serve(f"exec {SLEEP}")
        ground.heard(1)
        counts.write_text(after, encoding="ascii")
        os.kill(server.identity.pid, sig)
        return asyncio.run(wait_exit(server)).text

    kills = "pgfault 9\noom_kill {}\n"
    short = "killed by SIGKILL (the system ran out of memory since it was started, and kills processes then)"
    assert ended(signal.SIGKILL, kills.format(3), kills.format(4)) == short
    assert ended(signal.SIGKILL, kills.format(4), kills.format(4)) == "killed by SIGKILL"
    assert ended(signal.SIGTERM, kills.format(4), kills.format(5)) == "killed by SIGTERM"
    assert ended(signal.SIGKILL, "pgfault 9\n", "pgfault 9\n") == "killed by SIGKILL"


def test_all_who_wait_for_one_server_hear_the_same(ground: Ground) -> None:
    async def wait() -> list[ExitStatus]:
        server = ground.serve(f"exec {SLEEP}")
        waiting = [asyncio.create_task(wait_exit(server)) for _ in range(3)]
        await asyncio.sleep(0)
        ground.heard(1)
        os.kill(server.identity.pid, signal.SIGKILL)
        return [*(await asyncio.gather(*waiting)), await wait_exit(server)]

    assert asyncio.run(wait()) == [ExitStatus(None, "SIGKILL", "killed by SIGKILL")] * 4


@pytest.mark.promise("deaths explained")
def test_how_an_adopted_server_ended_is_said_to_be_unknown(ground: Ground) -> None:
    async def wait(identity: Identity) -> ExitStatus:
        waiting = asyncio.create_task(wait_exit(identity))
        await asyncio.sleep(0)
        os.kill(identity.pid, signal.SIGKILL)
        return await waiting

    ground.serve(f"{SLEEP} & read go")
    (server,) = ground.heard(1)
    unknown = ExitStatus(None, None, "ended (exit status unknown: it was not started by this supervisor)")
    assert asyncio.run(wait(server)) == unknown
    assert asyncio.run(wait_exit(server)) == unknown


def test_a_server_that_this_process_started_as_another_program_is_reaped_and_explained(ground: Ground) -> None:
    server = ground.serve("read go; exit 3").identity  # who became another program has the process, and no more
    assert asyncio.run(wait_exit(server)) == ExitStatus(3, None, "exited with code 3")
    with pytest.raises(ChildProcessError):
        os.waitpid(server.pid, 0)


def test_a_status_that_somebody_else_took_is_said_to_be_unknown(ground: Ground) -> None:
    server = ground.serve("exit 3")
    os.waitpid(server.identity.pid, 0)
    assert asyncio.run(wait_exit(server)) == ExitStatus(
        None, None, "ended (exit status unknown: another part of this process took it)"
    )


def test_the_end_of_a_server_is_told_at_once_with_what_it_left_in_its_session(ground: Ground) -> None:
    # The one left holds the server's output, and carries no mark.
    server = ground.serve(f'env -i READY="$READY" {SLEEP} & read go; exit 3')
    server_ended = asyncio.run(wait_exit(server))
    (left,) = ground.heard(1)
    assert server_ended == ExitStatus(3, None, "exited with code 3", (left,))
    assert asyncio.run(sweep(ground.mark)) == ()
    assert asyncio.run(sweep(ground.mark, server_ended.left)) == (left,)
    assert ground.living() == []


def test_a_polite_server_is_stopped_without_being_killed(ground: Ground) -> None:
    server = ground.serve(f"{SLEEP} & exec {SLEEP}")
    ground.heard(2)
    started = time.monotonic()
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=4)) == ()
    assert time.monotonic() - started < 2
    assert ground.living() == []
    assert asyncio.run(wait_exit(server)) == ExitStatus(None, "SIGTERM", "killed by SIGTERM")


DRAINING = """
import os, signal, time
count = 0
def drain(*_):
    global count
    count += 1
    print("SIGTERM", count, flush=True)
    if count == 2:
        os._exit(0)
signal.signal(signal.SIGTERM, drain)
open(os.environ["READY"], "w").write(f"{os.getpid()}\\n")
while True:
    time.sleep(60)
"""


def test_a_server_that_drains_on_the_first_signal_is_asked_a_second_time(ground: Ground) -> None:
    server = ground.python(DRAINING)
    ground.heard(1)
    started = time.monotonic()
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=4)) == ()
    assert time.monotonic() - started < 2
    assert asyncio.run(wait_exit(server)) == ExitStatus(0, None, "exited with code 0")
    assert ground.output() == "SIGTERM 1\nSIGTERM 2\n"


def test_a_server_that_was_already_signalled_is_asked_only_once_more(ground: Ground) -> None:
    server = ground.python(DRAINING)
    ground.heard(1)
    os.kill(server.identity.pid, signal.SIGTERM)
    while ground.output() != "SIGTERM 1\n":
        time.sleep(0.01)
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=4, already_signalled=True)) == ()
    assert ground.output() == "SIGTERM 1\nSIGTERM 2\n"


def test_a_stubborn_tree_is_killed_when_its_grace_is_over(ground: Ground) -> None:
    server = ground.serve(f"trap '' TERM; {SLEEP} & setsid {SLEEP} & exec {SLEEP}")
    three = ground.heard(3)
    started = time.monotonic()
    killed = asyncio.run(stop_tree(server.identity, ground.mark, grace=0.5))
    assert 0.5 <= time.monotonic() - started < 2
    assert sorted(killed, key=lambda one: one.pid) == three
    assert ground.living() == []


def test_whatever_a_server_started_ends_with_it(ground: Ground) -> None:
    bare = f'env -i READY="$READY" {SLEEP}'
    server = ground.serve(
        f"""
        {SLEEP} &                                   # a child
        setsid {SLEEP} &                            # in a session of its own
        setsid {bare} &                             # and without our mark
        {bare} &                                    # without our mark
        (trap '' TERM; {SLEEP} & exec setsid {bare}) &     # stubborn ones
        (setsid {SLEEP} & exit) &                   # an orphan
        exec {SLEEP}
        """
    )
    processes = ground.heard(8)
    os.kill(processes[3].pid, signal.SIGSTOP)
    asyncio.run(stop_tree(server.identity, ground.mark, grace=2))
    assert ground.living() == []


def test_a_stopped_server_gets_to_see_that_it_shall_end(ground: Ground) -> None:
    server = ground.serve(f"trap 'echo polite; exit 0' TERM; {SLEEP} & wait")
    ground.heard(1)
    os.kill(server.identity.pid, signal.SIGSTOP)
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=2)) == ()
    assert (ground.output(), ground.living()) == ("polite\n", [])


@pytest.mark.promise("whole trees stopped")
def test_a_server_that_forks_while_it_is_being_killed_leaves_nothing(ground: Ground) -> None:
    forking = "trap '' TERM; ./say true; while :; do sleep 60 & setsid sleep 60 & sleep 0.01; done"
    server = ground.serve(f"{forking} & {forking}")
    ground.said(2)
    asyncio.run(kill_tree(server.identity, ground.mark))
    assert marked(ground.mark) == []


@pytest.mark.promise("leftovers swept")
def test_what_outlives_its_server_is_found_and_killed(ground: Ground) -> None:
    bare = f'env -i READY="$READY" {SLEEP}'
    server = ground.serve(f"{SLEEP} & setsid {SLEEP} & {bare} & exec {SLEEP}")
    processes = ground.heard(4)
    os.kill(server.identity.pid, signal.SIGKILL)
    server.popen.wait(timeout=4)  # Reaped: even its number is free, but for its session.
    assert len(ground.living()) == 3
    killed = asyncio.run(stop_tree(server.identity, ground.mark, grace=0))
    assert {*killed, server.identity} == set(processes)
    assert ground.living() == []


@pytest.mark.promise("leftovers swept")
def test_a_sweep_takes_one_servers_leftovers_and_not_its_neighbours(ground: Ground) -> None:
    near = ground.mark + "-web"
    for mark in (ground.mark, near):
        ground.serve(f"setsid {SLEEP} & exit 0", mark=mark)
    both = ground.heard(2)
    mine, theirs = marked(ground.mark), marked(near)
    family = ground.mark.removesuffix("api")
    assert sorted([*mine, *theirs], key=lambda one: one.pid) == both
    assert marked(family) == both
    assert asyncio.run(sweep(ground.mark)) == tuple(mine)
    assert ground.living() == theirs
    assert asyncio.run(sweep(family)) == tuple(theirs)
    assert asyncio.run(sweep(family)) == ()


@pytest.mark.promise("no stranger killed")
def test_a_stranger_with_the_same_pid_is_never_signalled(ground: Ground) -> None:
    stranger = ground.serve(f"trap 'echo signalled' TERM CONT; {SLEEP} & wait; wait", mark="somebody/else")
    ground.heard(1)
    for other in (
        stranger.identity._replace(ticks=stranger.identity.ticks - 1),
        stranger.identity._replace(boot="another boot"),
    ):
        assert not alive(other)
        assert asyncio.run(stop_tree(other, ground.mark, grace=0.2)) == ()
        assert asyncio.run(kill_tree(other, ground.mark)) == ()
        assert asyncio.run(wait_exit(other)).code is None
    assert (len(ground.living()), ground.output()) == (2, "")


def test_a_session_that_others_may_own_by_now_is_left_alone(ground: Ground) -> None:
    """The number of our ended server was given to a stranger, who left a daemon in a session of that number."""
    stranger = ground.serve(f"{SLEEP} & exit 0", mark="somebody/else")
    stranger.popen.wait(timeout=4)
    (daemon,) = ground.heard(1)
    ours = stranger.identity._replace(ticks=stranger.identity.ticks - 1)
    assert asyncio.run(kill_tree(ours, ground.mark)) == ()
    assert ground.living() == [daemon]


def test_what_survives_is_named(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ground.serve(f"exec {SLEEP}")
    ground.heard(1)
    monkeypatch.setattr(stopping, "open_handle", lambda _: None)
    monkeypatch.setattr(os, "killpg", lambda *_: None)
    monkeypatch.setattr(stopping, "KILL_WAIT", 0.05)
    pid = server.identity.pid
    with pytest.raises(OrchError) as error:
        asyncio.run(kill_tree(server.identity, ground.mark))
    assert str(error.value) == (
        f"the server {ground.mark} left processes that survive SIGKILL (pid {pid}): "
        f"see what they wait for with `ps -o pid,stat,wchan:32,args -p {pid}`, then try again"
    )


@pytest.mark.promise("whole trees stopped")
def test_many_servers_are_stopped_side_by_side(ground: Ground) -> None:
    marks = [f"{ground.mark}-{number}" for number in range(32)]
    servers = [ground.serve(f"trap '' TERM; setsid {SLEEP} & exec {SLEEP}", mark=mark) for mark in marks]
    ground.heard(64)

    async def stop_all() -> None:
        async with asyncio.TaskGroup() as group:
            for server, mark in zip(servers, marks, strict=True):
                group.create_task(stop_tree(server.identity, mark, grace=0.5))

    started = time.monotonic()
    asyncio.run(stop_all())
    assert time.monotonic() - started < 4  # One after the other they would take 16 s; alone on 2 cores they take 0.6.
    assert ground.living() == []


def test_the_time_that_the_commands_of_a_server_take_is_told_and_its_own_is_not(ground: Ground) -> None:
    burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"
    busy = ground.serve("sh", "-c", f"(sh -c '{burn}'; exec ./say sleep 60) & wait")
    ground.said(1)
    idle = ground.serve("sh", "-c", f"{burn}; exec ./say sleep 60")
    ground.said(1)

    assert (tree_seconds(busy.identity) or 0) > 0.02
    assert tree_seconds(idle.identity) == 0
    assert tree_seconds(Identity(1, 0, "another boot")) is None


def test_we_never_find_ourselves_marked(ground: Ground) -> None:
    script = f"from supervisor.shell.process import marked; print(marked({ground.mark!r}))"
    root = str(CHECKOUT)
    asyncio.run(wait_exit(ground.python(f"import sys; sys.path.insert(0, {root!r}); {script}")))
    assert ground.output() == "[]\n"


@pytest.mark.promise("no stranger killed")
def test_a_zombie_is_not_alive(ground: Ground) -> None:
    server = ground.serve("exit 0")
    os.waitid(os.P_PID, server.identity.pid, os.WEXITED | os.WNOWAIT)
    assert (identity_of(server.identity.pid), alive(server.identity), marked(ground.mark)) == (None, False, [])


def test_a_process_whose_main_thread_ended_is_alive_while_another_runs(ground: Ground) -> None:
    server = ground.python(
        "import ctypes, os, threading, time\n"
        "def work():\n"
        "    while open('/proc/self/stat').read().split()[2] != 'Z': time.sleep(0.01)\n"
        "    open(os.environ['READY'], 'w').write(f'{os.getpid()}\\n')\n"
        "    time.sleep(60)\n"
        "threading.Thread(target=work).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    assert ground.heard(1) == [server.identity]
    asyncio.run(kill_tree(server.identity, ground.mark))
    assert ground.living() == []


def test_a_name_with_brackets_and_spaces_hides_nobody(ground: Ground) -> None:
    (ground.folder / "a) Z 1 (b").symlink_to("/bin/sleep")
    server = ground.serve("exec './say' './a) Z 1 (b' 60")
    ground.heard(1)
    assert identity_of(server.identity.pid) == server.identity
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=2)) == ()


@pytest.mark.promise("no stranger killed")
def test_identity_names_a_process_of_this_boot_that_started_when_it_did() -> None:
    own = identity_of(os.getpid())
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    ticks = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
    assert own == Identity(os.getpid(), ticks, boot)
    assert identity_of(1 << 30) is None


def test_resident_memory_is_measured_in_bytes() -> None:
    measured = rss_bytes(os.getpid())
    assert measured is not None
    assert abs(measured - psutil.Process().memory_info().rss) < 4 << 20
    assert rss_bytes(1 << 30) is None


def without_pidfd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")


def without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.setattr(table, "_has_proc", lambda: False)


@pytest.mark.parametrize("lack", [without_pidfd, without_proc])
def test_systems_without_pidfd_or_proc_are_served_too(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, lack: Callable[[pytest.MonkeyPatch], None]
) -> None:
    lack(monkeypatch)
    server = ground.serve(f"trap '' TERM; setsid {SLEEP} & exec {SLEEP}")
    ground.heard(2)
    assert alive(server.identity)
    assert len(marked(ground.mark)) == 2
    killed = asyncio.run(stop_tree(server.identity, ground.mark, grace=0.2))
    assert (len(killed), marked(ground.mark), alive(server.identity)) == (2, [], False)
    assert asyncio.run(wait_exit(server)) == ExitStatus(None, "SIGKILL", "killed by SIGKILL")


def test_nothing_stays_open_after_servers_came_and_went(ground: Ground) -> None:
    async def come_and_go() -> None:
        server = ground.serve(f"exec {SLEEP}")
        waiting = asyncio.create_task(wait_exit(server))
        await stop_tree(server.identity, ground.mark, grace=1)
        await waiting

    asyncio.run(come_and_go())
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        asyncio.run(come_and_go())
    assert len(os.listdir("/proc/self/fd")) <= before
