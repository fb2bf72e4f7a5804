"""The event by which a supervisor takes over, with what the config decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from supervisor import __version__
from supervisor.domain.event import SupervisorStarted
from supervisor.runtime.config.model import Config


def started(config: Config, pid: int, running: Iterable[str], at: datetime, last: datetime | None) -> SupervisorStarted:
    """Return it for this config. `running`: the servers that were found alive; `last`: when the last event happened."""
    return SupervisorStarted(
        at,
        pid,
        __version__,
        (*config.children, config.orchestrator),
        tuple(running),
        config.limits.retry_seconds,
        config.rules,
        config.notify.on if config.notify else (),
        config.plan_budget,
        config.task_budget,
        last=last,
        pause_seconds=config.limits.pause_seconds,
        stall_minutes=config.limits.stall_minutes,
        leftover_seconds=config.limits.leftover_seconds,
        exclude_tmp=config.exclude_tmp,
        exclude_roots=config.exclude_roots,
        confined=config.confined,
        surprise=config.surprise,
        parallel=config.limits.parallel,
        ready_seconds=config.limits.ready_seconds,
        trusted_git=tuple(name for name, trusts in config.trusted_git.items() if trusts),
    )
