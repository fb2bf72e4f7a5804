"""Judge names: how sure the name of a variable, a field, an option or a header makes it that its value is a secret."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from supervisor.regex import regex


class Secrecy(Enum):
    """How secret the value of a name is, and so how much it has to look like one."""

    NONE = "none"
    STRONG = "strong"  # a password, a secret, an API key: any literal value
    MEDIUM = "medium"  # a token: a value with some variety
    CHOSEN = "chosen"  # perhaps a password: a value that looks like one that somebody chose
    RANDOM = "random"  # some key, a signature, a session: a value that looks random
    HEADER = "header"  # what is behind `Authorization:` or `Bearer`
    COOKIE = "cookie"


@lru_cache(4096)
def kind_of(name: str) -> Secrecy:
    """Judge a name in any of its spellings: `DB_PASSWORD`, `apiKey`, `--token`, `X-Auth-Token`, `mail.password`."""
    parts = [word.lower() for word in _PARTS.findall(name)]
    while len(parts) > 1 and (parts[-1] in _DECORATION or parts[-1].isdigit()):
        parts.pop()
    if not parts:
        return Secrecy.NONE
    last, before = parts[-1], parts[-2] if len(parts) > 1 else ""
    joined = before + last
    if before in _HARMLESS and last in ("key", "keys", "token", "pass", "auth", "pat"):
        return Secrecy.NONE
    if joined == "keytoken" and parts[-3:-2] == ["public"]:
        return Secrecy.NONE
    if joined == "keyid" and parts[-3:-2] != ["private"]:
        return Secrecy.NONE
    if last in _STRONG or joined in _STRONG or last.endswith(_STRONG_ENDS):
        return Secrecy.STRONG
    if last.endswith(("pass", "pw")) and last not in _NO_PASS:
        return Secrecy.CHOSEN if last == "pass" and not before and not name.startswith("-") else Secrecy.STRONG
    if last.endswith("key"):
        return _of_key(before if last == "key" else last.removesuffix("key"), name, alone=last == "key" and not before)
    if last in _MEDIUM or last.endswith(("token", "auth")):
        return Secrecy.MEDIUM
    if last == "authorization":
        return Secrecy.HEADER
    if last in ("cookie", "cookies"):
        return Secrecy.COOKIE
    return Secrecy.RANDOM if last in _RANDOM or joined in _RANDOM else Secrecy.NONE


def words(*lines: str) -> frozenset[str]:
    """Return the words of the lines."""
    return frozenset(word for line in lines for word in line.split())


def _of_key(qualifier: str, name: str, *, alone: bool) -> Secrecy:
    if qualifier in _SECRET_KEYS:
        return Secrecy.STRONG
    return Secrecy.RANDOM if alone or qualifier in _MAYBE_KEYS or name.isupper() or name[:2] == "--" else Secrecy.NONE


_PARTS = regex(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

# They say which secret it is, not that it is something else: `DB_PASSWORD_PROD`, `SECRET_KEY_BASE`.
_DECORATION = words(
    "base value val str string text plain raw prod production dev development staging stage test testing ci live local",
    "default old new current previous primary secondary main b64 base64 v enc encoded hash digest salt env var secure",
    "header param read write ro rw private hex",
)
_STRONG = words(
    "password passwords passwd passphrase passcode pwd psw passw pswd paswd passwrd pword mdp secret apikey accesskey",
    "secretkey privatekey accountkey",
    "sharedkey signingkey encryptionkey masterkey authtoken identitytoken registrytoken bearertoken accesstoken",
    "refreshtoken idtoken clientsecret connectionstring keydata passwort passe psk wpapsk storepass keypass",
    "srcstorepass deststorepass srckeypass destkeypass keymaterial authident psksecret",
)
_STRONG_ENDS = ("password", "passwd", "passwort", "passphrase", "secret", "apikey", "pwd")
_NO_PASS = words("bypass compass encompass surpass trespass overpass underpass bandpass lowpass highpass multipass")
_MEDIUM = words("token tok auth pat credential credentials cred creds secrets jwt")
_RANDOM = words(
    "signature sign sig session sid sessid sessionid phpsessid jsessionid secretid keyid",
    "codeverifier devicecode ticket assertion samlresponse",
)
_SECRET_KEYS = words(
    "api access secret private account shared signing sign encryption encrypt master auth authentication storage admin",
    "subscription hmac jwt aes des rsa ssh ssl tls gpg pgp vault webhook sharedaccess preshared psk wireguard license",
    "licence ingest sas product activation wep fernet",
)
_MAYBE_KEYS = words(
    "service deploy app application client consumer root function functions session cookie crypto read write",
    "integration server host signature",
)
_HARMLESS = words(
    "public pub primary foreign cache sort partition index registry object group dedup idempotency routing map dict",
    "json yaml search next page continuation sync cancel cancellation end start stop eos bos pad unk sep",
    "mask special first last max min total num input output prompt completion",
)
