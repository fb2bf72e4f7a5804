"""Find HTTP status codes that a program sends, and those that it compares an answer with.

They are found in the text, for they look much the same in all languages. Only codes that say something count: every
server answers 200, 400, 401, 404 and 500.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from supervisor.domain.link import Form, Literal
from supervisor.regex import regex
from supervisor.wire.source.http.lines import found_in_lines

MANY = 200  # codes kept of one file
FEW = 10  # codes of one comparison
BEFORE = 160  # characters before a code that are looked at
SENT = "sent"
COMPARED = "compared"

_USUAL = frozenset((200, 400, 401, 404, 500))
_NAMED = {
    "created": 201,
    "accepted": 202,
    "nocontent": 204,
    "resetcontent": 205,
    "partialcontent": 206,
    "multistatus": 207,
    "movedpermanently": 301,
    "found": 302,
    "seeother": 303,
    "notmodified": 304,
    "temporaryredirect": 307,
    "permanentredirect": 308,
    "paymentrequired": 402,
    "forbidden": 403,
    "methodnotallowed": 405,
    "notacceptable": 406,
    "requesttimeout": 408,
    "conflict": 409,
    "gone": 410,
    "lengthrequired": 411,
    "preconditionfailed": 412,
    "payloadtoolarge": 413,
    "requestentitytoolarge": 413,
    "unsupportedmediatype": 415,
    "unprocessableentity": 422,
    "unprocessablecontent": 422,
    "locked": 423,
    "faileddependency": 424,
    "upgraderequired": 426,
    "preconditionrequired": 428,
    "toomanyrequests": 429,
    "unavailableforlegalreasons": 451,
    "notimplemented": 501,
    "badgateway": 502,
    "serviceunavailable": 503,
    "gatewaytimeout": 504,
    "insufficientstorage": 507,
}
_NAME = r"[A-Z][A-Za-z]{3,30}|[A-Z]{4,16}(?:_[A-Z]{2,14}){0,4}"
_CODE = r"[2-5]\d\d(?![\w.])"
_FOUND = regex(
    rf"""
      \b(?:http\.Status|StatusCodes?\s?(?:::|\.)\s?(?:Status\d\d\d)?|HttpStatus(?:Code)?\s?(?:::|\.)\s?|Status\.)
        (?P<a>{_NAME})\b
    | \b(?:status\.|StatusCodes\.Status)(?:HTTP_)?(?P<b>[2-5]\d\d)(?=_|[A-Z])
    | \bNet::HTTP(?P<c>[A-Z][A-Za-z]+)\b
    | \b(?:(?:Typed)?Results\.|HttpResponse::)(?P<d>{_NAME})\(
    | :status\s?=>\s?:(?P<e>\w+) | \bstatus:\s?:(?P<f>\w+) | \bhead\ :(?P<g>\w+)
    | \bput_status\(\s?(?:conn,\s?)?:(?P<h>\w+)
    | (?<![\w-])(?:\w*[sS]tatus_?(?:[cC]ode)?|HTTPException|abort|sendError|writeHead|WriteHeader|send_resp|put_status
        |http_response_code|ProducesResponseType|getResponseCode|get_status_code)\b(?:\(\w+\))?
        (?=["'\s\])?!]{{0,4}}[(=:<>])["']?[\s\]()!=<>:?]{{0,6}}(?:\w+,\s?)?(?P<i>{_CODE})
    | \b\w*[sS]tatus_?(?:[cC]ode)?\s?(?:in|IN)\s?[(\[{{](?P<j>[\d,\s]{{3,40}})
    """,
    re.X,
)
_MARKS = (
    *("tatus", "abort", "riteHead", "send_resp", "sendError", "HTTPException", "Net::HTTP", "Results."),
    *("HttpResponse::", "head :", "ProducesResponseType", "getResponseCode", "http_response_code"),
)
"""What is found begins in a line with one of them."""
_WORD = regex(r"\w+")
_COMMENT = regex(r"^\s*(?://|#(?!\[)|\*|/\*|--)")
_COMPARES = regex(r"(?:[=!]==?|\beq\b|\bin\b|is_a\?|instanceof|[<>]=?)\s?[(\[{]?\s?\Z")
_LATER = regex(r"\s*(?:[=!]==?|->|=>|:\s*$)")
_CASE = regex(r"\b(?:case|when|is_a\?\(|is)\s?\Z")


def statuses(source: bytes) -> Iterator[Literal]:
    """Yield each code that is sent or compared, with the line. `key` says which of the two."""
    return islice(_found(source.decode("utf-8", "replace")), MANY)


def _found(text: str) -> Iterator[Literal]:
    line, counted = 1, 0
    for match in found_in_lines(_FOUND, text, _MARKS):
        start = match.start()
        begins = text.rfind("\n", max(0, start - BEFORE), start) + 1 or max(0, start - BEFORE)
        named = match.lastgroup == "j"
        words = _WORD.findall(match[match.lastgroup or 0])[:FEW] if named else (match[match.lastgroup or 0],)
        codes = [(word, code) for word in words if (code := _code(word)) and code not in _USUAL]
        if not codes or _COMMENT.match(text, begins):
            continue
        line, counted = line + text.count("\n", counted, start), start
        compared = named or _is_compared(text, match, begins)
        for word, code in codes:
            yield Literal(str(code), line, Form.STATUS, key=COMPARED if compared else SENT, raw=word)


def _code(word: str) -> int:
    """Return the number of a code, which may be written as its name; 0 if it is none."""
    code = int(word) if word.isdigit() else _NAMED.get(word.replace("_", "").lower(), 0)
    return code if 200 < code < 600 else 0


def _is_compared(text: str, match: re.Match[str], begins: int) -> bool:
    before = text[begins : match.start()]
    if match.lastgroup == "i":
        return re.search(r"[=!]==?|[<>]", match[0]) is not None
    if match.lastgroup == "c":
        return True
    return bool(_COMPARES.search(before) or _CASE.search(before) or _LATER.match(text, match.end(), match.end() + 8))
