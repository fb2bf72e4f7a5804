"""The programs that a repo's own git configuration and hooks name: git runs them for whoever reads the repo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from supervisor.regex import regex

_PROGRAMS = regex(
    r"""
    filter\..*\.(clean|smudge|process) | diff\..*\.(textconv|command) | diff\.external | merge\..*\.driver
    | core\.(fsmonitor|hookspath|sshcommand|gitproxy|askpass|pager|editor|alternaterefscommand)
    | pager\..* | sequence\.editor | interactive\.difffilter | trailer\..*\.(command|cmd)
    | credential\.(.*\.)?helper | gpg\.(.*\.)?program | gpg\.ssh\.defaultkeycommand
    | remote\..*\.(uploadpack|receivepack|vcs) | submodule\..*\.update | lfs\.(.*\.)?extension\..*\.(clean|smudge)
    | (hook|difftool|mergetool|man|browser|guitool)\..*\.(command|cmd|path) | web\.browser | instaweb\.(httpd|browser)
    | alias\..* | tar\..*\.command | gc\.recentobjectshook | imap\.tunnel | lfs\.customtransfer\..*\.path
    | sendemail\.(.*\.)?(smtpserver|sendmailcmd|tocmd|cccmd|headercmd) | protocol\.(ext\.)?allow
    | remote\..*\.(url|pushurl)
    """,
    re.VERBOSE,
)
"""Keys, in git's lower case, whose value git runs. It takes `uploadpack.packobjectshook` from the user only."""

_INCLUDES = regex(r"include\.path|includeif\..*\.path")
_SWITCHES = frozenset({"", "true", "false", "yes", "no", "on", "off", "0", "1"})
"""Values of `core.fsmonitor` and `pager.*` that name no program."""


def programs(settings: Iterable[tuple[str, str]], hooks: Sequence[str]) -> tuple[str, ...]:
    """What git would run for a repo with these settings of its own and these hooks, a line each.

    A file that the settings include is named too: it can name any of these later.
    """
    named = [f"{key} = {value}" for key, value in settings if _runs(key, value)]
    return (*named, *(f"the hook {name}" for name in hooks))


def _runs(key: str, value: str) -> bool:
    if _INCLUDES.fullmatch(key):
        return True
    if not _PROGRAMS.fullmatch(key):
        return False
    if key.startswith(("submodule.", "alias.")):
        return value.startswith("!")
    if key.startswith("remote.") and key.endswith("url"):
        return value.startswith("ext::")
    if key.startswith("protocol."):
        return value.lower() != "never"
    if key.startswith("sendemail.") and key.endswith("smtpserver"):
        return value.startswith("/")
    return not (key == "core.fsmonitor" or key.startswith("pager.")) or value.lower() not in _SWITCHES
