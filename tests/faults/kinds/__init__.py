"""The faults: one small function each, which does it to the stage and returns. `restore` undoes all of them.

A module holds the faults of one subject. What several of them need is in `tests/faults/means.py`.
"""

from __future__ import annotations

from supervisor.demo.model import Cut, Fail, Failed, Say, Silence, Stream
from tests.faults.kinds import codex, disk, others, places, plan, processes, record
from tests.faults.means import Kind, restore

__all__ = ["KINDS", "restore"]

KINDS: dict[str, Kind] = {
    # Processes
    "server-killed": processes.server_killed,
    "supervisor-killed": processes.supervisor_killed,
    "all-killed": processes.all_killed,
    "killed-while-it-starts": processes.killed_while_it_starts,
    "tool-killed": processes.tool_killed,
    "server-stopped": processes.server_stopped,
    "supervisor-stopped": processes.supervisor_stopped,
    "turns-end-alone": processes.turns_end_alone,
    "two-ups": processes.two_ups,
    "down-and-up": processes.down_and_up,
    # The model
    "model-killed": others.model_killed,
    "model-refuses": others.moody(
        Fail(401, '{"error": {"message": "no such key"}}'), Fail(500, "no"), Fail(400, "what?")
    ),
    "model-is-limited": others.moody(
        Fail(429, '{"error": {"message": "slow down"}}'), Failed("rate_limit_exceeded"), most=2
    ),
    "model-cuts": others.moody(Cut(), Failed("server_error"), Failed("context_length_exceeded")),
    "model-is-silent": others.moody(Silence(), most=1),
    "model-talks-nonsense": others.moody(
        Fail(200, "\x00 no events {"), Say(""), Say("\x1b]0;x\x07\x00 {"), Say('{"outcome": 7}'), Say("done!")
    ),
    "model-talks-without-end": others.moody(Stream("word " * 20_000, 0.0), most=1),
    # The disk
    "disk-full": disk.disk_full,
    "disk-read-only": disk.disk_read_only,
    # The record
    "ledger-torn": record.ledger_torn,
    "ledger-damaged": record.ledger_damaged,
    "record-removed": record.record_removed,
    "clock-jumped": record.clock_jumped,
    # plan.md
    "plan-saved-often": plan.plan_saved_often,
    "plan-replaced": plan.plan_replaced,
    "edited-while-a-server-hangs": plan.edited_while_a_server_hangs,
    "edited-while-the-model-writes": plan.edited_while_the_model_writes,
    "edited-during-an-approval": plan.edited_during_an_approval,
    # Places
    "socket-removed": places.socket_removed,
    "sockets-folder-removed": places.sockets_folder_removed,
    "workspace-moved": places.workspace_moved,
    "workspace-cleaned": places.workspace_cleaned,
    # What belongs to Codex
    "thread-damaged": codex.thread_damaged,
    "codex-config-broken": codex.codex_config_broken,
    # Others
    "answers-given-wrongly": others.answers_given_wrongly,
    "held-by-another-window": others.held_by_another_window,
    "strange-frames": others.strange_frames,
}
