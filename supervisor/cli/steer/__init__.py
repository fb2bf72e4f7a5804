"""Commands that send the supervisor a request, or start and end it: up, down, restart, hold, go, answer, note.

Not here: requests to the orchestrator (`plan`), and commands that only show something (`look`).
"""
