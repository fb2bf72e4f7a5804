"""Passwords beside the user that they belong to: `ada:...@host`, `login: ada / ...`, a .pgpass, what a client sends."""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterator

from supervisor.core.text.secrets.kinds import Secrecy, kind_of, words
from supervisor.core.text.secrets.values import is_phrase, is_secret, made_up
from supervisor.regex import regex

Span = tuple[int, int]

USERS = ("login", "log in", "sign in", "user", "creds", "account", "admin", "root", "postgres")
USERS_INSIDE = ("credential",)
SENT = ("pass ", "auth ", "login ", "oper ", "identify ")
"""Words of FTP, POP, IMAP, IRC and Redis before a password that is sent in the clear."""
SPOKEN = ("password", "passwort", "passwd", "passphrase", "pwd", "kennwort")
"""Words before a password of letters only, at the end of a line or a sentence."""
OPTIONS = ("-p ", "-u ")
PORTS = ("5432:", "5433:", "6432:", "*:")
CALLS = (
    *("auth(", "login(", "credential(", "credentials(", "withcredentials(", "httpbasicauth(", "networkcredential("),
    *("getconnection(", "pdo(", "mysqli_connect(", "pscredential("),
)
BASIC = "basic "
INSERT = "insert into"
RELAYS = ("smtp", "mail.", "25 ", "25\t", "465 ", "465\t", "587 ", "587\t", "2525 ")
COLUMNS = ("password", "passwd", "passwort")

MOST_ROWS = 200
"""Rows of a table that are looked at."""


def bare_addresses(text: str) -> Iterator[Span]:
    """Yield the passwords of addresses without a scheme: `ada:...@db.example:5432`."""
    for match in _BARE.finditer(text):
        if match["user"].lower() in _NO_USERS or _FILE.search(match["host"]) is not None:
            continue
        kind = Secrecy.STRONG if match["more"] else Secrecy.CHOSEN
        if is_secret(kind, match["password"], quoted=False, tight=True):
            yield match.span("password")


def beside(text: str, at: int) -> Iterator[Span]:
    """Yield the password behind a user: `login: ada / ...`, `creds: ada:...`, `admin / ...`."""
    match = _BESIDE.match(text, at, at + 400)
    if match is not None:
        sure = match["says"] is not None
        if sure and " " in match["apart"] and made_up(match["password"], 8) and _LAST.match(text, match.end()):
            yield match.span("password")
        elif is_secret(Secrecy.CHOSEN, match["password"].rstrip(".,;"), quoted=False, tight=sure):
            yield match.start("password"), match.start("password") + len(match["password"].rstrip(".,;"))


def sent(text: str, at: int) -> Iterator[Span]:
    """Yield the password in a line that a client sends: `PASS ...`, `a1 LOGIN ada ...`, `NickServ IDENTIFY ...`."""
    match = _SENT.match(text, at, at + 300)
    if match is None:
        return
    before = _LINE.split(text[max(0, at - 80) : at])[-1]
    begin = at - len(before)
    verb = match["verb"].upper()
    if verb == "LOGIN":
        fits, sure = _TAG.search(before) is not None, True
    elif verb == "IDENTIFY":
        fits, sure = _SERVICE.search(before) is not None, True
    else:
        named = match["user"] is not None or _USER_SENT.search(text, max(0, begin - 400), begin) is not None
        fits, sure = _PROMPT.fullmatch(before) is not None and (named or match["verb"].isupper()), named
        if not sure and verb == "PASS" and _NICK_NEXT.match(text, match.end()) is not None:
            fits, sure = _PROMPT.fullmatch(before) is not None, True  # IRC says it first
    kind = Secrecy.STRONG if sure and verb != "AUTH" else Secrecy.CHOSEN
    if fits and is_secret(kind, match["password"], quoted=False, tight=sure):
        yield match.span("password")


