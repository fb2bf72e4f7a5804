"""What `orch demo --keep DIR` leaves running in DIR, and the scripts with which a person uses and stops it."""

from __future__ import annotations

import json
import os
import selectors
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime.daemon import ending
from supervisor.runtime.workspace import WorkspacePaths, remove_runtime_dir
from supervisor.shell.control_client import ControlClient
from supervisor.shell.process import MARK, Identity, identity_of, marked

SERVES_WITHIN = 15.0  # seconds for the model's process to print its address; it takes 0.2
STOPS_WITHIN = 30.0  # seconds for the supervisor to stop all servers; it kills each of them long before
EXITS_WITHIN = 5.0  # seconds from the closed connection to the exit of the supervisor's process

# Runs this same package, wherever it is installed. Not by an environment variable, which the servers would inherit.
_RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from {module} import main; main()"
_MODEL = "model.json"


def start_model(folder: Path, story: str) -> str:
    """Start a model for a story that outlives this process, record it in `folder`, and return its base URL.

    Raises OrchError if it does not start to serve.
    """
    with (folder / "model.log").open("ab") as log:
        process = subprocess.Popen(
            [*_command("supervisor.demo.model"), "--story", story],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env={name: value for name, value in os.environ.items() if name != MARK},  # it belongs to no child
            start_new_session=True,
        )
    identity = identity_of(process.pid)
    if identity is not None:
        (folder / _MODEL).write_text(json.dumps(identity._asdict()), encoding="utf-8")
    assert process.stdout is not None
    with process.stdout as output, selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        url = output.readline().decode().strip() if selector.select(SERVES_WITHIN) else ""
    if not url:
        raise OrchError("the scripted model does not start", f"see {folder / 'model.log'}")
    return url


def write_scripts(folder: Path, workspace: WorkspacePaths, environ: dict[str, str]) -> None:
    """Write the scripts `orch` and `stop` into `folder`.

    `orch` runs this orch for this workspace, with the environment that the servers need.
    """
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environ.items())
    orch = shlex.join([*_command("supervisor.cli.main"), "-C", str(workspace.root)])
    stop = shlex.join([*_command("supervisor.demo.kept"), str(folder)])
    for name, text in (
        ("orch", f'# orch for the workspace of this demo, with the scripted model.\n{exports}exec {orch} "$@"\n'),
        (
            "stop",
            f"# Stop all that the demo left running here: supervisor, servers and the scripted model.\nexec {stop}\n",
        ),
    ):
        path = folder / name
        path.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
        path.chmod(0o755)


def answer_of(workspace: WorkspacePaths, *words: str) -> str:
    """Run an orch command that only looks, and return what it prints, its errors too."""
    done = subprocess.run(
        [*_command("supervisor.cli.main"), "-C", str(workspace.root), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    return done.stdout


def stop_model(folder: Path) -> None:
    """Stop the model that is recorded in `folder`, if it still runs. Raises OrchError if it does not exit."""
    path = folder / _MODEL
    if not path.exists():
        return
    identity = Identity(**json.loads(path.read_text(encoding="utf-8")))
    ending.end_process(identity)
    path.unlink()


def bring_down(workspace: WorkspacePaths) -> None:
    """Stop the supervisor and all servers of a workspace, in whatever state they are.

    Raises OrchError that names what survives.
    """
    supervisor = ending.supervisor_process(workspace)  # look first: it releases its lock before it exits
    with suppress(SupervisorDown), ControlClient(workspace.control_socket) as client:
        client.call("down", now=False)
        client.wait_closed(STOPS_WITHIN)
    ending.end_supervisor(supervisor, EXITS_WITHIN)
    ending.stop_leftovers(workspace, lambda _: None)
    left = [str(one.pid) for one in marked(workspace.mark())]
    if left:
        raise OrchError(f"processes of the demo still run (pid {', '.join(left)})", "kill them with `kill -9`")
    remove_runtime_dir(workspace)


def main() -> None:
    """Run the script `stop`. argv[1] is the folder of the demo."""
    folder = Path(sys.argv[1])
    try:
        bring_down(WorkspacePaths(folder / "workspace"))
        stop_model(folder)
    except OrchError as error:
        sys.exit(f"orch: {error}")
    print(f"everything has stopped; `rm -r {shlex.quote(str(folder))}` removes it")


def _command(module: str) -> list[str]:
    return [sys.executable, "-c", _RUN.format(module=module), str(Path(__file__).parent.parent.parent)]
