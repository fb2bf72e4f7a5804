"""Give a runner's prefix a terminal: each engine has a flag of its own for that."""

from __future__ import annotations

import posixpath

_EXEC = {"docker": "-t", "podman": "-t", "kubectl": "-t", "oc": "-t", "nerdctl": "-t", "crictl": "-t"}
"""Behind `exec`, beside the `-i` that is there."""

_AT_ONCE = {"ssh": "-t", "srun": "--pty"}
"""Right behind the program."""


def with_terminal(connect: tuple[str, ...]) -> tuple[str, ...]:
    """Return the prefix for a program that needs a terminal. Engines that are not known hand on the one they have."""
    program, *rest = connect
    name = posixpath.basename(program)
    if name in _AT_ONCE:
        return program, _AT_ONCE[name], *rest
    if name in _EXEC and "exec" in rest:
        at = rest.index("exec") + 1
        return program, *rest[:at], _EXEC[name], *rest[at:]
    return connect
