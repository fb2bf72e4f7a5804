"""The errors that people see: one tree. Each is a sentence that ends in the next step."""

from __future__ import annotations

OTHER_VERSION = "if `orch version` shows another version, run `orch up --restart`"
"""The next step when a supervisor and its caller do not understand each other."""


class OrchError(Exception):
    """A broken environment or a request that cannot be served.

    `what` says what is wrong and where; `next_step` says what the reader does about it. `str()` joins the two into
    one line; neither part ends in a full stop.
    """

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what, next_step)
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.what}: {self.next_step}" if self.next_step else self.what


class UsageError(OrchError):
    """The command was called with wrong arguments (exit code 2)."""


class WorkspaceError(OrchError):
    """The workspace folder is missing, unreadable, read-only or not laid out as we expect."""


class ConfigError(WorkspaceError):
    """`orchestrator.config.yaml` has an error."""


class CodexError(OrchError):
    """The codex binary is missing, too old, not logged in, or does not start."""


class SupervisorDown(OrchError):
    """No supervisor answers for this workspace (exit code 3)."""


class SupervisorHangs(SupervisorDown):
    """A supervisor runs but does not answer in time: it is busy, or hangs (exit code 1)."""


class RequestRefused(OrchError):
    """The supervisor understood a control request but will not carry it out."""


class ConnectionLost(OrchError):
    """The connection to a server ended before it answered."""


class RpcError(OrchError):
    """A server answered a request with an error.

    `code` and `message` are those of the server (JSON-RPC 2.0 section 5.1).
    """

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"the server refused {method}: {message}", "see `orch logs --level warning`")
        self.method = method
        self.code = code
        self.message = message


class StoreError(WorkspaceError):
    """The ledger or another of our files cannot be read or written."""


class NotReady(OrchError):
    """A server did not get ready this time; another try may help."""


class OutOfReach(OrchError):
    """The machine of a child does not answer; trying again may help, however long that takes."""


class PlaceGone(OutOfReach):
    """The place that a runner got for a child is gone, with all that ran there."""


class PlaceQueued(OutOfReach):
    """The place that a runner got for a child is not there yet, such as a job that waits for its turn."""


class GrammarError(OrchError):
    """The package that reads a programming language is missing, broken or of another version."""

    def __init__(self, language: str, why: str) -> None:
        super().__init__(f"{language} sources cannot be read: {why}", "reinstall orch with all its dependencies")
        self.language = language
        self.why = why

    def __reduce__(self) -> tuple[type[GrammarError], tuple[str, str]]:
        """Pickle by the constructor's arguments: the error crosses from the process that reads sources."""
        return GrammarError, (self.language, self.why)
