"""Redact secrets in text, so that they reach no log, no file and no screen. Needs the standard library only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

GONE = "[redacted]"


def redact(text: str, known: tuple[str, ...] = ()) -> str:
    """Return `text` without secrets, and without the `known` ones. Takes linear time.

    Short texts without any are remembered: ids, titles and states are shown again with each change.
    """
    if (text, known) in _without_any:
        return text
    cut = _redacted(cut_known(text, known))
    if cut == text and len(text) <= _REPEATED:
        if len(_without_any) >= _REMEMBERED:
            _without_any.clear()
        _without_any[text, known] = None
        return text
    return cut


def _redacted(text: str) -> str:
    if not _loaded and not may_hold_secret(text):
        return text
    for _ in range(_PASSES):
        found = rules().spans(text)
        if not found:
            break
        text = "".join(_pieces(text, found, lambda _: GONE))
    return text


def cut_known(value: Any, known: tuple[str, ...]) -> Any:
    """Cut the `known` secrets from JSON in which the rules found nothing any more. It loads no rules (20 ms)."""
    if isinstance(value, str):
        for secret in known:
            value = _without(value, secret) if secret[:_SHORTEST] in value else value
        return value
    if isinstance(value, list):
        return [cut_known(part, known) for part in value]
    return {name: cut_known(part, known) for name, part in value.items()} if isinstance(value, dict) else value


def redact_lines(lines: Sequence[str], known: tuple[str, ...] = ()) -> list[str]:
    """Redact a text that is given, and returned, as its lines: as many as before."""
    text = redact_in_place("\n".join(lines), known, lambda secret: "\n".join([GONE] * (secret.count("\n") + 1)))
    return text.split("\n")


def redact_in_place(text: str, known: tuple[str, ...], instead: Callable[[str], str]) -> str:
    """Redact a text with something else in place of each secret."""
    return "".join(_pieces(text, secret_spans(text, known)[0], instead))


def secret_spans(text: str, known: tuple[str, ...], *, inside: bool = False) -> tuple[list[tuple[int, int]], bool]:
    """Find the secrets in a text, and whether it ends within a private key. `inside`: the text before it did."""
    spans = [(at, at + len(secret)) for secret in known for at in _all(text, secret)]
    if inside:
        size, inside = rules().continued(text)
        spans += [(0, size)] if size else []
    if _loaded or may_hold_secret(text):
        spans += rules().spans(text)
        inside = inside or ("PRIVATE KEY" in text and rules().is_open(text))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged, inside


def _pieces(text: str, spans: Sequence[tuple[int, int]], instead: Callable[[str], str]) -> Iterator[str]:
    at = 0
    for start, end in spans:
        yield text[at:start]
        yield instead(text[start:end])
        at = end
    yield text[at:]


def _all(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + len(part))


def _without(text: str, secret: str) -> str:
    """Remove a known secret, and what a limit left of it at the end of the text."""
    text = text.replace(secret, GONE)
    at = text.rfind(secret[:_SHORTEST], max(0, len(text) - len(secret)))
    rest = text[at:].removesuffix("…") if at >= 0 else ""
    return text[:at] + GONE if rest and secret.startswith(rest) else text


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in an environment whose names mark them as secret, as they may be written, longest first."""
    found: set[str] = set()
    for name, value in environ.items():
        if len(value) >= _SHORTEST and _names_secret(name.lower()) and not _harmless().fullmatch(value):
            for one in (value, *(line.strip() for line in value.splitlines() if len(line.strip()) >= 2 * _SHORTEST)):
                found.update((one, _in_json(one), _in_url(one)))
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=lambda one: (-len(one), one)))


def may_hold_secret(text: str) -> bool:
    """Return False for texts in which no rule finds anything, such as most paths and sentences.

    It costs a few microseconds, and to load the rules 20 ms: a command that shows a status does without them.
    """
    low = text.lower()
    if any(word in low for word in _CERTAIN):
        return True
    if any(word in low for word in _TELLING) and _named().search(low) is not None:
        return True
    if any(word in low for word in _CARRIERS) and _carried().search(low) is not None:
        return True
    if " " in low and not _COMMANDS.isdisjoint(_words().findall(low)):
        return True
    if any(word in low for word in _CODES):
        return True
    if _paired().search(low) is not None:
        return True
    return _run().search(text) is not None


@lru_cache(maxsize=1024)
def _may_be_secret(name: str) -> bool:
    """Whether a field of this name may hold a secret."""
    return may_hold_secret(f"{name}=")


