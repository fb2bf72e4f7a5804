"""Other process supervisors, unmodified, each in its own environment: what they take to start the same servers, to
report their state, and at rest. A peer that is not available is reported and not left out."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from tests.bench import floor
from tests.bench.rows import HOMES, median, timed

PYTHON_PEERS = {"supervisord": "supervisor==4.3.0", "circus": "circus==0.19.0", "honcho": "honcho==2.0.0"}
NODE_PEERS = {"pm2": "pm2@7.0.4"}
CLIENTS = ("openai-codex==0.163.0", "codex-autorunner==2.2.3")
NAMES = (*PYTHON_PEERS, *NODE_PEERS)
ABSENT = {"process-compose": "neither PyPI nor npm nor Debian has it"}
"""Peers that no package registry has, and why they are not measured."""
INSTALL_WITHIN = 300  # seconds
READY_WITHIN = 60.0  # seconds for all servers of a peer
END_WITHIN = 20.0  # seconds for a peer to end what it started
SETTLE = 2.0  # seconds from the last start to the look at one that rests


class Missing(Exception):
    """Why a peer is not available."""


@dataclass(frozen=True)
class Programs:
    """The servers to run: a command line and a folder for each, their sockets, and the environment."""

    commands: Sequence[Sequence[str]]
    folders: Sequence[Path]
    sockets: Sequence[str]
    environ: Mapping[str, str]


@contextmanager
def programs(codex: str, folders: Sequence[Path], environ: Mapping[str, str]) -> Iterator[Programs]:
    """The same servers that the floor starts."""
    with tempfile.TemporaryDirectory(prefix="peer") as place:
        sockets = [f"{place}/{number}" for number in range(len(folders))]
        commands = [[codex, "app-server", "--listen", f"unix://{path}"] for path in sockets]
        yield Programs(commands, folders, sockets, environ)


def versions() -> str:
    """All peers with the versions that are measured, and those that cannot be had."""
    pinned = [*PYTHON_PEERS.values(), *NODE_PEERS.values(), *CLIENTS]
    had = ", ".join(one.replace("==", " ").replace("@", " ") for one in pinned)
    return f"{had}; not {', '.join(f'{name} ({why})' for name, why in ABSENT.items())}"


@cache
def folder_of(name: str) -> Path:
    """The folder of a peer's programs. Installs the peer if it is not there yet. Raises Missing."""
    home = HOMES / "peers"
    home.mkdir(parents=True, exist_ok=True)
    try:
        if name in PYTHON_PEERS:
            if not (home / "venv" / "bin" / name).exists() and not (home / "venv" / "bin" / f"{name}d").exists():
                subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True, timeout=INSTALL_WITHIN)
                words = ["-m", "pip", "install", "-q", *PYTHON_PEERS.values(), "setuptools<81"]
                _install([str(home / "venv" / "bin" / "python"), *words])
            return home / "venv" / "bin"
        if name == "clients":
            if not (home / name).exists():
                subprocess.run([sys.executable, "-m", "venv", home / name], check=True, timeout=INSTALL_WITHIN)
                _install([str(home / name / "bin" / "python"), "-m", "pip", "install", "-q", *CLIENTS])
            return home / name / "bin"
        if shutil.which("npm") is None:
            raise Missing("there is no npm")
        if not (home / "node_modules" / ".bin" / name).exists():
            _install(["npm", "install", "--silent", "--no-audit", "--prefix", str(home), NODE_PEERS[name]])
        return home / "node_modules" / ".bin"
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"it cannot be installed ({type(error).__name__})") from error


def _install(words: Sequence[str]) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=INSTALL_WITHIN)


