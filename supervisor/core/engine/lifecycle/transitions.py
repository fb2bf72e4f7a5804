"""The states of servers, tasks and turns as tables: trigger by state. A missing row is a bug and raises.

A trigger is what an event means for one state machine. Late and stale triggers have rows that lead back to the same
state.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum, auto
from typing import TypeVar

from supervisor.domain.server import ServerState as S
from supervisor.domain.task import Phase as P
from supervisor.domain.task import Pulse


class ServerTrigger(StrEnum):
    """What moves a server from one state to another; a column of the table below."""

    ENSURE = auto()  # we are about to start or adopt it
    READY = auto()
    BACK_OFF = auto()  # it died or did not start, and is tried again later
    GIVE_UP = auto()  # it died too often, or cannot start until a human acts
    UNRESPONSIVE = auto()
    RESPONDED = auto()
    STOP = auto()  # we are about to stop it
    STOPPED = auto()
    STOP_FAILED = auto()
    RESET = auto()  # a new supervisor, or a human, starts over


class TaskTrigger(StrEnum):
    """What moves the execution of a task from one phase to another."""

    START = auto()  # we are about to start a turn
    BEGUN = auto()  # the turn is confirmed
    INTERRUPT = auto()  # we are about to interrupt the turn
    INTERRUPT_FAILED = auto()
    COMPLETED = auto()  # the turn ended; the checks come next
    CUT = auto()  # the turn was cut off; another one continues it
    ASK = auto()  # a human has to say how to continue
    MERGE = auto()  # its changes are to go into the child's work tree
    GO_ON = auto()  # another turn is to be started
    FINISH = auto()
    BLOCK = auto()
    FAIL = auto()
    REOPEN = auto()  # it failed together with the work of others
    TAKEN_BACK = auto()  # its changes were taken out of the files
    BROUGHT_BACK = auto()  # and put back


class PulseTrigger(StrEnum):
    """What the looks at a running turn say about its life."""

    SIGN = auto()  # a sign of life, or the end of a time in which none was due
    BUSY = auto()  # no sign, but its commands use the CPU
    SILENT = auto()  # neither
    NUDGE = auto()  # we are about to ask for a sign


State = TypeVar("State", bound=Enum)

SETTLED = (P.ASKING, P.DONE, P.BLOCKED, P.FAILED)

SERVER_TRANSITIONS: Mapping[ServerTrigger, Mapping[S, S]] = {
    ServerTrigger.ENSURE: {S.STOPPED: S.STARTING, S.BACKOFF: S.STARTING},
    ServerTrigger.READY: {S.STARTING: S.READY, S.STOPPING: S.STOPPING, S.STOPPED: S.STOPPED},
    ServerTrigger.BACK_OFF: {
        S.STARTING: S.BACKOFF,
        S.READY: S.BACKOFF,
        S.UNHEALTHY: S.BACKOFF,
        S.BACKOFF: S.BACKOFF,
        S.STOPPING: S.STOPPING,
        S.STOPPED: S.STOPPED,
        S.FAILED: S.FAILED,
    },
    ServerTrigger.GIVE_UP: {
        S.STARTING: S.FAILED,
        S.READY: S.FAILED,
        S.UNHEALTHY: S.FAILED,
        S.BACKOFF: S.FAILED,
        S.STOPPING: S.STOPPING,
        S.STOPPED: S.STOPPED,
        S.FAILED: S.FAILED,
    },
    ServerTrigger.UNRESPONSIVE: {S.READY: S.UNHEALTHY, S.UNHEALTHY: S.UNHEALTHY, S.STOPPING: S.STOPPING},
    ServerTrigger.RESPONDED: {S.READY: S.READY, S.UNHEALTHY: S.READY, S.STOPPING: S.STOPPING},
    ServerTrigger.STOP: dict.fromkeys(S, S.STOPPING),
    ServerTrigger.STOPPED: dict.fromkeys(S, S.STOPPED),
    ServerTrigger.STOP_FAILED: dict.fromkeys(S, S.FAILED),
    ServerTrigger.RESET: dict.fromkeys(S, S.STOPPED),
}

TASK_TRANSITIONS: Mapping[TaskTrigger, Mapping[P, P]] = {
    TaskTrigger.START: {
        P.IDLE: P.STARTING,
        P.CHECKING: P.STARTING,
        P.ASKING: P.STARTING,
        P.DONE: P.STARTING,
        P.BLOCKED: P.STARTING,
        P.FAILED: P.STARTING,
    },
    TaskTrigger.BEGUN: {P.STARTING: P.WORKING},
    TaskTrigger.INTERRUPT: {P.WORKING: P.STOPPING},
    TaskTrigger.INTERRUPT_FAILED: {P.STOPPING: P.WORKING},
    TaskTrigger.COMPLETED: {P.WORKING: P.CHECKING, P.STOPPING: P.CHECKING},
    TaskTrigger.CUT: {P.STARTING: P.IDLE, P.WORKING: P.IDLE, P.STOPPING: P.IDLE},
    TaskTrigger.MERGE: {P.CHECKING: P.MERGING, P.ASKING: P.MERGING},
    TaskTrigger.ASK: {
        P.MERGING: P.ASKING,
        P.WORKING: P.ASKING,
        P.STOPPING: P.ASKING,
        P.CHECKING: P.ASKING,
        **dict.fromkeys(SETTLED, P.ASKING),
        P.IDLE: P.ASKING,
    },
    TaskTrigger.GO_ON: dict.fromkeys((P.CHECKING, P.MERGING, P.ASKING, P.BLOCKED, P.FAILED), P.IDLE),
    TaskTrigger.REOPEN: {P.DONE: P.IDLE},
    TaskTrigger.TAKEN_BACK: {P.DONE: P.BLOCKED},
    TaskTrigger.BROUGHT_BACK: {P.BLOCKED: P.DONE},
    TaskTrigger.FINISH: {P.CHECKING: P.DONE, P.MERGING: P.DONE, P.ASKING: P.DONE},
    TaskTrigger.BLOCK: {
        P.CHECKING: P.BLOCKED,
        P.MERGING: P.BLOCKED,
        P.WORKING: P.BLOCKED,
        P.STOPPING: P.BLOCKED,
        P.IDLE: P.BLOCKED,
        **dict.fromkeys(SETTLED, P.BLOCKED),
    },
    TaskTrigger.FAIL: {P.STARTING: P.FAILED, P.WORKING: P.FAILED, P.STOPPING: P.FAILED},
}


PULSE_TRANSITIONS: Mapping[PulseTrigger, Mapping[Pulse, Pulse]] = {
    PulseTrigger.SIGN: dict.fromkeys(Pulse, Pulse.LIVELY),
    PulseTrigger.BUSY: dict.fromkeys(Pulse, Pulse.LIVELY),
    PulseTrigger.SILENT: {
        Pulse.LIVELY: Pulse.QUIET,
        Pulse.QUIET: Pulse.STALLED,
        Pulse.NUDGED: Pulse.DEAF,
        Pulse.DEAF: Pulse.STUCK,
    },
    PulseTrigger.NUDGE: {Pulse.STALLED: Pulse.NUDGED},
}


def after_server(state: S, trigger: ServerTrigger) -> S:
    """Return the state of a server after `trigger`. Raises AssertionError if the table has no row for it."""
    return _row(SERVER_TRANSITIONS[trigger], state, trigger)


def after_task(phase: P, trigger: TaskTrigger) -> P:
    """Return the phase of a task after `trigger`. Raises AssertionError if the table has no row for it."""
    return _row(TASK_TRANSITIONS[trigger], phase, trigger)


def after_pulse(pulse: Pulse, trigger: PulseTrigger) -> Pulse:
    """Return the pulse of a turn after `trigger`. Raises AssertionError if the table has no row for it."""
    return _row(PULSE_TRANSITIONS[trigger], pulse, trigger)


def _row(rows: Mapping[State, State], state: State, trigger: Enum) -> State:
    if state not in rows:
        raise AssertionError(f"no row for {trigger.value!r} in state {state.value!r}")
    return rows[state]
