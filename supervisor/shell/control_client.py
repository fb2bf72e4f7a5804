"""The command line's side of the control socket. Blocking, one request at a time, and quick to import."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from supervisor.domain.json_value import JsonObject
from supervisor.errors import (
    OTHER_VERSION,
    OrchError,
    RequestRefused,
    StoreError,
    SupervisorDown,
    SupervisorHangs,
    UsageError,
)
from supervisor.wire.jsonrpc import INVALID_PARAMS, METHOD_NOT_FOUND, REFUSED, Fault, Peer, Result

CALL_TIMEOUT = 5.0  # seconds for an answer; the supervisor may have to read the disk first
CONNECT_TIMEOUT = 0.6  # seconds for a sign of life; a stopped supervisor (SIGSTOP) accepts connections but gives none

QUEUE_TIMEOUT = 2.0  # seconds for a place in the queue of connections, which is full only while somebody floods it

LINE_LIMIT = 2**20  # bytes of one request; most of it is the text of an answer, a note or a problem

LONGEST_PATH = 107  # bytes of `sun_path` in unix(7), without its end


class StatusAt(NamedTuple):
    """The status at this version of the world."""

    version: int
    status: JsonObject


@contextmanager
def socket_name(path: Path) -> Iterator[str]:
    """Yield a name of this path that fits into the address of a unix socket, valid within the block.

    A long path is named through a descriptor of its folder, where the system has /proc. Raises OSError if there is no
    such folder.
    """
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class ControlClient:
    """A connection to the supervisor behind the socket at `path`. A context manager.

    Raises SupervisorDown if nobody answers there, SupervisorHangs if so many connect that there is no room.
    """

    def __init__(self, path: Path) -> None:
        self._peer = Peer()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # A blocking socket waits in the kernel for a place. With a timeout of Python's, `connect` would fail at once.
        timeval = (int(QUEUE_TIMEOUT), int(QUEUE_TIMEOUT % 1 * 1e6))
        packed = b"".join(part.to_bytes(8, sys.byteorder) for part in timeval)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, packed)
        try:
            with socket_name(path) as name:
                self._socket.connect(name)
        except BlockingIOError as error:
            self._socket.close()
            raise SupervisorHangs(
                f"the supervisor is busy: no room for a connection within {QUEUE_TIMEOUT:g} s",
                "try again; if it hangs, run `orch down`, then `orch up`",
            ) from error
        except OSError as error:
            self._socket.close()
            raise SupervisorDown("the supervisor is not up", "run `orch up`") from error
        self._buffer = b""

    def __enter__(self) -> "ControlClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def watch(self, version: int, wait: float) -> StatusAt:
        """Wait until the world's version is no longer `version`, or `wait` seconds, and return the status then.

        Raises the same errors as `call`.
        """
        answer = self._call("watch", {"version": version, "timeout": wait}, wait + CALL_TIMEOUT)
        seen, status = answer.get("version"), answer.get("status")
        if not isinstance(seen, int) or not isinstance(status, dict):
            raise _invalid_answer("watch")
        return StatusAt(seen, status)

    def call(self, method: str, **params: object) -> JsonObject:
        """Send a request and return the supervisor's answer. It comes at once, except while the plan is first read.

        Raises RequestRefused or UsageError if the supervisor refuses, UsageError if the request is longer than
        LINE_LIMIT, StoreError if the supervisor cannot record what is asked (a full disk), SupervisorHangs if it does
        not answer in time, SupervisorDown if it goes away.
        """
        return self._call(method, params, CALL_TIMEOUT)

    def status(self, within: float | None = None) -> JsonObject:
        """Return the status, after a sign of life `within` these seconds. Raises what `ping` and `call` raise."""
        ping = self._send("ping", {})
        status = self._send("status", {})  # sent at once, for one wait instead of two
        with suppress(RequestRefused):
            self._answer(ping, CONNECT_TIMEOUT if within is None else within, "status")
        return self._answer(status, CALL_TIMEOUT, "status")

    def ping(self, reported_as: str, within: float | None = None) -> None:
        """Return once the supervisor gives a sign of life, before it is asked for `reported_as`.

        Raises SupervisorHangs if it gives none `within` these seconds (None: CONNECT_TIMEOUT), SupervisorDown
        if it goes away.
        """
        with suppress(RequestRefused):  # an older supervisor does not know `ping`, but a refusal proves it alive
            ping = self._send("ping", {})
            self._answer(ping, CONNECT_TIMEOUT if within is None else within, reported_as)

    def call_long(self, method: str, seconds: float, **params: object) -> JsonObject:
        """Send a request that takes up to `seconds` and return the answer.

        Raises the same errors as `call`. Another thread can end it with `close`.
        """
        return self._call(method, params, seconds)

    def close(self) -> None:
        """Close the connection and end any call that waits on it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _call(self, method: str, params: dict[str, object], timeout: float) -> JsonObject:
        return self._answer(self._send(method, params), timeout, method)

    def _send(self, method: str, params: dict[str, object]) -> int:
        request, text = self._peer.request(method, params)
        line = text.encode("utf-8", "surrogatepass") + b"\n"
        if len(line) > LINE_LIMIT:
            self._peer.forget(request)
            raise UsageError(
                f"the text for `{method}` is too long: {len(line) / 2**20:.1f} MiB of at most 1 MiB",
                "put it into a file, and give the path of that file",
            )
        try:
            self._socket.settimeout(CALL_TIMEOUT)
            self._socket.sendall(line)
        except TimeoutError as error:
            raise _no_answer(method, CALL_TIMEOUT) from error
        except OSError as error:
            raise _went_away() from error
        return request

    def _answer(self, request: int, timeout: float, method: str) -> JsonObject:
        try:
            self._socket.settimeout(timeout)
            message = self._peer.receive(self._line())
        except TimeoutError as error:
            self._peer.forget(request)
            raise _no_answer(method, timeout) from error
        except OSError as error:
            raise _went_away() from error
        match message:
            case Result(id=answered, value=dict() as answer) if answered == request:
                return answer
            case Fault(code=code, data=data) if code == REFUSED and isinstance(data, dict):
                kind: type[OrchError] = StoreError if data.get("unrecorded") else RequestRefused
                kind = UsageError if data.get("usage") else kind
                raise kind(str(data.get("what")), str(data.get("next_step")))
            case Fault(code=code, message=words):
                next_step = OTHER_VERSION if code in (INVALID_PARAMS, METHOD_NOT_FOUND) else "see `orch logs`"
                raise RequestRefused(f"the supervisor refused `{method}`: {words}", next_step)
        raise _invalid_answer(method)

    def wait_closed(self, timeout: float) -> bool:
        """Wait until the supervisor closes the connection. False if it does not within `timeout` seconds."""
        self._socket.settimeout(timeout)
        try:
            while self._socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            piece = self._socket.recv(1 << 20)
            if not piece:
                raise ConnectionResetError("the control connection was closed")
            self._buffer += piece
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line


def _no_answer(method: str, timeout: float) -> SupervisorHangs:
    return SupervisorHangs(
        f"the supervisor is busy: no answer to `{method}` within {timeout:g} s",
        "try again; if it hangs, run `orch down`, then `orch up`",
    )


def _went_away() -> SupervisorDown:
    return SupervisorDown("the supervisor went away", "see `orch logs`, then run `orch up`")


def _invalid_answer(method: str) -> SupervisorDown:
    return SupervisorDown(f"the supervisor's answer to `{method}` is not valid", OTHER_VERSION)
