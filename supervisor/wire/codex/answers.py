"""The app-server methods that we call, and the types of their answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar

from msgspec import UNSET, Struct, UnsetType

from supervisor.domain.thread import TurnSeen
from supervisor.wire.codex.decode import NotUnderstood, decoded
from supervisor.wire.codex.settings import CodexSettings, SandboxPolicy
from supervisor.wire.codex.turns import CodexThread, CodexTurn, turn_seen

OLDEST = (0, 163, 0)  # the oldest codex whose behaviour was checked
SHORT = 200  # characters of a command that we keep


class Initialized(Struct, frozen=True, rename="camel"):
    """The identity of a server. Its `user_agent` begins with the client name that we sent, then has the version."""

    user_agent: str = ""


class Account(Struct, frozen=True, rename="camel"):
    """The account that is logged in."""

    account: object = None
    requires_openai_auth: bool = False


class ServerProcess(Struct, frozen=True):
    """A part of `Diagnostics`: `id` is the pid."""

    id: int


class Diagnostics(Struct, frozen=True):
    """A server's diagnostics of itself."""

    process: ServerProcess


class OpenedThread(Struct, frozen=True, rename="camel"):
    """A thread that is loaded, with its settings."""

    thread: CodexThread
    model_provider: str = ""
    model: str | UnsetType | None = UNSET
    reasoning_effort: str | UnsetType | None = UNSET
    approval_policy: object = UNSET
    approvals_reviewer: str | UnsetType | None = UNSET
    sandbox: SandboxPolicy | None = None

    @property
    def settings(self) -> CodexSettings:
        """Return its settings under the names that the other messages use."""
        return CodexSettings(
            self.model, self.reasoning_effort, self.approval_policy, self.approvals_reviewer, self.sandbox
        )


class ReadThread(Struct, frozen=True):
    """The answer to `thread/read`: a thread without its turns."""

    thread: CodexThread


class TurnsPage(Struct, frozen=True):
    """Turns of a thread, newest first."""

    data: tuple[CodexTurn, ...] = ()


class StartedTurn(Struct, frozen=True):
    """The turn that was started, or the running turn that took the input."""

    turn: CodexTurn


class Terminal(Struct, frozen=True):
    """A command that a turn left running."""

    command: str = ""


class Terminals(Struct, frozen=True):
    """The commands that the turns of a thread left running."""

    data: tuple[Terminal, ...] = ()


class AgentThreads(Struct, frozen=True):
    """The sub-agents' threads below a thread."""

    data: tuple[CodexThread, ...] = ()


class RateWindow(Struct, frozen=True, rename="camel"):
    """How much of a limit is used (percent), and when it resets (seconds since 1970)."""

    used_percent: float = 0
    resets_at: int | None = None


class RateLimit(Struct, frozen=True):
    """A limit of the account, over a short and a long window."""

    primary: RateWindow | None = None
    secondary: RateWindow | None = None


class RateLimits(Struct, frozen=True, rename="camel"):
    """The limits of the account."""

    rate_limits: RateLimit | None = None
    rate_limits_by_limit_id: Mapping[str, RateLimit | None] | None = None


class Executed(Struct, frozen=True, rename="camel"):
    """A command that has ended."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""


A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)


class CodexMethod(NamedTuple, Generic[A_co]):
    """A method of the app-server, and the type of its answer (`object`: we ignore the answer)."""

    name: str
    answer: type[A_co]


INITIALIZE = CodexMethod("initialize", Initialized)
DIAGNOSTICS = CodexMethod("server/diagnostics", Diagnostics)
READ_ACCOUNT = CodexMethod("account/read", Account)
READ_LIMITS = CodexMethod("account/rateLimits/read", RateLimits)
START_THREAD = CodexMethod("thread/start", OpenedThread)
RESUME_THREAD = CodexMethod("thread/resume", OpenedThread)
READ_THREAD = CodexMethod("thread/read", ReadThread)
NAME_THREAD = CodexMethod("thread/name/set", object)
LEAVE_THREAD = CodexMethod("thread/unsubscribe", object)
LIST_TURNS = CodexMethod("thread/turns/list", TurnsPage)
LIST_THREADS = CodexMethod("thread/list", AgentThreads)
LIST_TERMINALS = CodexMethod("thread/backgroundTerminals/list", Terminals)
CLEAN_TERMINALS = CodexMethod("thread/backgroundTerminals/clean", object)
START_TURN = CodexMethod("turn/start", StartedTurn)
STEER_TURN = CodexMethod("turn/steer", object)
INTERRUPT_TURN = CodexMethod("turn/interrupt", object)
EXECUTE = CodexMethod("command/exec", Executed)
READ_CONFIG = CodexMethod("config/read", object)

METHODS: tuple[CodexMethod[object], ...] = (
    *(INITIALIZE, DIAGNOSTICS, READ_ACCOUNT, READ_LIMITS),
    *(START_THREAD, RESUME_THREAD, READ_THREAD, NAME_THREAD, LEAVE_THREAD),
    *(LIST_THREADS, LIST_TURNS, LIST_TERMINALS, CLEAN_TERMINALS, START_TURN, STEER_TURN, INTERRUPT_TURN, EXECUTE),
    READ_CONFIG,
)


def read_answer(method: CodexMethod[A], value: object) -> A | NotUnderstood:
    """Decode the answer to a method."""
    return decoded(method.answer, value, f"codex's answer to {method.name}")


def version_of(text: str) -> tuple[int, ...] | None:
    """Parse the version in `codex --version` or in a `userAgent`; None without one."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else None


def server_version(hello: Initialized) -> str:
    """Return the version that a server reports; "" if it reports none."""
    version = version_of(hello.user_agent.partition("/")[2])
    return ".".join(map(str, version)) if version else ""


def login_problem(account: Account) -> str | None:
    """Describe what is wrong with the login; None if it is fine."""
    return "codex is not logged in" if account.account is None and account.requires_openai_auth else None


def turns_of(page: TurnsPage, *, over: bool = False) -> tuple[TurnSeen, ...]:
    """Return the turns of a page, oldest first. `over`: none of them runs."""
    return tuple(turn_seen(turn, over=over) for turn in reversed(page.data))


def commands_in(terminals: Terminals) -> tuple[str, ...]:
    """Return the commands that were left running, each cut to SHORT characters."""
    return tuple(one.command[:SHORT] for one in terminals.data)


def resets_at(limits: RateLimits) -> datetime | None:
    """Return when the last of the exhausted limits resets; None if the server does not say."""
    known = [limits.rate_limits, *(limits.rate_limits_by_limit_id or {}).values()]
    windows = [window for limit in known if limit is not None for window in (limit.primary, limit.secondary)]
    full = [one.resets_at for one in windows if one is not None and one.used_percent >= 100]
    try:
        return max((datetime.fromtimestamp(at, UTC) for at in full if at is not None), default=None)
    except (OverflowError, OSError, ValueError):
        return None
