"""JSON-RPC 2.0 without I/O: ids, pending requests, encoding, decoding.

The Codex app-server leaves out the `jsonrpc` member and tolerates its absence; so do we, on every wire.
Source: https://www.jsonrpc.org/specification
"""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from supervisor.domain.json_value import JsonObject, JsonValue

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
REFUSED = -32000  # ours: the request was understood but will not be carried out
OVERLOADED = -32001  # the Codex app-server's "Server overloaded; retry later."

Id = int | str


class Result(NamedTuple):
    """The answer to our request `id`."""

    id: int
    method: str
    value: JsonValue


class Fault(NamedTuple):
    """The refusal of our request `id`."""

    id: int
    method: str
    code: int
    message: str
    data: JsonValue


class Call(NamedTuple):
    """A request of the peer that we must answer."""

    id: Id
    method: str
    params: JsonObject


class Notice(NamedTuple):
    """A notification of the peer."""

    method: str
    params: JsonObject


class Garbage(NamedTuple):
    """A message that is none of the above. `reason` says why."""

    reason: str


Message = Result | Fault | Call | Notice | Garbage


class Peer:
    """One side of one connection. `loads` parses JSON and raises ValueError if it cannot."""

    def __init__(self, loads: Callable[[str | bytes], object] = json.loads) -> None:
        self._loads = loads
        self._next = 0
        self._pending: dict[int, str] = {}

    @property
    def pending(self) -> tuple[int, ...]:
        """The ids of our requests that have no answer yet, oldest first."""
        return tuple(self._pending)

    def request(self, method: str, params: Mapping[str, object] | None = None) -> tuple[int, str]:
        """Make a request. Returns its id and its text."""
        self._next += 1
        self._pending[self._next] = method
        return self._next, _encode({"id": self._next, "method": method, "params": params or {}})

    def forget(self, request: int) -> None:
        """Stop waiting for an answer. If it still comes, it is Garbage."""
        self._pending.pop(request, None)

    @staticmethod
    def notify(method: str, params: Mapping[str, object] | None = None) -> str:
        """Encode a notification."""
        return _encode({"method": method} if params is None else {"method": method, "params": params})

    @staticmethod
    def answer(request: Id, value: object) -> str:
        """Encode the answer to a request of the peer."""
        return _encode({"id": request, "result": value})

    @staticmethod
    def answer_encoded(request: Id, text: str) -> str:
        """Answer with a value that is JSON text already."""
        return f'{{"id":{json.dumps(request)},"result":{text}}}'

    @staticmethod
    def refuse(request: Id | None, code: int, message: str, data: object = None) -> str:
        """Encode a refusal; without an id, of what was no request."""
        error = {"code": code, "message": message}
        return _encode({"id": request, "error": error if data is None else {**error, "data": data}})

    def receive(self, text: str | bytes) -> Message:
        """Parse one message of the peer. Never raises; a message that is not valid is Garbage."""
        try:
            data = self._loads(text)
        except (ValueError, RecursionError) as error:
            return Garbage(f"not JSON: {error}")
        if not isinstance(data, dict):
            return Garbage("not a JSON object")
        if "method" in data:
            return self._called(data)
        request = data.get("id")
        if isinstance(request, bool) or not isinstance(request, int) or request not in self._pending:
            return Garbage("an answer to no request of ours")
        method = self._pending.pop(request)
        if "result" in data:
            return Result(request, method, data["result"])
        fault = data.get("error")
        if not isinstance(fault, dict):
            fault = {"message": "an answer without result or error"}
        code = fault.get("code")
        return Fault(
            request,
            method,
            code if isinstance(code, int) else INTERNAL_ERROR,
            str(fault.get("message", "no message")),
            fault.get("data"),
        )

    @staticmethod
    def _called(data: JsonObject) -> Message:
        method, params, request = data["method"], data.get("params"), data.get("id")
        if not isinstance(method, str):
            return Garbage("the method is not a text")
        if params is None:
            params = {}
        if not isinstance(params, dict):
            return Garbage(f"the params of {method} are not an object")
        if "id" not in data:
            return Notice(method, params)
        if isinstance(request, bool) or not isinstance(request, int | str):
            return Garbage(f"the id of {method} is neither a number nor a text")
        return Call(request, method, params)


def _encode(message: Mapping[str, object]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