@contextmanager
def running(name: str, todo: Programs) -> Iterator[tuple[float, psutil.Process, list[str]]]:
    """Run a peer with these servers, and stop all of it at the end.

    Yields the milliseconds until all servers answered, the peer's process, and the command that shows their state
    (empty: it has none). Raises Missing.
    """
    programs_at = folder_of(name)
    with tempfile.TemporaryDirectory(prefix="peer") as text:
        place = Path(text)
        environ = {**todo.environ, "PM2_HOME": str(place / "pm2"), "PATH": f"{programs_at}:{todo.environ['PATH']}"}
        start, ask = _written(name, place, programs_at, todo)
        began = time.perf_counter()
        with (place / "output").open("wb") as output:
            process = subprocess.Popen(
                start,
                env=environ,
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            asyncio.run(asyncio.wait_for(floor.greet_all(list(todo.sockets)), READY_WITHIN))
            took = (time.perf_counter() - began) * 1000
            yield took, _itself(name, process, place), ask
        except TimeoutError as error:
            last = (place / "output").read_text("utf-8", "replace").strip().splitlines()[-1:]
            raise Missing(f"not ready within {READY_WITHIN:g} s {last}") from error
        finally:
            _end(name, process, programs_at, environ, todo)


def _written(name: str, place: Path, at: Path, todo: Programs) -> tuple[list[str], list[str]]:
    """Write the peer's own configuration. Returns the command that starts it and the one that shows the state."""
    each = list(zip(todo.commands, todo.folders, strict=True))
    match name:
        case "supervisord":
            parts = [
                f"[supervisord]\nnodaemon=true\nlogfile={place}/log\npidfile={place}/pid\nchildlogdir={place}\n"
                f"[unix_http_server]\nfile={place}/s\n[supervisorctl]\nserverurl=unix://{place}/s\n"
                "[rpcinterface:supervisor]\n"
                "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
            ]
            parts += [
                f"[program:c{number}]\ncommand={' '.join(command)}\ndirectory={folder}\n"
                for number, (command, folder) in enumerate(each)
            ]
            (place / "conf").write_text("".join(parts), encoding="utf-8")
            return [str(at / name), "-c", f"{place}/conf"], [str(at / "supervisorctl"), "-c", f"{place}/conf", "status"]
        case "circus":
            parts = [
                f"[circus]\nendpoint = ipc://{place}/e\npubsub_endpoint = ipc://{place}/p\nstatsd = False\n",
                *(
                    f"[watcher:c{number}]\ncmd = {' '.join(command)}\nworking_dir = {folder}\ncopy_env = True\n"
                    for number, (command, folder) in enumerate(each)
                ),
            ]
            (place / "conf.ini").write_text("".join(parts), encoding="utf-8")
            ask = [str(at / "circusctl"), "--endpoint", f"ipc://{place}/e", "status"]
            return [str(at / "circusd"), f"{place}/conf.ini"], ask
        case "honcho":
            lines = [f"c{n}: cd {folder} && exec {' '.join(words)}\n" for n, (words, folder) in enumerate(each)]
            (place / "Procfile").write_text("".join(lines), encoding="utf-8")
            return [str(at / "honcho"), "-f", f"{place}/Procfile", "start"], []
    apps = [
        {"name": f"c{n}", "script": words[0], "args": words[1:], "cwd": str(folder), "interpreter": "none"}
        for n, (words, folder) in enumerate(each)
    ]
    (place / "eco.json").write_text(json.dumps({"apps": apps}), encoding="utf-8")
    return [str(at / "pm2"), "start", f"{place}/eco.json"], [str(at / "pm2"), "jlist"]


def _itself(name: str, process: subprocess.Popen[bytes], place: Path) -> psutil.Process:
    """The process that stays. Of pm2 it is not the one that was started."""
    if name == "pm2":
        return psutil.Process(int((place / "pm2" / "pm2.pid").read_text()))
    return psutil.Process(process.pid)


def _end(name: str, process: subprocess.Popen[bytes], at: Path, environ: Mapping[str, str], todo: Programs) -> None:
    if name == "pm2":
        subprocess.run([at / "pm2", "kill"], env=dict(environ), capture_output=True, timeout=END_WITHIN, check=False)
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_WITHIN)
    ours = {f"unix://{path}" for path in todo.sockets}
    for one in psutil.process_iter(["cmdline"]):
        if ours & set(one.info["cmdline"] or ()):
            with suppress(psutil.Error):
                one.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(END_WITHIN)


@dataclass(frozen=True)
class Figures:
    """What a peer takes: milliseconds to start all and to show their state; at rest, megabytes, and milliseconds of CPU
    and context switches per second."""

    up: float
    status: float | None
    memory: float
    cpu: float
    switches: float


def up_of(name: str, todo: Programs, rounds: int) -> float | str:
    """The median of the milliseconds until all servers answered, or why there is none."""
    try:
        took = []
        for _ in range(rounds):
            with running(name, todo) as (one, _, _):
                took.append(one)
        return median(took)
    except Missing as error:
        return f"skipped: {error}"


def figures_of(name: str, todo: Programs, rounds: int, rest: float) -> Figures | str:
    """Measure one start, some requests, and `rest` seconds of rest; or return why that is not possible."""
    try:
        with running(name, todo) as (up, itself, ask):
            asked = (
                [
                    timed(lambda: subprocess.run(ask, env=_asking(name, todo, itself), check=True, capture_output=True))
                    for _ in range(rounds)
                ]
                if ask
                else []
            )
            time.sleep(SETTLE)
            cpu, switches = sum(itself.cpu_times()[:2]), sum(itself.num_ctx_switches())
            time.sleep(rest)
            spent = (sum(itself.cpu_times()[:2]) - cpu) / rest * 1000
            woken = (sum(itself.num_ctx_switches()) - switches) / rest
            return Figures(up, median(asked) if asked else None, itself.memory_info().rss / 2**20, spent, woken)
    except (Missing, subprocess.SubprocessError, psutil.Error) as error:
        return f"skipped: {error}"


def _asking(name: str, todo: Programs, itself: psutil.Process) -> dict[str, str]:
    return {**todo.environ, **({"PM2_HOME": itself.environ()["PM2_HOME"]} if name == "pm2" else {})}


def help_of(name: str) -> tuple[Path, str] | str:
    """The words of `NAME --help`, or why there are none."""
    try:
        return folder_of(name) / {"circus": "circusctl"}.get(name, name), "--help"
    except Missing as error:
        return f"skipped: {error}"