def said(text: str, at: int) -> Iterator[Span]:
    """Yield a password of letters only, or of some words, if nothing else can be meant: `passwd: ...`, `pwd ...`."""
    phrase = _PHRASE.match(text, at, at + 200)
    if phrase is not None and is_phrase(phrase["words"]):
        yield phrase.span("words")
        return
    match = _SAID.match(text, at, at + 200)
    if match is None:
        return
    name, operator, word = match["name"], match["operator"].strip(), match["word"]
    before = _FEED.split(text[max(0, at - 80) : at])[-1]
    if operator:
        fits = made_up(word, 6)
    elif name.lower() in ("pwd", "passwd") or _INTRODUCED.search(before) is not None:
        fits = word.islower() and made_up(word, 8)
    else:
        fits = word.islower() and made_up(word, 8) and not name.istitle() and _CONFIGURED.fullmatch(before) is not None
    if fits:
        yield match.span("word")


def spoken(text: str, at: int) -> Iterator[Span]:
    """Yield a password that a sentence is about: `password for the user ada (reset): ...`, `use ... as the"
    " password`."""
    before = text[max(0, at - 24) : at]
    if " as " in before or " is " in before:
        match = _TURNED.search(text, max(0, at - 160), at)
    else:
        match = _SPOKEN.match(text, at, at + 240) if _DIGIT.search(text, at, at + 240) is not None else None
    if match is not None:
        end = match.start("password") + len(match["password"].rstrip(".,;!?"))
        if is_secret(Secrecy.CHOSEN, text[match.start("password") : end], quoted=False, tight=False):
            yield match.start("password"), end


def option(text: str, at: int) -> Iterator[Span]:
    """Yield the password among the options of any command: `-u ada -p ...`, `-u ada:...`."""
    match = _OPTION.match(text, at, at + 200)
    if match is None or (match["user"] is None and _USER_BEFORE.search(text, max(0, at - 120), at) is None):
        return
    if is_secret(Secrecy.CHOSEN, match["password"], quoted=False, tight=False):
        yield match.span("password")


def pgpass(text: str, at: int) -> Iterator[Span]:
    """Yield the password in a line of a .pgpass, whose port is at `at`."""
    match = _PGPASS.match(text, at, at + 500) if text[at - 1 : at] == ":" else None
    if match is not None and is_secret(Secrecy.STRONG, match[1], quoted=False, tight=True):
        yield match.span(1)


def relayed(text: str, at: int) -> Iterator[Span]:
    """Yield the password in a line of Postfix's map of passwords: `[smtp.example.com]:587 ada:...`."""
    begin = at - len(_LINE.split(text[max(0, at - 120) : at])[-1])
    match = _RELAY.match(text, begin, begin + 500)
    if match is not None and is_secret(Secrecy.STRONG, match["password"], quoted=False, tight=True):
        yield match.span("password")


def dialled(text: str) -> Iterator[Span]:
    """Yield the passwords in lines of `chap-secrets` and `pap-secrets`: `"ada" * "..." *`."""
    for match in _DIALLED.finditer(text):
        name = "quoted" if match["quoted"] is not None else "bare"
        if is_secret(Secrecy.STRONG, match[name], quoted=True, tight=True):
            yield match.span(name)


def columned(text: str, at: int) -> Iterator[Span]:
    """Yield the values below a name in the first line of a table whose cells are apart by commas or semicolons."""
    before = text[max(0, at - 400) : at]
    starts = (at - len(split.split(before)[-1]) for split in (_FEED, _LINE))
    head = next((head for start in starts if (head := _COLUMNS.match(text, start, start + 800))), None)
    if head is None:
        return
    kinds = [kind_of(cell.strip(' "\\')) for cell in head[0].split(head["apart"])]
    start = head.end()
    for _ in range(MOST_ROWS):
        row = _ROW.match(text, start)
        if row is None:
            return
        start, cells = row.start("cells"), row["cells"] if '"' in head[0] else row["cells"].partition('"')[0]
        parts = cells.split(head["apart"])
        if len(parts) != len(kinds):
            return
        for kind, part in zip(kinds, parts, strict=True):
            value = part.strip(' "\\')
            if kind is Secrecy.STRONG and is_secret(kind, value, quoted=False, tight=True):
                found = start + part.index(value)
                yield found, found + len(value)
            start += len(part) + 1
        start = row.end()


