"""Processes: the marks of ours, what they do not inherit, and what the system says of one that calls the supervisor.

A mark is an environment variable that a process was started with. It stays visible in the system.
"""

from __future__ import annotations

from typing import NamedTuple

MARK = "ORCH_SERVER"
"""The environment variable of every server and all that it starts. Its value is `<workspace id>/<child>`."""

KEEPER = "ORCH_KEEPER"
"""The environment variable of the keeper of a supervisor's processes. Its value is the workspace id."""

ORCHESTRATOR = "orchestrator"
"""The name of the orchestrator's server, of its thread and of its task state. No child may have it."""


OF_ONE_REPO = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""Variables that point git to one repo, and mislead it in every other one: what `git rev-parse --local-env-vars`
prints, of all versions of git, and the folder of a push that is checked."""


class Ancestor(NamedTuple):
    """A process in the line from a peer up to init."""

    pid: int
    ticks: int  # clock ticks from boot to its start
    mark: str = ""  # the `ORCH_SERVER` that it was started with; a process can choose that of what it starts
    keeper: bool = False  # it was started with an `ORCH_KEEPER`


class Caller(NamedTuple):
    """The other end of a connection. It was alive after all this was read."""

    uid: int
    lineage: tuple[Ancestor, ...]  # itself first, then its parent; empty: it cannot be seen from here
    foreign: tuple[str, ...] = ()  # the kinds of its namespaces that are not ours: "mnt", "net", "pid", "user"


class UnseenCaller(NamedTuple):
    """A peer that the system says too little of."""

    reason: str  # a clause, such as "it ended before it could be looked at"
