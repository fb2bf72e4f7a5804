"""A command as Codex runs it, and as a person would type it."""

from __future__ import annotations

import shlex


def bare(command: str) -> str:
    """Remove the shell in which Codex runs a command: `/bin/bash -lc 'git log'` becomes `git log`."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    return words[2] if len(words) == 3 and words[1] in ("-c", "-lc") else command