def called(text: str, at: int) -> Iterator[Span]:
    """Yield the string behind the user in a call: `login("ada", "...")`."""
    match = _CALL.match(text, at, at + 500)
    if match is not None and is_secret(Secrecy.STRONG, match["password"], quoted=True, tight=True):
        yield match.span("password")


def basic(text: str, at: int) -> Iterator[Span]:
    """Yield `user:password` in base64 behind the word `Basic`."""
    match = _BASIC.match(text, at)
    if match is not None:
        try:
            said = a2b_base64(match[1])
        except ValueError:
            return
        if b":" in said[1:] and said.isascii() and said.decode().isprintable():
            yield match.span(1)


def inserted(text: str, at: int) -> Iterator[Span]:
    """Yield the values that SQL inserts into columns of passwords."""
    match = _INSERT.match(text, at, at + 2000)
    if match is None:
        return
    columns = [name.strip(' \t\n`"[]') for name in match["columns"].split(",")]
    values = list(_VALUE.finditer(text, match.end(), match.end() + 2000))
    for column, value in zip(columns, values, strict=False):
        secret = value["text"] is not None and kind_of(column) is Secrecy.STRONG
        if secret and is_secret(Secrecy.STRONG, value["text"], quoted=True, tight=True):
            yield value.span("text")