class Cutter:
    """Cuts one text after the other. A private key may begin in one and end in another."""

    def __init__(self, known: tuple[str, ...], inside: bool = False) -> None:
        self._known = known
        self.inside = inside

    def cut(self, value: Any) -> Any:
        """Redact every text in a text, tuple, list or dict. Without a secret, return the same object."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, tuple | list):
            parts = [self.cut(part) for part in value]
            if all(new is old for new, old in zip(parts, value, strict=True)):
                return value
            return type(value)(parts) if type(value) in (tuple, list) else type(value)(*parts)
        if not isinstance(value, dict):
            return value
        label = value.get("name", value.get("key"))  # of its "value", as in a manifest of Kubernetes
        return {
            name: self._field(label if name == "value" and isinstance(label, str) else name, part)
            for name, part in value.items()
        }

    def _text(self, text: str) -> str:
        if self.inside and text:
            size, whole = rules().continued(text)
            self.inside = whole or (not size and len(text) < _SENTENCE)
            text = GONE + text[size:] if size else text
        if "PRIVATE KEY" in text and rules().is_open(text):
            self.inside = True
        return redact(text, self._known)

    def _field(self, name: Any, value: Any) -> Any:
        texts = isinstance(name, str) and isinstance(value, str)
        return GONE if texts and _may_be_secret(name) and rules().is_secret_field(name, value) else self.cut(value)


_COMMANDS = frozenset(
    (
        *(
            "gh",
            "glab",
            "aws",
            "az",
            "kubectl",
            "oc",
            "vault",
            "bao",
            "fly",
            "flyctl",
            "doppler",
            "supabase",
            "railway",
        ),
        *(
            "chamber",
            "eb",
            "convex",
            "netlify",
            "heroku",
            "vercel",
            "cf",
            "dokku",
            "pulumi",
            "openssl",
            "sqlcmd",
            "bcp",
        ),
        *(
            "isql",
            "osql",
            "xfreerdp",
            "xfreerdp3",
            "wfreerdp",
            "mstsc",
            "cmdkey",
            "rar",
            "unrar",
            "ftp",
            "lftp",
            "ncftp",
        ),
        *(
            "mariadb",
            "mariadb-dump",
            "cqlsh",
            "twine",
            "poetry",
            "helm",
            "influx",
            "clickhouse-client",
            "sshfs",
            "send",
        ),
        *("rdesktop", "evil-winrm", "couchbase-cli", "arangosh", "skopeo", "buildah", "mysqlsh", "security", "cargo"),
        *(
            "rclone",
            "ansible-vault",
            "oathtool",
            "ssh-keygen",
            "signtool",
            "certutil",
            "wpa_passphrase",
            "nmcli",
            "echo",
        ),
        *("usermod", "useradd", "rabbitmqctl", "ipmitool", "mosquitto_pub", "mosquitto_sub", "snmpwalk", "snmpget"),
        *("snmpset", "snmpbulkwalk", "snmptrap", "snmp-server", "altool", "cryptsetup", "mc", "rootpw", "sqlplus"),
        *(
            "sqlldr",
            "impdp",
            "expdp",
            "rman",
            "etcdctl",
            "psexec",
            "paexec",
            "snyk",
            "codecov",
            "adb",
            "api-key",
            "eap",
            "xauth",
        ),
        *("printf", "npm", "pnpm", "yarn", "git", "pip", "gcloud", "conda", "composer", "bundle", "nuget", "net"),
    )
)
"""Commands that may take a secret, of any name, among their words."""

_CODES = (
    *("otp", "mfa", "2fa", "tfa", "factor", "authenticator", "setup", "manual", "recovery", "backup", "scratch"),
    *("emergency", "rescue", "mnemonic", "seed", "wallet", "psk", "kennwort", "contrase", "senha", "пароль", "hasło"),
    *("パスワード", "密码", "密碼", "비밀번호", "@tcp(", "@unix(", "incoming+"),
    *("wachtwoord", "lösenord", "heslo", "parola", "wifi:", "setuser", "setcookie", "appid=", "accesskey", "geniekey"),
)

_SENTENCE = 40
"""Characters of a text that ends a private key if it does not go on with it. A shorter one may be a name or an id."""

_SHORTEST = 8  # characters of a secret that is known by its value: shorter values occur in harmless words
_PASSES = 3  # what is cut may join its neighbours to something that a rule matches
_NAMES = (
    *(
        "token",
        "secret",
        "passw",
        "passphrase",
        "credential",
        "private",
        "api_key",
        "apikey",
        "access_key",
        "accesskey",
    ),
    *("cookie", "webhook", "connection_string"),
)
_ENDS = ("_key", "_pat", "_pass", "_pwd", "_auth", "_dsn", "_sas")
_ABOUT = (
    *("_url", "_uri", "_endpoint", "_host", "_port", "_file", "_path", "_dir", "_type", "_mode", "_name", "_user"),
    *("_username", "_ttl", "_size"),
)
_ADDRESSES = ("webhook", "_dsn", "connection")
_TELLING = ("pass", "pw", "psw", "secret", "token", "credential", "key", "auth", "cookie", "sess", "sig", "_pat")
_CARRIERS = ("curl", "wget", "http", "mysql", "redis", "login", "machine", "mongo", "zip", "7z", "client", "ldap")
_CERTAIN = ("://", "-----begin", "-----end", "identified by", "password-stdin")


def _names_secret(name: str) -> bool:
    if not any(word in name for word in _NAMES) and not name.endswith(_ENDS):
        return False
    return not name.endswith(_ABOUT) or any(word in name for word in _ADDRESSES)  # `..._TOKEN_FILE` says where it is


@cache
def _harmless() -> re.Pattern[str]:
    """Match a path, a number, and words of settings."""
    return re.compile(
        r"[~.]{0,2}/[\w.@~ -]*(?:/[\w.@~ -]*)+|~.*|/[a-z_.-]+|[\d.]+|disabled|required|optional|undefined|password",
        re.I,
    )


@cache
def _named() -> re.Pattern[str]:
    """Match a telling name with something that can be its value, in lower case. It is compiled only for texts with such
    a name (1 ms).
    """
    telling = "|".join(_TELLING)
    return re.compile(
        rf"(?:{telling})[\w.\-]{{0,48}}\\*[\"'`]?\]?\s*(?:[=:>,\"'`\\|│┃%<{{\x1b*(?]|(?<=\s)[.–—-]\s|(?:is|was|are|for)\b|value)|-[\w-]*(?:{telling})[\w-]*\s"
        r"|(?:sshpass|requirepass|masterauth|htpasswd)\s"
        rf"|(?:setenv|setx|env|set -\w+)\s+\S*(?:{telling})"
    )


@cache
def _carried() -> re.Pattern[str]:
    """Match a command or a line of a file that carries credentials without a telling name, in lower case."""
    return re.compile(
        r"(?:login|machine)\s+\S+\s+(?:login|account|pass)|\blogin\b.*\s-p"
        r"|(?:curl|wget|https?|mysql\w*|redis-cli|mongo\w*|zip|7z|\w+client|ldap\w+)\s"
    )


@cache
def _paired() -> re.Pattern[str]:
    """Match what can be a password beside its user, or behind a word of a protocol, in lower case."""
    return re.compile(
        r"(?:pin|puk|otp|cv[vc]2?|pass(?:code|key)|code|pin.(?:value|number))\W{1,6}(?:\w{2,20}\W{1,3}){0,4}\d{3}"
        r"|(?:password|passwort|passwd|passphrase|pwd)\W{1,12}[a-z]{4}|login\W{1,3}\S{1,64}\W{1,5}[/|]\s|username\s\S+\ssecret\s"
        r"|:[^\s:@/]{4,100}@[\w-]|:(?:\d{4}|\*):|thin:|insert into"
        r"|(?:auth|login|credentials?|connection|pdo|crypt|begin|connect)\("
        r"|(?:(?:log.?in|sign.in|user\w{0,4}|cred\w{0,7}|account)\W{1,3}|(?:admin\w{0,9}|root|postgres)[^\w/]\W{0,2})"
        r"(?:[\w.@+-]{1,64}\W{1,5})?\S*\d"
        r"|(?:pass\w{0,6}|pw|auth|oper|identify|secret|community|key)\s{1,4}(?:\S{1,64}\s{1,4})?\S*\d|\}[\w+/=$.]{12}|secret.?id\b"
    )


@cache
def _words() -> re.Pattern[str]:
    return re.compile(r"[a-z0-9_-]+")


@cache
def _run() -> re.Pattern[str]:
    """Match a long run of characters with digits or capitals in it: every token has one, and few names of folders. One
    behind a prefix counts without them.
    """
    return re.compile(r"(?<![\w~.-])(?=[\w~.-]{15})(?:[a-z_.~-]*[A-Z0-9]){2}|[a-z][_-][A-Za-z0-9]{20}")


def _in_json(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")


def _in_url(text: str) -> str:
    return "".join(
        char
        if (char.isalnum() and char.isascii()) or char in "-_.~"
        else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))
        for char in text
    )


_REPEATED = 300  # characters of a text that is likely to come again
_REMEMBERED = 8192  # such texts: about 2 MB at most
_without_any: dict[tuple[str, tuple[str, ...]], None] = {}
_loaded: list[ModuleType] = []


def rules() -> ModuleType:
    """Return the module with the rules. It is loaded with the first text that may hold a secret."""
    if not _loaded:
        # 20 ms with what is built from them: no start of a server, and no command, waits for that.
        from supervisor.core.text.secrets import find

        _loaded.append(find)
    return _loaded[0]
