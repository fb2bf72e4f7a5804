"""Find requests whose address the source does not show, such as `fetch(url)`: what the map cannot know, it says.

The calls are found in the text, for they look much the same in all languages. Only functions that do nothing but send
requests count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from supervisor.domain.link import UnresolvedCall
from supervisor.regex import regex
from supervisor.wire.source.http.lines import found_in_lines

MANY = 50  # calls kept of one file
EXAMINED = 500  # calls looked at; each variable is searched in the whole file

_VERB = r"(?:get|post|put|patch|delete|head|request)"
_CALL = regex(
    rf"""(?<![\w.$])(
        (?:window\.|globalThis\.|this\.)?fetch
      | (?:this\.)?(?:\$?axios|\$http|superagent|ky|got)(?:\.{_VERB})?
      | (?:requests|httpx|aiohttp)\.{_VERB}
      | (?:urllib\.request\.)?urlopen
      | http\.(?:Get|Post|PostForm|Head)
      | reqwest::(?:blocking::)?get
      | (?:HTTParty|Faraday|RestClient)\.{_VERB}
      | \w*[hH]ttp[cC]lient\.(?:Get|Post|Put|Patch|Delete)(?:String|Stream|FromJson|AsJson)?Async
      | \w*[rR]estTemplate\.(?:getForObject|getForEntity|postForObject|postForEntity|exchange)
      | new\ (?:WebSocket|EventSource)
    )\s*(?:<[\w<>\[\], ]{{1,60}}>)?\(\s*([A-Za-z_$@][^,()\n"'`/]{{0,60}})\s*[,()]""",
    re.X,
)
_MARKS = (
    *("fetch", "axios", "$http", "superagent", "ky", "got", "requests.", "httpx.", "aiohttp.", "urlopen"),
    *("http.", "reqwest::", "HTTParty", "Faraday", "RestClient", "ttpClient", "ttpclient", "estTemplate"),
    *("WebSocket", "EventSource"),
)
"""Each call that is found has one of them in its first line."""
_COMMENT = regex(r"^\s*(?://|#|\*|/\*|--)")
_PART = regex(r"[A-Za-z_$][\w$]*")


def unresolved(source: bytes) -> Iterator[UnresolvedCall]:
    """Yield the requests of a file whose first argument is no literal, and no variable that the file fills with one."""
    text = source.decode("utf-8", "replace")
    filled: dict[str, bool] = {}
    count = 0
    for match in islice(found_in_lines(_CALL, text, _MARKS), EXAMINED):
        begins = text.rfind("\n", 0, match.start()) + 1
        parts = _PART.findall(match[2])
        if not parts or _COMMENT.match(text, begins) or _is_declared(text, match.start()):
            continue
        if (name := parts[-1]) not in filled:
            filled[name] = _is_filled(text, name)
        if filled[name]:
            continue
        yield UnresolvedCall(text.count("\n", 0, match.start()) + 1, f"{match[1]}({match[2].strip()}")
        count += 1
        if count == MANY:
            return


def _is_declared(text: str, at: int) -> bool:
    """Whether a function of this name is declared here: `async function fetch(url) {`."""
    return text[max(0, at - 12) : at].rstrip().endswith(("function", "def", "func", "fn", "fun"))


def _is_filled(text: str, name: str) -> bool:
    """Whether the file gives this variable a text with a path, which is then read as a literal."""
    given = rf"\b{re.escape(name)}\b[\w :<>|?]{{0,40}}(?::=|=)(?!=)[^\n;]{{0,120}}[\"'`][^\"'`\n]{{0,200}}/"
    return re.search(given, text) is not None
