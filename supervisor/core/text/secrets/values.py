"""Judge values: whether the value of a name can be a secret, or is a placeholder, a word, a path or an expression."""

from __future__ import annotations

import re

from supervisor.core.text.secrets.kinds import Secrecy, words
from supervisor.regex import regex


def is_secret(kind: Secrecy, value: str, *, quoted: bool, tight: bool, name: str = "") -> bool:
    """Judge a value. `tight`: nothing but an operator separates it from its name, as in `NAME=value`."""
    if not tight and not quoted and _ASSIGNMENT.match(value):
        return False
    if len(value) < 4 or _PLACEHOLDER.match(value) or _REDACTED in value:
        return False
    if _PROMPT.fullmatch(value) or (not quoted and _ASIDE.fullmatch(value)):
        return False
    if value.lower() in _WORDS or (name and _plain(name).endswith(_plain(value))):
        return False
    if _RANGE.fullmatch(value):
        return False
    if _PATH.fullmatch(value) and not any(looks_random(part, 10) for part in value.split("/")):
        return False
    match kind:
        case Secrecy.HEADER:
            enough = len(value) >= 8 or (len(value) >= 6 and _DIGIT.search(value) is not None)
            return enough and " " not in value and not _EXPRESSION.match(value)
        case Secrecy.RANDOM:
            return (quoted or tight) and looks_random(value, 16) and not _UUID.fullmatch(value)
        case Secrecy.MEDIUM:
            return _medium(value, quoted or tight)
        case Secrecy.STRONG:
            return _strong(value, quoted, tight)
        case Secrecy.CHOSEN:
            return _chosen(value, quoted or tight)
    return False


