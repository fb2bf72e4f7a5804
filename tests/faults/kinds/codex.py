"""What belongs to Codex is damaged: the file of a thread, or config.toml."""

from __future__ import annotations

import subprocess
import time
from random import Random

from tests.e2e.stdio import codex_binary
from tests.faults.means import Skip, kill, servers_of
from tests.faults.world import SLOW, Stage


def thread_damaged(stage: Stage, luck: Random) -> None:
    """Empty the file of a thread of ours, or archive the thread, while everything is down. A human takes a new one."""
    threads = sorted(one["thread"] for one in stage.reachable()["children"] if one["thread"])
    stage.orch("down")
    if threads:
        thread = luck.choice(threads)
        for file in stage.home.glob(f"sessions/**/*{thread}.jsonl"):
            if luck.random() < 0.6:
                stage.spoilt.setdefault(thread, file.read_text(encoding="utf-8"))
                file.write_bytes(b"")
            else:
                done = subprocess.run(
                    [codex_binary(), "archive", thread],
                    env=stage.environ,
                    cwd=stage.folder,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=SLOW,
                    stdin=subprocess.DEVNULL,
                )
                if done.returncode != 0:
                    stage.be_up()
                    raise Skip(f"codex does not archive the thread: {done.stderr.strip()[-200:]}")
    stage.be_up()


def codex_config_broken(stage: Stage, luck: Random) -> None:
    """Break config.toml, let a server start with it, and mend it. The file is named as the cause meanwhile."""
    config = stage.home / "config.toml"
    kept = config.read_bytes()
    config.write_bytes(kept + b"broken = [\n")
    try:
        for pid in servers_of(stage)[: luck.choice((1, 1, 9))]:
            kill(pid)
        time.sleep(luck.choice((0.2, 1.5)))
        told = stage.orch("up", check=False)
        assert told.returncode == 0 or f"{config}:" in told.stdout + told.stderr, told
    finally:
        config.write_bytes(kept)
    stage.orch("up", check=False)
