"""Call the supervisor: fetch its status, once or whenever it changes.

Imports little, for the short commands: a status here is the JSON from the wire. `wire/status.py` decodes it into a
`Status`; `wire/glance.py` gives it the attributes of one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from supervisor.errors import SupervisorDown, SupervisorHangs
from supervisor.runtime.workspace import WorkspacePaths

if TYPE_CHECKING:
    from supervisor.domain.json_value import JsonObject
    from supervisor.shell.control_client import ControlClient

PATIENCE = 5.0  # seconds for a sign of life before a request is sent; a busy supervisor may need some
LOOK_AGAIN = 4.0  # seconds after which to fetch a status although nothing changed: some states change with time


def connect(workspace: WorkspacePaths) -> ControlClient:
    """Connect to the supervisor. Raises SupervisorDown if none listens."""
    if not workspace.control_socket.exists():
        raise SupervisorDown("the supervisor is not up", "run `orch up`")
    # Import late (4 ms): only a supervisor that is up needs it.
    from supervisor.shell.control_client import ControlClient

    return ControlClient(workspace.control_socket)


def live(workspace: WorkspacePaths) -> JsonObject:
    """Fetch the status. Raises SupervisorDown if no supervisor answers within a second, and none is starting."""
    try:
        with connect(workspace) as client:
            return client.status()
    except SupervisorHangs:
        raise
    except SupervisorDown as error:
        with _come_up(workspace, error) as client:
            return client.status()


def request(workspace: WorkspacePaths, method: str, **params: object) -> JsonObject:
    """Send a request, once, and return the answer. A supervisor that is starting, or starts over, is waited for.

    Raises SupervisorDown if there is none, and what `ControlClient.call` raises.
    """
    try:
        client = _alive(connect(workspace), method)
    except SupervisorHangs:
        raise
    except SupervisorDown as error:
        client = _alive(_come_up(workspace, error), method)
    with client:
        return client.call(method, **params)


def _alive(client: ControlClient, method: str) -> ControlClient:
    """Return the connection once the supervisor gives a sign of life, before it is asked for `method`."""
    try:
        client.ping(method, PATIENCE)
    except BaseException:
        client.close()
        raise
    return client


def _come_up(workspace: WorkspacePaths, error: SupervisorDown) -> ControlClient:
    """Connect to a supervisor that is starting, or starts over, once it listens. Raises `error` if there is none."""
    from supervisor.runtime.presence.headway import comes_up  # import late (2 ms): only this needs it

    if not comes_up(workspace, lambda: _answers(workspace)):
        raise error
    return connect(workspace)


def _answers(workspace: WorkspacePaths) -> bool:
    with suppress(SupervisorDown), connect(workspace) as client:
        client.ping("status")
        return True
    return False


class Watch:
    """A connection to the supervisor that survives its restart with another config. A context manager.

    Raises SupervisorDown if no supervisor answers, and none is starting.
    """

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._workspace = workspace
        self._version = -1
        try:
            self._client = connect(workspace)
        except SupervisorDown as error:
            self._client = _come_up(workspace, error)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def next(self, wait: float) -> JsonObject:
        """Return the status once it has changed, or after `wait` seconds. The first call returns at once.

        Raises SupervisorDown when the supervisor goes away for good, SupervisorHangs when it stays busy, or hangs.
        """
        while True:
            try:
                self._version, status = self._client.watch(self._version, wait)
            except SupervisorDown as error:
                self._again(error)
                continue
            return status

    def _again(self, error: SupervisorDown) -> None:
        """Connect to the same process once it answers again. Raises `error` if it has exited."""
        self._client.close()
        self._client, self._version = _come_up(self._workspace, error), -1


def follow(workspace: WorkspacePaths, until: float | None = None, every: float = LOOK_AGAIN) -> Iterator[JsonObject]:
    """Yield the status at once, then at every change or after `every` seconds, until `until` (of `time.monotonic`).

    Raises SupervisorDown when the supervisor goes away or hangs.
    """
    wait = 0.0
    with Watch(workspace) as watch:
        while True:
            yield watch.next(wait)
            wait = every if until is None else min(every, until - time.monotonic())
            if wait <= 0:
                return