def looks_random(value: str, least: int) -> bool:
    """Return whether a value of at least so many characters mixes letters with digits, as generated ones do."""
    if len(value) < least or not _VALUE.fullmatch(value):
        return False
    digits = sum(map(str.isdigit, value))
    letters = sum(map(str.isalpha, value))
    if digits < 2 or letters < 2:
        return bool(_MIXED.search(value)) and len(_SWITCH.findall(value)) > len(value) // 6 and digits > 0
    return len(set(value)) >= min(8, len(value) // 2) and not _VERSIONED.fullmatch(value)


def made_up(value: str, least: int) -> bool:
    """Return whether a word of letters only can be a password: it is in no list, and ends as no English term does."""
    letters = value.isalpha() and (value.islower() or (value.istitle() and value.isascii()))
    return letters and len(value) >= least and value.lower() not in _WORDS and _TERM.fullmatch(value.lower()) is None


def is_phrase(text: str) -> bool:
    """Return whether short words can be a passphrase: there are four, and none that a sentence or a type needs."""
    parts = text.lower().replace("-", " ").split()
    terms = sum(part in _WORDS for part in parts)
    return len(parts) >= SHORTEST_PHRASE and terms <= 1 and _OF_SENTENCES.isdisjoint(parts)


def _medium(value: str, near: bool) -> bool:
    if len(value) < 8 or value.isdigit() or _EXPRESSION.fullmatch(value) or _SLUG.fullmatch(value) or " " in value:
        return False
    digit = _DIGIT.search(value) is not None
    if near:
        return digit or (
            len(value) >= 16 and len(_SWITCH.findall(value)) >= len(value) // 4 and not _IDENTIFIER.fullmatch(value)
        )
    return digit and looks_random(value, 12)


def _strong(value: str, quoted: bool, tight: bool) -> bool:
    if _EXPRESSION.fullmatch(value) or (_NUMBER.fullmatch(value) and len(value) < 6):
        return False
    odd = _DIGIT.search(value) is not None or _ODD.search(value) is not None
    if quoted:
        return odd or " " not in value
    if tight:
        return odd or len(value) >= 6
    odd = _DIGIT.search(value) is not None or _MARK.search(value) is not None
    return (odd and len(value) >= 6) or (len(value) >= 8 and value.isalpha() and value.islower())


def _chosen(value: str, near: bool) -> bool:
    """Return whether a value mixes letters with digits or marks, as a password does, and is no name of a program."""
    if len(value) < 6 or _UNIT.fullmatch(value) or _EXPRESSION.fullmatch(value) or _SLUG.fullmatch(value):
        return False
    letter, digit, mark = (test.search(value) is not None for test in (_LETTER, _DIGIT, _PUNCTUATION))
    if near:
        return letter and (digit or mark)
    return letter and digit and (mark or looks_random(value, 12)) and _PLACE.search(value) is None


SHORTEST_PHRASE = 4  # words

_REDACTED = "[redacted"
_PLACEHOLDER = regex(
    r":?\*+$|[,;)]|[ \t](?:<<|>>|\+|&|\.)[ \t]|user(?:name)?:pass(?:word)?$"
    r"|\$[A-Za-z_{(]|\$\d|\{\{|\{[A-Za-z_]|<[^>]*>?$|<[^>]*>:<|%[A-Za-z_(]|\*{3}|\.{3}|…"
    r"|(?:x{3,}|X{3,}|\.+|-+|_+|#+)$|your[-_ ]|@@|!\w|&\w"
)
_PROMPT = regex(r"(?:[A-Za-z]+ )+[A-Za-z]+[:?] ?")
_ASIDE = regex(r"\([^()]*\)?")  # such as how long it took
_WORDS = words(
    "true false none null nil undefined string required optional missing invalid valid expired unknown unset empty",
    "default disabled enabled redacted masked hidden filtered changed unchanged updated created deleted rotated",
    "generated provided integer boolean number object array text bytes secret password passwd token credentials",
    "username user name value failed error success succeeded passed skipped incorrect correct wrong denied rejected",
    "accepted mismatch expected authentication authorization authenticated basic bearer digest negotiate include",
    "same-origin omit anonymous identifier keyword operator function self this yes no on off manager service provider",
    "factory handler variable variables environment environ config configuration settings file path field fields",
    "prompt stdin confirmation reset change strength policy hashing hasher validator validation length minimum",
    "maximum not-set notset cannot must should could would might that which used using stored saved loaded removed",
    "checked verified present absent available unavailable there here with without from into and the for options",
    "option or flag flags argument",
)
_OF_SENTENCES = words(
    "are was were has have had been not but you your our its their his her they them than then when where who what how",
    "all any each every only also both either least more most less long short new old same same other such some very",
    "may will shall does did don can use uses user's set sets get gets via per out off over under after before between",
    "characters character chars words letters letter digits digit numbers symbols uppercase lowercase special",
)
_TERM = regex(
    r"[a-z]+(?:ed|ing|ings|ions?|able|ible|ials?|ally|ity|ities|ments?|ous|ive|less|ful|ness|ects?|ary|ory|ences?|ances?|ants?"
    r"|ents?|ical|fully|words?|fields?|files?|inputs?|names?|prompts?|managers?|parameters?|arguments?|strings?|hash(?:es)?"
    r"|algorithms?|variables?|databases?|columns?|dialogs?|dialogues?|generators?|checkers?|strengths?|contains?|itself"
    r"|fallbacks?|callbacks?|changes|resets|policies|rules|lengths?|tokens?|logins?|users?|rotates?|expires|instead|please)"
)
_PATH = regex(r"(?:[~.]{0,2}|[A-Za-z]:)?[/\\][\w.@~+\-/\\ ]*|[\w.\-]+/[\w.\-/]+\.\w{1,5}")
_DIGIT = regex(r"\d")
_NUMBER = regex(r"[\d.,_]+(?:ms|s|kb|mb|gb|%)?", re.IGNORECASE)
_ODD = regex(r"[^A-Za-z0-9_.\-]|[a-z][A-Z]|(?<=.)-(?=.)")
_MARK = regex(r"[^A-Za-z0-9_.\-:]")
_ASSIGNMENT = regex(r"[A-Za-z_]+=")
_IDENTIFIER = regex(r"[A-Za-z]+(?:[_\-.][A-Za-z]+)+|[A-Z]?[a-z]+(?:[A-Z][a-z]{2,})*")
_EXPRESSION = regex(
    r"(?:_*[A-Za-z]\w*(?:\.[A-Za-z_]\w*)+|[A-Za-z_]+\w*\[.*|[^()]*[A-Za-z_]\(.*|_*[A-Za-z]+(?:_[A-Za-z]+)+_*|_*[A-Z][a-z]+(?:[A-Z][a-z]+)+)$"
)
_SLUG = regex(r"[a-z]+\d?(?:-[a-z]+\d?)+")
_VALUE = regex(r"[\w+/=.~:%@!\-]+")
_MIXED = regex(r"[a-z]")
_SWITCH = regex(r"[a-z](?=[A-Z])|[A-Z](?=[a-z])")
_VERSIONED = regex(r"[A-Za-z]+(?:[_.\-][A-Za-z]+)*[_.\-]?v?\d+(?:[.\-]\d+)*(?:[.\-][a-z]+)*")
_RANGE = regex(  # of versions of a package, whatever its name: `^4.0.0 || ^5.0.0-rc.1`
    r"[\^~<>=]{1,2} ?v?\d+(?:\.[\dx*]+){1,3}(?:-[a-z]+[.\d]*)?"
    r"(?:(?: ?\|\| ?|,? )[\^~<>=]{0,2} ?v?\d+(?:\.[\dx*]+){0,3}(?:-[a-z]+[.\d]*)?)*"
)
_LETTER = regex(r"[A-Za-z]")
_PUNCTUATION = regex(r"[!@#$%^&*+=?~]")
_UNIT = regex(r"[\d.,]+\w{0,3}(?:/\w+)?%?")
_PLACE = regex(r"/|::|->|\(|\.\w{1,5}$|[=:]")  # of a path, a test or an option
_UUID = regex(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _plain(text: str) -> str:
    return text.lower().strip("-_.").replace("-", "").replace("_", "")
