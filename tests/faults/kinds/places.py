"""The sockets or the workspace are removed or moved while the supervisor is up."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from random import Random

from tests.faults.means import done_in, ended, kill_supervisor, still_done
from tests.faults.world import Stage


def socket_removed(stage: Stage, luck: Random) -> None:
    """Remove the socket of a server or of the supervisor."""
    sockets = sorted(stage.workspace.runtime_dir.glob("*.sock"))
    if sockets:
        luck.choice(sockets).unlink(missing_ok=True)
        stage.reachable()


def sockets_folder_removed(stage: Stage, luck: Random) -> None:
    """Remove the folder of the sockets, as a logout does, or make it anew; perhaps the supervisor dies after that."""
    folder = stage.workspace.runtime_dir
    shutil.rmtree(folder, ignore_errors=True)
    if luck.random() < 0.4:
        folder.mkdir(mode=0o700, exist_ok=True)
    if luck.random() < 0.3:
        time.sleep(luck.choice((0.0, 3.0)))
        kill_supervisor(stage)
        stage.be_up()
    stage.reachable()


def workspace_moved(stage: Stage, luck: Random) -> None:
    """Move the workspace away, and back: before anybody notices, while everything stops, or after that."""
    done, supervisor = done_in(stage), stage.supervisor()
    root = stage.workspace.root
    moved = root.with_name("moved")
    root.rename(moved)
    try:
        if (seconds := luck.choice((0.3, 3.5, None, None))) is not None:
            time.sleep(seconds)
        else:
            if luck.random() < 0.3:
                stage.orch("-C", str(moved), "down")
            ended(stage, supervisor)
    finally:
        moved.rename(root)
    stage.be_up()
    still_done(stage, done)


def workspace_cleaned(stage: Stage, luck: Random) -> None:
    """Run `git clean -fdx` in the workspace. Config and plan come back: at once, or after everything has stopped."""
    workspace = stage.workspace
    done, supervisor = done_in(stage), stage.supervisor()
    kept = {path: path.read_bytes() for path in (workspace.config, workspace.plan)}
    for words in (["init", "-q"], ["clean", "-fdqx"]):
        made = subprocess.run(["git", *words], cwd=workspace.root, capture_output=True, env=stage.environ, check=False)
        # What is made anew meanwhile, and a disk of its own, stay.
        assert made.returncode == 0 or os.path.exists(workspace.state), made.stderr
    if luck.random() < 0.7:
        ended(stage, supervisor)
    for path, content in kept.items():
        path.write_bytes(content)
    stage.be_up()
    still_done(stage, done)
