"""Second factors and other secrets that people copy by hand: seeds of one-time codes, recovery codes, seed phrases."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.regex import regex

Span = tuple[int, int]

SEEDS = (
    *("otp", "hotp", "mfa", "2fa", "tfa", "two-factor", "two factor", "two_factor", "twofactor", "authenticator"),
    *("setup key", "setup_key", "setup-key", "setup code", "manual entry", "manual key"),
)
"""Words that names of a seed begin with. `totp` counts anywhere in a name."""

PINS = (
    *("pin", "puk", "passcode", "passkey", "otp", "2fa", "mfa", "one-time", "one time", "sms", "cvv", "cvc"),
    *("verification", "security code", "confirmation code", "access code", "door", "gate code", "alarm", "unlock"),
    *("pairing code", "login code", "auth code", "authentication code", "authenticator"),
)
PINS_INSIDE = ('pin"', "pin\\", "pin=", "pin:", "pincode")
"""The same in `userPin`."""

CODES = ("recovery", "backup", "scratch", "emergency", "rescue")
CODES_INSIDE = ("recoverycode", "backupcode")
PHRASES = ("mnemonic", "seed", "recovery", "secret recovery", "wallet")


def seed(text: str, at: int) -> Iterator[Span]:
    """Yield the seed of one-time codes behind a name that says so: `TOTP_SEED=JBSW...`, `setup key: jbsw y3dp ...`."""
    match = _SEED.match(text, at, at + 400)
    if match is None:
        return
    value = match["seed"]
    plain = re.sub(r"[ -]", "", value).rstrip("=")
    if len(plain) >= SHORTEST_SEED and (plain.isupper() or (plain.islower() and any(map(str.isdigit, plain)))):
        yield match.span("seed")


def pin(text: str, at: int) -> Iterator[Span]:
    """Yield the digits of a PIN, a PUK, a card or a one-time code: `pin: ...`, `PIN code ...`, `your code is ...`.

    Pins of a board have fewer digits, and a code of an error has a name that says so.
    """
    match = _PIN.match(text, at, at + 160)
    if match is None or (at > 0 and text[at - 1].isalnum() and not (text[at - 1].islower() and text[at].isupper())):
        return
    name, digits = match["name"].lower(), sum(map(str.isdigit, match["pin"]))
    if name.startswith("cv"):
        fits = bool(match["operator"].strip()) and digits <= MOST_OF_A_CARD
    elif name in ("pin", "puk", "passcode", "otp") and not match["operator"].strip() and not match["more"]:
        fits = (match["name"].isupper() or text[max(0, at - 2) : at].endswith("-")) and digits >= SHORTEST_PIN
    else:
        fits = digits >= SHORTEST_PIN
    if fits:
        yield match.span("pin")


def recovery(text: str, at: int) -> Iterator[Span]:
    """Yield the codes of a list that a telling heading or name begins, in one line or a line each."""
    head = _CODES.match(text, at, at + 120)
    if head is None:
        return
    at = head.end()
    for number in range(MOST_CODES):
        apart = _APART.match(text, at)
        assert apart is not None
        code = _CODE.match(text, apart.end())
        cut_off = code is not None and number > 0 and _LIMIT.match(text, code.end()) is not None
        if code is None or not (_is_code(code[0]) or cut_off):
            break
        yield code.span()
        at = code.end()


def phrase(text: str, at: int) -> Iterator[Span]:
    """Yield the words that a wallet or a key is restored from: 12 to 24 short ones behind a name that says so."""
    match = _PHRASE.match(text, at, at + 600)
    if match is not None:
        yield match.span("words")


SHORTEST_PIN = 4
MOST_OF_A_CARD = 4  # digits that a card has on its back
SHORTEST_SEED = 16  # characters in base32
MOST_CODES = 32
SHORTEST_CODE = 8

_QUOTE = r"\\{0,7}[\"'`]"
_LINE = r"(?:\s|\\{1,7}[nrt])"  # white space, or an escaped line feed
_SEED = regex(
    r"(?:[\w.-]*?totp|h?otp|mfa|2fa|tfa|two[ _-]?factor|authenticator|setup[ _-]?(?:key|code)|manual[ _-](?:entry"
    r"[ _-])?(?:key|code))"
    rf"[\w.-]{{0,24}}(?: (?:seed|secret|key|setup|code|entry|app|base32)){{0,3}}{_QUOTE}?\]?[ \t]{{0,8}}(?:=>|:=|"
    rf"[=:,]|is\b)?"
    rf"{_LINE}{{0,4}}{_QUOTE}?"
    r"(?P<seed>[A-Z2-7]{4}(?:[ -][A-Z2-7]{4}){3,15}|[a-z2-7]{4}(?:[ -][a-z2-7]{4}){3,15}|(?:[A-Z2-7]{16,128}|"
    r"[a-z2-7]{16,128})={0,6})"
    r"(?![\w-])",
    re.IGNORECASE,
)
_PIN = regex(
    r"(?P<name>pin|puk|passcode|passkey|cv[vc]2?|otp|(?:verification|security|confirmation|sms|access|door|gate|alarm"
    r"|unlock|pairing|login|auth(?:entication|enticator)?|2fa|mfa|one[- ]time)[ _-]?(?:pass)?(?:code|word|pin))"
    rf"(?P<more>[ _-]?(?:code|number|value|nr|no)\b\.?)?{_QUOTE}?\]?"
    r"(?P<operator>[ \t]{0,4}(?:=>|:=|={1,2}|:|,)[ \t]{0,4}|[ \t]+is[:=]?[ \t]+"
    r"|[ \t]+(?:for|of)[ \t](?:[\w.@-]{1,30}[ \t]){0,3}?(?:[\w.@-]{1,30}:|is)[ \t]+|[ \t]{1,4})"
    rf"{_QUOTE}?(?P<pin>\d{{3}}[ -]\d{{3}}|\d{{3,12}})(?![\w%]|[.:/-]\w)",
    re.IGNORECASE,
)
_CODES = regex(
    r"(?:recovery|backup|scratch|emergency|rescue)[ _-]?(?:scratch|backup|recovery|access|login|mfa|2fa)?[ _-]?codes?\b"
    rf"(?:\]|{_QUOTE})?(?: (?:are|is|for [\w.@-]{{1,40}}|\([^()\n]{{1,60}}\)))?"
    rf"(?:[ \t]{{0,8}}(?:=>|:=|[=:,|])|{_LINE}{{1,3}}[=-]{{3,80}}(?={_LINE}))?",
    re.IGNORECASE,
)
_APART = regex(
    rf"(?:{_LINE}|\\{{0,7}}[\"'`,;|\[\](){{}}>+*•#-](?!-)|<[a-z/]{{1,5}}>|\d{{1,2}}[.):](?={_LINE})){{0,24}}"
)
_CODE = regex(r"[A-Za-z0-9]{3,40}(?:-[A-Za-z0-9]{3,12}){0,7}(?: \d{4}(?!\d))?(?!(?!\.{3})[\w.:/=@])")
_LIMIT = regex(r"\.{3}|…|$")  # what a limit leaves of a text ends so
_PHRASE = regex(
    r"(?:mnemonic|(?:seed|recovery|secret|wallet|backup)[ _-]?(?:recovery[ _-]?)?(?:phrase|words|mnemonic))"
    rf"[\w.-]{{0,16}}{_QUOTE}?\]?[ \t]{{0,8}}(?:=>|:=|[=:,]|is\b)?{_LINE}{{0,4}}{_QUOTE}?"
    rf"(?P<words>(?:\d{{1,2}}[.)]?[ \t]?)?[a-z]{{3,8}}(?:(?:[ \t,]|\r?\n|\\{{1,7}}n){{1,3}}(?:\d{{1,2}}[.)]?"
    rf"[ \t]?)?[a-z]{{3,8}}){{11,23}})(?![\w])",
    re.IGNORECASE,
)


def _is_code(text: str) -> bool:
    plain = text.replace("-", "").replace(" ", "")
    if len(plain) < SHORTEST_CODE or not any(map(str.isdigit, plain)):
        return False
    return not _DATE.match(text)


_DATE = regex(r"(?:19|20)\d\d-?[01]\d-?[0-3]\d$")
