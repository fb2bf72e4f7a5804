"""The control methods: what the command line asks of the supervisor, as JSON-RPC, one message a line.

    ping     {}                                       -> {}   it is alive; it may yet have to read the plan
    status   {}                                       -> the object of `orch status --json`
    watch    {version: int, timeout: seconds}         -> {version: int, status: object}, as soon as the version differs
                                                         from the one given, or the time is up
    up       {children: [name]}                       -> {}   ([]: every child)
    reload   {}                                       -> {changed: bool}   if the config reads differently, the
                                                         supervisor starts over with it; servers and turns go on
    down     {now: bool}                              -> {}   the supervisor ends once everything has stopped
    hold     {}                                       -> {}
    go       {task: id or null}                       -> {}   lifts the hold; with a task: tries it again
    restart  {child: name}                            -> {}
    note     {text: str, source?: "human"|"orchestrator"} -> {}
    plan     {problem: str, review: bool, yolo: bool} -> {}   the orchestrator is to write plan.md
    plan_written {digest: sha256 in hex}              -> {}   who is about to save these bytes as plan.md is the
                                                         orchestrator, and has read those that are there
    ask_child {child: name, question: str}            -> {child, answer, seconds}, once it has answered: minutes
    answer   {ask: id, decision: "accept"|"decline"|"text", text: str, for_session: bool} -> {}

A refusal has code REFUSED and `data` {what, next_step, usage: whether the caller named something wrongly}.
"""

from __future__ import annotations

METHODS = (
    "ping",
    "status",
    "watch",
    "up",
    "reload",
    "down",
    "hold",
    "go",
    "restart",
    "note",
    "plan",
    "plan_written",
    "answer",
    "ask_child",
)

REFUSED = -32000
LINE_LIMIT = 8 * 2**20  # bytes of one message; a status of 2,000 tasks has about 1.5 MB
