"""Commands that tell the supervisor something, or start and end it: up, down, restart, hold, go, answer, note.

Not here: what the orchestrator is asked for (`plan`), and commands that only show (`look`).
"""
