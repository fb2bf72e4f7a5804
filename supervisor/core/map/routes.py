"""routes: which strings are paths of HTTP, who serves them, who calls them, and what they are below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from supervisor.core.map import keywords, stopwords
from supervisor.core.map.context import LiteralContext
from supervisor.core.map.normalize import last_of, route_name
from supervisor.domain.link import Form, Kind, Literal, Mention, Role

MOUNT = "mount"
"""The detail of a route that others of the repo are below."""

_ROUTE = re.compile(r"/(?:[\w\-.~{}@+%,;=]+(?:/[\w\-.~{}@+%:,;=]+)*/?)?")
_URL = re.compile(r"\w[\w+.\-]*://(?:[^/@\s]*@)?([^/:?#\s]*)(?::(\d+|\{\}))?(/[^\s?#]*)?(?:[?#]\S*)?")
_METHOD = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+(?=[/{])")
_RELATIVE = re.compile(r"[\w\-{}.:<>]+(/[\w\-{}.:<>]+)+/?")
_RETROFIT = ("GET", "POST", "PUT", "PATCH", "DELETE", "HTTP")
_NOT_ALONE = frozenset({"url", "path", "use", "all", "handler", "method"})
"""Words that declare a route only of something that serves."""


class _Path(Struct, frozen=True):
    """A path, with the host before it (`{}` if it is filled in) and the method before that, as far as they are told."""

    text: str
    host: str = ""
    method: str = ""
    port: str = ""


def ends_like_a_file(text: str) -> bool:
    """Whether a name ends as those of files and hosts do."""
    return text.rpartition(".")[2].lower() in keywords.ENDINGS and "." in text


def routes(said: LiteralContext) -> Iterator[Mention]:
    """The route that a string is, and the port of its host; nothing if it is no path."""
    word = said.word
    if word.is_key and said.language in ("yaml", "json"):
        if word.key == "paths" and said.text.startswith("/"):
            yield said.mention(Kind.ROUTE, route_name(said.text), Role.PROVIDES)
        return
    path = _path(said)
    if path is None:
        return
    if path.port and int(path.port) not in stopwords.PORTS:
        yield said.mention(Kind.PORT, path.port, Role.USES)
    name = route_name(path.text)
    if not _is_route(said, path, name):
        return
    served = _serves(said, path)
    if served and said.prefix != name and _mounts(said):
        yield said.mention(Kind.ROUTE, _below(word, name), Role.PROVIDES, detail=MOUNT)
    elif served:
        if not (said.call in keywords.PREFIXES and said.prefix == name and not word.handled and not _of_class(said)):
            yield said.mention(Kind.ROUTE, _below(word, name, said.prefix), Role.PROVIDES, detail=_method(said, path))
    elif said.key in keywords.PREFIXES:
        if said.prefix != name:
            yield said.mention(Kind.ROUTE, name, Role.PROVIDES, detail=MOUNT)
    else:
        called = bool(path.host) or _calls(said) or (bool(word.method) and word.at > 0) or _is_retrofit(word)
        role = Role.USES if called else Role.NAMES
        yield said.mention(Kind.ROUTE, name, role, detail=_method(said, path), weak=0 if called else 1)


def prefix_of(words: Sequence[Literal], language: str) -> str:
    """What all routes of a file are below, if it says so once."""
    found = {
        route_name(word.text if word.text.startswith("/") else f"/{word.text}")
        for word in words
        if word.form is Form.STRING and not word.handled and _is_prefix(word, last_of(word.call), language)
    }
    return found.pop() if len(found) == 1 else ""


def _is_prefix(word: Literal, call: str, language: str) -> bool:
    if word.decorates:  # of a class; a method's is a route of its own
        return call in keywords.CLASSES and (call != "route" or language == "csharp")
    if not word.text.startswith("/") or call == "route":
        return False
    return last_of(word.key) in keywords.PREFIXES or (call in keywords.PREFIXES and word.at <= 1)


def _path(said: LiteralContext) -> _Path | None:
    """The path in a string: as it is, behind a host, or relative to one."""
    text, method, word = said.text, "", said.word
    if match := _METHOD.match(text):
        method, text = match[1], text[match.end() :]
    if " " in text or said.language == "toml":
        return None
    if match := _URL.fullmatch(text):
        host, port, path = match[1], match[2] or "", match[3] or ""
        if keywords.PUBLIC_HOSTS & set(host.lower().split(".")) or len(path) < 2:
            path = ""
        return _Path(path, host or "{}", method, port if port.isdigit() else "")
    if word.decorates and said.call in keywords.DEFINES:
        return _Path(text if text.startswith("/") else f"/{text}", "", method)
    if said.call == "resources" and said.language in ("ruby", "elixir", "php"):
        return _Path(f"/{text.lstrip(':/')}", "", method)
    if text.startswith("/"):
        return _Path(text, "", method)
    if text.startswith("{}/"):
        return _Path(text[2:], "{}", method)
    if text.startswith("{}") and "/" in text and _calls(said):
        return _Path("/" + text.lstrip("{}"), "{}", method)
    served = said.call in keywords.DEFINES or said.on in keywords.SERVERS or word.decorates
    return _Path(f"/{text}", "", method) if (_calls(said) or served) and _RELATIVE.fullmatch(text) else None


def _is_route(said: LiteralContext, path: _Path, name: str) -> bool:
    if not path.text or not _ROUTE.fullmatch(name) or ends_like_a_file(name):
        return False
    placed = said.word.decorates or said.key in keywords.PREFIXES
    if not placed and not re.search(r"[A-Za-z]{2}", name):
        return False
    return bool(path.host) or name.split("/")[1] not in keywords.SYSTEM_FOLDERS


def _serves(said: LiteralContext, path: _Path) -> bool:
    """Whether the place declares a route, rather than calls it."""
    word, call, on = said.word, said.call, said.on
    if path.host or _is_retrofit(word):
        return False
    declares = call in keywords.DEFINES
    verb = call in keywords.VERBS
    if word.decorates and (verb or declares or on in keywords.SERVERS):
        return True
    if word.handled and (verb or declares or word.method) and on not in keywords.CLIENTS - {"api"}:
        return True
    if word.case and said.key in ("path", "pathname", "url", "uri", "route", "raw_path", "path_info"):
        return True  # the way of a request is compared with it
    if on in keywords.SERVERS and (verb or call in ("use", "all", "handle", "methodfunc", "method")):
        return True
    match said.language:
        case "c" | "cpp":
            return word.key.endswith("uri") or call in ("on", "serveon", "seturi")
        case "ruby" | "elixir":
            return (verb and not on) or call == "resources"
        case "python" if call in ("url", "path") and word.at == 0:
            return True
    return declares and call not in _NOT_ALONE


def _mounts(said: LiteralContext) -> bool:
    return said.call in keywords.MOUNTS or (said.call == "route" and said.language == "go")


def _of_class(said: LiteralContext) -> bool:
    """A decorator of one function, whose name the decorator of a class may have too."""
    return said.word.decorates and said.call not in keywords.CLASSES


def _is_retrofit(word: Literal) -> bool:
    """Retrofit's annotations declare what is called."""
    return word.decorates and word.call.lstrip("@") in _RETROFIT


def _method(said: LiteralContext, path: _Path) -> str:
    if path.method or said.word.method:
        return path.method or said.word.method
    verb = said.call.removesuffix("async").removesuffix("mapping").removeprefix("http").removeprefix("map")
    return verb.upper() if verb in keywords.VERBS else ""


def _below(word: Literal, name: str, prefix: str = "") -> str:
    """The whole of a route that is declared below another one."""
    above = route_name(word.within) if word.within else prefix
    if above in ("", "/") or name == above or name.startswith(above + "/"):
        return name
    return above + (name if name != "/" else "")


def _calls(said: LiteralContext) -> bool:
    """Whether a string is handed to something that sends requests."""
    if said.call in keywords.REQUESTS or said.on in keywords.REQUESTS:
        return True
    client = said.on in keywords.CLIENTS or said.on.endswith(("client", "session", "http", "api", "_conn"))
    return client and (said.call in keywords.VERBS or said.call in keywords.CLIENTS)
