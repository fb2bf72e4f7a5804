"""Read which gRPC services and methods a file serves and calls. Generated code names them alike in all languages.

The names are found in the text: `NewXClient(`, `XStub`, `XServicer`, `RegisterXServer`. Only files that speak of gRPC
are searched, and a method is called only where a client is, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.domain.link import Form, Literal
from supervisor.regex import regex

CALL = "grpc"
"""The `call` of these literals. Their form is TYPE for what is served, and USED_TYPE for what is called."""

SERVICE, METHOD = "service", "method"
"""The `key` of these literals."""

MANY = 400  # names of one file

_MARKS = (b"grpc", b"Grpc", b"gRPC", b"_pb", b"pb.", b'pb "', b"tonic::", b"connectrpc", b"bufbuild/connect")
_SERVED = regex(
    r"""\bRegister([A-Z]\w*)Server\(
      | \bUnimplemented([A-Z]\w*?)(?:Server|Handler)\b
      | \bconnect\.New([A-Z]\w*)Handler\(
      | \badd_([A-Z]\w*)Servicer_to_server\b
      | \b([A-Z]\w*)Servicer\b
      | \b([A-Z]\w*?)(?:Coroutine)?ImplBase\b
      | \b([A-Z]\w*)ServiceBase\b
      | \.(?:addService|service)\(\s*(?:\w+\.)*([A-Z]\w*)(?:\.service)?\s*,
      | @Grpc(?:Stream)?Method\(\s*["'](\w+)
      | \b([A-Z]\w*)\.(?=([A-Z]\w*)Base\b)
      | \b([A-Z]\w*)Server::(?:new|with_interceptor)\(
      | <\s*(?:[A-Z]\w*::)*([A-Z]\w*)::Service\b""",
    re.X,
)
_CALLED = regex(
    r"""\bNew([A-Z]\w*)Client\(
      | \b([A-Z]\w*)Grpc(?:Kt)?\.new\w*Stub\(
      | (?:::|\.)([A-Z]\w*)(?:::|\.)Stub\b
      | \b([A-Z]\w*?)(?:Blocking|Future|Coroutine|Async)?Stub\b
      | \bcreate(?:Promise|Callback)?Client\(\s*(?:\w+\.)*([A-Z]\w*)\s*,
      | \bnew\s+(?:\w+\.)+([A-Z]\w*)\([^()\n]{0,120},\s*(?:\w+\.)*[cC]redentials
      | \.getService<[^>\n]{1,80}>\(\s*["'](\w+)
      | \b([A-Z]\w*?)(?:NIO|Async|Promise)?Client(?:::(?:connect|new|with_\w+))?\s*[(>]""",
    re.X,
)
_NAMED = regex(r"Serv|Handler|ervice|Base\b|GrpcMethod|GrpcStream|Client|Stub|redentials")
"""A line that names a service has one of them. The other patterns take long."""
_SERVES = regex(
    r"""^func\ \(\w+\ \*?\w+\)\ ([A-Z]\w*)\(\w*\ ?context\.Context,\ \w+\ \*(?:\w+\.\w+|connect\.Request\[.*)\)\ \(\*
      | ^func\ \(\w+\ \*?\w+\)\ ([A-Z]\w*)\([^()\n]*\.\w+_\w+Server\)
      | \bdef\ ([A-Z]\w*)\(\s*self,\s*\w+(?:\s*:[^,()]*)?,\s*\w*context\b
      | \bvoid\ (\w+)\([^()]{0,200}\bStreamObserver<
      | \boverride\ (?:suspend\ )?fun\ (\w+)\(request(?:s|Observer)?\s*:
      | ^\s*(?:async\s+)?(\w+)(?:\s*:\s*(?:async\s*)?(?:function\s*)?)?\(call\b
      | \boverride\ (?:async\ )?Task(?:<[^<>]*>)?\ (\w+)\([^()]{0,200}\bServerCallContext\b
      | \basync\ fn\ (\w+)\(\s*&(?:mut\ )?self,\s*\w+\s*:\s*(?:\w+::)*Request<
      | @Grpc(?:Stream)?Method\(\s*["']\w+["'],\s*["'](\w+)""",
    re.X | re.M,
)
_CALLS = regex(r"(?:(\w+)[!?]?|\))(?:\?\.|\.|->)([A-Za-z]\w*)\(")
_ASSIGNED = regex(r"(\w+)\s*(?::\s*[\w.<>]+\s*)?(?::=|=)[^=]*$")
_LIKE_A_CLIENT = regex(r"client|stub|grpc", re.I)
_COMMENT = regex(r"^\s*(?://|#|\*|/\*|--)")
_ASYNC = regex(r"(?<=[a-z])Async$")


def literals(source: bytes) -> Iterator[Literal]:
    """Yield the services and methods that a file serves or calls; nothing if it does not speak of gRPC."""
    if any(mark in source for mark in _MARKS):
        yield from _names(source.decode("utf-8", "replace"))


def _names(text: str) -> Iterator[Literal]:
    seen: set[tuple[str, Form]] = set()
    clients: set[str] = set()
    calls = False
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > 1000 or not _NAMED.search(line) or _COMMENT.match(line):
            continue
        for pattern, form in ((_SERVED, Form.TYPE), (_CALLED, Form.USED_TYPE)):
            for match in pattern.finditer(line):
                if form is Form.USED_TYPE:
                    calls = True
                    if assigned := _ASSIGNED.search(line[: match.start()]):
                        clients.add(assigned[1])
                for name in _services(match):
                    if (name, form) not in seen and len(seen) < MANY:
                        seen.add((name, form))
                        yield Literal(name, number, form, key=SERVICE, call=CALL)
    yield from _served(text)
    if calls:
        yield from _called(text, clients)


def _services(match: re.Match[str]) -> Iterator[str]:
    """Yield the service; of `RideService`, which may be the generated name of `Ride`, also that."""
    name = next((one for one in match.groups() if one), "").rpartition("_")[2]
    if len(name) > 2:
        yield name
        if name.endswith("Service") and len(name) > len("Service") + 2 and match[0].startswith((".", "create")):
            yield name.removesuffix("Service")


def _served(text: str) -> Iterator[Literal]:
    for match in _SERVES.finditer(text):
        name = next((one for one in match.groups() if one), "")
        yield Literal(_pascal(name), text.count("\n", 0, match.end()) + 1, Form.TYPE, key=METHOD, call=CALL, raw=name)


def _called(text: str, clients: set[str]) -> Iterator[Literal]:
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if _COMMENT.match(line) or len(line) > 1000:
            continue
        for match in _CALLS.finditer(line):
            name = _pascal(match[2])
            on_client = match[1] in clients or _LIKE_A_CLIENT.search(match[1] or "") is not None
            if name in seen or len(name) < 4 or (not on_client and name[1:].islower()):
                continue
            seen.add(name)
            if len(seen) < MANY:
                yield Literal(name, number, Form.USED_TYPE, key=METHOD, call=CALL, raw=match[2])


def _pascal(name: str) -> str:
    """The name as a schema has it: `EndRide` for `end_ride`, `endRide` and `EndRideAsync`."""
    parts = name.split("_") if "_" in name or name[0].islower() else [name]
    return _ASYNC.sub("", "".join(part[:1].upper() + part[1:] for part in parts))