_BARE = regex(
    r"(?<![\w.:@/%+$-])(?P<user>[A-Za-z][\w.+-]{0,63}):(?P<password>[^\s:@/\"'`<>,;()\[\]{}|\\]{4,100})"
    r"@(?P<host>localhost|\d{1,3}(?:\.\d{1,3}){3}|[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,24}|[\w-]+(?=:\d{2,5}\b|/\w))"
    r"(?P<more>:\d{2,5}\b|/(?!/))?(?![\w-])"
)
_NO_USERS = words(
    "mailto sip sips xmpp acct email mail from to cc bcc user username login author authors by contact owner sender",
    "recipient reply-to id account name maintainer maintainers npm pkg github gitlab bitbucket ssh git jid im smtp uid",
    "principal patch portal link workspace file http https ftp committer reviewer assignee cn upn subject",
)
_FILE = regex(
    r"\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kt|cs?|h|cpp|html?|css|json|ya?ml|toml|lock|tgz|zip|whl|jar|service|socket"
    r"|target|timer|slice|scope|device|mount)$"
)
_QUOTE = r"\\{0,7}[\"'`]"
_ENDS = r"(?=[.!]?[ \t]{0,8}(?:\r|\n|\\{1,15}[rnt\"']|[\"'`|│┃]|\*\*|</t|$))"
_SAID = regex(
    r"(?P<name>password|passwort|passwd|passphrase|pwd|kennwort)"
    r"(?P<operator>[ \t]{0,8}(?:=>|:=|={1,2}|:|->|→|[|│┃]|</t[dh]>\s{0,8}<td>|:(?:\r?\n|\\{1,15}n))[ \t]{0,8}"
    r"|[ \t]+is[:=]?[ \t]+|[ \t]+(?:for[ \t]+[^\s:]{1,64}|\([^()\n]{1,40}\))[:=][ \t]+|[ \t]{1,8})"
    rf"(?P<word>[A-Za-z]{{6,40}}){_ENDS}",
    re.IGNORECASE,
)
_PHRASE = regex(
    r"(?i:password|passwort|passwd|passphrase|pwd|kennwort)[ \t]{0,4}(?:=|:)[ \t]{0,4}"
    rf"(?P<words>[a-z]{{3,9}}(?:[ -][a-z]{{3,9}}){{3,9}}){_ENDS}"
)
_SPOKEN = regex(
    r"(?:password|passwort|passwd|passphrase)(?:[ \t]+(?!hash|digest|id\b)[^\s:=\"'`{}<>;]{1,40}){0,13}?"
    r"(?:[ \t]?:(?:\s|\\{1,15}[rn]){1,8}|[ \t]+(?:is|to|was)[:=]?[ \t]+)(?:\\{0,15}[\"'`])?"
    r"(?P<password>(?=[A-Za-z!-/:-@\[-`]*\d)[^\s\"'`\\<>]{6,100})",
    re.IGNORECASE,
)
_DIGIT = regex(r"\d")
_TURNED = regex(
    r"(?P<password>[^\s\"'`\\<>:=(]{6,100})[\"'`\\]{0,8}[ \t]+(?:as|is)[ \t]+(?:(?:the|your|my|its|a|root"
    r"|admin)[ \t]+){0,2}$"
)
_OPTION = regex(
    r"(?:-p[ \t]+|-u[ \t]+(?P<user>\\{0,7}[\"']?[A-Za-z][\w.@+-]{0,63}:))\\{0,7}[\"']?(?P<password>"
    r"(?!-)[^\s\"'\\|;&<>()]{6,100})"
)
_USER_BEFORE = regex(
    r"[ \t](?:-[uUl]|--user(?:name)?|--login)[ =][^\s-]\S{0,63}[ \t]+(?:-{1,2}[A-Za-z][\w-]{0,20}"
    r"(?:[ =][^\s-]\S{0,40})?[ \t]+){0,2}$"
)
_INTRODUCED = regex(
    r"\b(?:with|use|using|enter|type|by|has|enable|the|my|your|new|default|secret|root|admin"
    r"|(?:user|username|login)[ \t]+\S{1,64})"
    r"(?:[ \t]+(?:the|a|this|my|your|our|new|old|default|root|admin|initial|following))*[ \t]+$",
    re.IGNORECASE,
)
_CONFIGURED = regex(r"[ \t\-*+>#]{0,12}(?:set[ \t]+)?")
_BESIDE = regex(
    r"(?:(?P<says>log[ -]?in|sign[ -]?in|user(?:name)?(?:[ ]?[/:][ ]?pass(?:word)?)?|cred(?:ential)?s?|account)"
    rf"{_QUOTE}?(?:[ \t]{{0,4}}[=:]\*{{0,2}}[ \t]{{0,4}}|[ \t]+(?:is|are|as|with|for)[ \t]+|[ \t]+)"
    rf"(?:{_QUOTE}|\*\*)?[A-Za-z][\w.@+-]{{0,63}}|admin(?:istrator)?|root|postgres)"
    rf"(?P<apart>[ \t]{{1,2}}[/|][ \t]{{1,2}}|:|{_QUOTE}[ \t]{{0,2}}/[ \t]{{0,2}}){_QUOTE}?"
    r"(?P<password>[^\s\"'`\\,;<>()]{4,100})",
    re.IGNORECASE,
)
_LAST = regex(_ENDS)
_SENT = regex(
    r"(?P<verb>pass|auth|login|oper|identify)[ \t]{1,4}(?P<user>:?[\w.@+-]{1,64}[ \t]{1,4})??"
    r":?(?:\\{0,15}\")?(?P<password>[^\s\"\\]{4,100})(?:\\{0,15}\")?[ \t]{0,8}(?=\r|\n|\\{1,15}[rn\"']|[\"']|$)",
    re.IGNORECASE,
)
_FEED = regex(r"\n|\\{1,15}[rn]")
_LINE = regex(r"\n|\\{1,15}[rn]|[\"']")
_PROMPT = regex(
    r"[\[(]?(?:\\{0,15}[\"'])?[\d:., TZ/+-]{0,40}[\])]?[ \t]{0,4}"
    r"(?:[A-Za-z]{1,7}[:>]|-{1,3}>|[<>*]{1,3}|/?quote|/raw|/oper)?[ \t\"']{0,4}",
    re.IGNORECASE,
)
_TAG = regex(r"(?:^|[\s:>])[A-Za-z]{1,4}\d{1,6}[ \t]{1,2}$")
_SERVICE = regex(r"(?:nickserv|authserv|\bns)\b[\w.@]{0,64}[ \t]{1,4}:?$", re.IGNORECASE)
_USER_SENT = regex(r"(?:^|\n|\\n|[>: \"'])(?:USER|user|NICK)[ \t]+\S")
_NICK_NEXT = regex(r"[ \t]{0,8}(?:\r?\n|(?:\\{1,15}r)?\\{1,15}n)[>: \t\"']{0,8}(?:NICK|USER|CAP)[ \t]+\S")
_STOPS = r"(?=[ \t]{0,8}(?:\r|\n|\\|[\"']|$))"
_RELAY = regex(
    r"[ \t>+-]{0,8}(?:\[[\w.-]{3,100}\](?::\w{2,10})?|[\w-]{1,64}(?:\.[\w-]{1,64}){1,6}(?::\d{2,5})?)[ \t]{1,20}"
    rf"[\w.+-]{{1,64}}(?:@[\w.-]{{3,100}})?:(?P<password>[^\s:\"'\\]{{4,100}}){_STOPS}"
)
_DIALLED = regex(
    r"(?:^|(?<=[\n\"'])|(?<=\\[rn]))[ \t]{0,8}"
    r"(?:\\{0,15}\"[^\"\n\\]{1,100}\\{0,15}\"|[\w.@-]{1,100})[ \t]{1,20}\*[ \t]{1,20}"
    rf"(?:\\{{0,15}}\"(?P<quoted>[^\"\n\\]{{4,100}})\\{{0,15}}\"(?:(?=[ \t]{{0,20}}[*\d])|{_STOPS})"
    r"|(?P<bare>[^\s\"*\\]{4,100})(?=[ \t]{1,20}\*[ \t]{0,8}(?:\r|\n|\\|[\"']|$)))"
)
_CELL = r"(?:\\{0,15}\")?[A-Za-z][\w .-]{0,40}(?:\\{0,15}\")?"
_NEXT = r"(?:\r?\n|(?:\\{1,15}r)?\\{1,15}n)"
_COLUMNS = regex(rf"{_CELL}(?P<apart>[,;])(?:{_CELL}(?P=apart)){{0,30}}{_CELL}(?={_NEXT})")
_ROW = regex(rf"{_NEXT}(?P<cells>[^\r\n\\]{{1,2000}}(?:\\{{1,15}}\"[^\r\n\\]{{0,200}}){{0,40}})")
_PGPASS = regex(r"(?:\d{4}|\*):[\w.*-]{1,64}:[\w.*@-]{1,64}:([^\s\"'`\\]{4,200})(?=[\s\"'`\\]|$)")
_CALL = regex(
    rf"\w{{3,20}}\((?:\s{{0,20}}[\w.]{{1,40}},|\s{{0,20}}{_QUOTE}[^\"'()\n]{{0,100}}{_QUOTE},(?=[^\"']{{0,20}}{_QUOTE}[^\"'\n]"
    rf"{{0,64}}{_QUOTE},\s{{0,20}}{_QUOTE}))?\s{{0,20}}{_QUOTE}[^\"'\n]{{0,64}}?{_QUOTE},\s{{0,20}}{_QUOTE}"
    r"(?P<password>[^\"'`\n\\]{4,200})"
)
_BASIC = regex(r"[Bb]asic[ \t]+([A-Za-z0-9+/]{8,400}={0,2})(?![\w+/=])")
_INSERT = regex(
    r"insert[ \t]+into[ \t]+[\w.`\"\[\]]{1,100}\s{0,4}\((?P<columns>[^()]{3,600})\)\s{0,8}values\s{0,8}\(",
    re.IGNORECASE,
)
_VALUE = regex(r"\s{0,20}(?:'(?P<text>[^'\n]{0,400})'|[\w.:+-]{1,100}(?:\([^()]{0,100}\))?)\s{0,4}(?:,|\)|$)")
