"""Find remote procedures that are named by their path: `/rollo.fleet.v1.RideDesk/EndRide`."""

from __future__ import annotations

from supervisor.core.map.mention.context import LiteralContext
from supervisor.domain.link import RPC_CALLED, Kind, Mention, Role
from supervisor.regex import regex

_PATH = regex(r"/(?:[a-z]\w*\.)+([A-Z]\w*)/([A-Z]\w*)")
_CALLS = ("invoke", "newstream", "unary", "_stream", "stream_", "makerequest", "rpccall")


def rpc_path(context: LiteralContext) -> tuple[Mention, ...] | None:
    """Return the service and the method that a path names; None if it is no such path."""
    match = _PATH.fullmatch(context.text)
    if match is None:
        return None
    calls = any(part in context.call for part in _CALLS)
    role, detail = (Role.USES, RPC_CALLED) if calls else (Role.NAMES, "")
    return tuple(context.mention(Kind.SCHEMA, name, role, shown=name, detail=detail) for name in match.groups())
