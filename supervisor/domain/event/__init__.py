"""Events: what happened, in the past tense. One event is one ledger line and one log line, under the same name.

Here: one module per subject. Not here: what an event does to the world (`core.engine.evolve`).
"""

from __future__ import annotations

from supervisor.domain.event.ask import (
    AskAnswered,
    ChildAnswered,
    ChildAsked,
    RequestDeclined,
    RequestReceived,
    RequestResolved,
)
from supervisor.domain.event.map import MapDrawn, MapFailed, SharedChanged
from supervisor.domain.event.server import (
    LimitsRead,
    ServerExited,
    ServerReady,
    ServerResponded,
    ServerStartFailed,
    ServerStopFailed,
    ServerStopped,
    ServerUnresponsive,
)
from supervisor.domain.event.supervisor import (
    Doubt,
    DownRequested,
    EventLost,
    FreshThreadRequested,
    HoldLifted,
    HoldSet,
    Intended,
    LearningNoted,
    LedgerRepaired,
    MachineWoke,
    NoticeFailed,
    PlanAccepted,
    PlanMissing,
    PlanningRequested,
    PlanningStopped,
    PlanPostponed,
    PlanRejected,
    ReloadRequested,
    ReposReserved,
    RestartRequested,
    RetryRequested,
    RunsTakenBack,
    SupervisorStarted,
    TasksReopened,
    Ticked,
    UpRequested,
)
from supervisor.domain.event.turn import (
    ChangesListed,
    ChecksFinished,
    ChecksLost,
    InterruptFailed,
    LeftoverReported,
    LeftoversEnded,
    LeftoversLooked,
    MergeTried,
    OwnTreeFailed,
    OwnTreeMade,
    OwnTreeMerged,
    SaidElsewhere,
    SteerArrived,
    SteerMissed,
    ThreadFailed,
    ThreadOpened,
    ThreadSettingsChanged,
    TokensSpent,
    TreeKept,
    TreeRead,
    TurnBegan,
    TurnEnded,
    TurnLooked,
    TurnRefused,
    TurnRetried,
)

Event = (
    SupervisorStarted
    | UpRequested
    | ReloadRequested
    | DownRequested
    | HoldSet
    | HoldLifted
    | EventLost
    | LedgerRepaired
    | FreshThreadRequested
    | ReposReserved
    | RunsTakenBack
    | TasksReopened
    | RetryRequested
    | RestartRequested
    | LearningNoted
    | MachineWoke
    | PlanningRequested
    | PlanningStopped
    | AskAnswered
    | PlanAccepted
    | PlanPostponed
    | PlanRejected
    | PlanMissing
    | ServerReady
    | ServerStartFailed
    | ServerExited
    | ServerUnresponsive
    | ServerResponded
    | ServerStopped
    | ServerStopFailed
    | ThreadOpened
    | ThreadFailed
    | TurnBegan
    | TurnEnded
    | TokensSpent
    | LimitsRead
    | TurnRetried
    | TurnRefused
    | SteerArrived
    | SteerMissed
    | TurnLooked
    | InterruptFailed
    | LeftoversLooked
    | LeftoverReported
    | LeftoversEnded
    | TreeKept
    | TreeRead
    | OwnTreeMade
    | OwnTreeFailed
    | MergeTried
    | OwnTreeMerged
    | ChangesListed
    | ChecksFinished
    | ChecksLost
    | RequestReceived
    | RequestResolved
    | RequestDeclined
    | ChildAsked
    | ChildAnswered
    | SaidElsewhere
    | ThreadSettingsChanged
    | NoticeFailed
    | SharedChanged
    | MapDrawn
    | MapFailed
    | Intended
    | Ticked
)

__all__ = [
    "AskAnswered",
    "ChangesListed",
    "ChecksFinished",
    "ChecksLost",
    "ChildAnswered",
    "ChildAsked",
    "Doubt",
    "DownRequested",
    "Event",
    "EventLost",
    "FreshThreadRequested",
    "HoldLifted",
    "HoldSet",
    "Intended",
    "InterruptFailed",
    "LearningNoted",
    "LedgerRepaired",
    "LeftoverReported",
    "LeftoversEnded",
    "LeftoversLooked",
    "LimitsRead",
    "MachineWoke",
    "MapDrawn",
    "MapFailed",
    "MergeTried",
    "NoticeFailed",
    "OwnTreeFailed",
    "OwnTreeMade",
    "OwnTreeMerged",
    "PlanAccepted",
    "PlanMissing",
    "PlanPostponed",
    "PlanRejected",
    "PlanningRequested",
    "PlanningStopped",
    "ReloadRequested",
    "ReposReserved",
    "RequestDeclined",
    "RequestReceived",
    "RequestResolved",
    "RestartRequested",
    "RetryRequested",
    "RunsTakenBack",
    "SaidElsewhere",
    "ServerExited",
    "ServerReady",
    "ServerResponded",
    "ServerStartFailed",
    "ServerStopFailed",
    "ServerStopped",
    "ServerUnresponsive",
    "SharedChanged",
    "SteerArrived",
    "SteerMissed",
    "SupervisorStarted",
    "TasksReopened",
    "ThreadFailed",
    "ThreadOpened",
    "ThreadSettingsChanged",
    "Ticked",
    "TokensSpent",
    "TreeKept",
    "TreeRead",
    "TurnBegan",
    "TurnEnded",
    "TurnLooked",
    "TurnRefused",
    "TurnRetried",
    "UpRequested",
]
