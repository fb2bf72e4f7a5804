"""Find HTTP routes in strings: who serves them, who calls them, and which prefix they have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from supervisor.core.map.mention import keywords, stopwords
from supervisor.core.map.mention.context import LiteralContext
from supervisor.core.map.mention.fields import field
from supervisor.core.map.mention.normalize import last_of, pattern_route, route_name
from supervisor.domain.link import Form, Kind, Literal, Mention, Role
from supervisor.regex import regex

MOUNT = "mount"
"""The detail of a route that is a prefix of others in the repo."""

_ROUTE = regex(r"/(?:[\w\-.~{}@+%,;=]+(?:/[\w\-.~{}@+%:,;=]+)*/?)?")
_URL = regex(r"\w[\w+.\-]*://(?:[^/@\s]*@)?([^/:?#\s]*)(?::(\d+|\{\}))?(/[^\s?#]*)?(?:[?#]\S*)?")
_PATTERN = regex(r"\$$|\(|\[|\\d|\\w")
_PARAMETER = regex(r"[?&]([A-Za-z_][\w.\-]*)=")
_METHOD = regex(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+(?=[/{])")
_RELATIVE = regex(r"[\w\-{}.:<>]+(/[\w\-{}.:<>]+)+/?")
_SIMPLE = regex(r"[\w\-{}.:<>?]+(?:/[\w\-{}.:<>?]+)*/?")
_OF_PATH = ("urlpath", "url_path", "apipath", "api_path")
_OF_URL = ("url", "uri", "endpoint", "route", *_OF_PATH)
"""Endings of names whose value is completed to a URL somewhere."""

_MAKES_URL = regex(
    r"_*(?:(?:make|build|get|create|compose|format|resolve|construct|generate|prepare|complete|to|with|append|prepend"
    r"|full|absolute|api|server|base|backend|request|remote)_?)+(?:(?:url|uri|endpoint)|(?<=api)path|(?<=api_)path)"
)
"""Functions of an app itself that put the address of its server before a path: `makeUrl("rides/today")`."""

_RETROFIT = ("GET", "POST", "PUT", "PATCH", "DELETE", "HTTP")
LINK = "LINK"
"""The detail of an address that opens an app: its scheme is all that counts."""

STREAMS = {"WS": "WebSocket", "SSE": "server-sent events"}
"""Details of routes that are streams, each with its name."""

_LINKED = regex(r"([a-z][a-z0-9+.\-]{2,}):/{2,3}[^\s\"'<>]*")
_DEEP_LINK = "deep link"  # the key of what an app declares to its system

_NOT_ALONE = frozenset({"url", "path", "use", "all", "handler", "method"})
"""Functions that declare a route only as methods of something that serves."""


class _Path(Struct, frozen=True):
    """A path in a string, and what precedes it there."""

    text: str
    host: str = ""  # `{}` if it is inserted at run time
    method: str = ""
    port: str = ""
    pattern: bool = False  # the string is a regular expression, which a server compares paths with


def ends_like_a_file(text: str) -> bool:
    """Return whether a name ends like those of files and hosts."""
    return text.rpartition(".")[2].lower() in keywords.ENDINGS and "." in text


def routes(context: LiteralContext) -> Iterator[Mention]:
    """Yield the route that a string is, and the port of its host; nothing if it is not a path."""
    word = context.word
    if (scheme := _scheme(context)) and scheme not in stopwords.SCHEMES:
        role = Role.PROVIDES if word.key == _DEEP_LINK or context.call in keywords.REGISTERS else Role.USES
        yield context.mention(Kind.ROUTE, f"{scheme}://", role, detail=LINK)
        return
    if word.is_key and context.language in ("yaml", "json"):
        if word.key == "paths" and context.text.startswith("/"):
            yield context.mention(Kind.ROUTE, route_name(context.text), Role.PROVIDES)
        return
    path = None if word.decorates and context.key in ("methods", "method") else _path(context)
    if path is None or _navigates(context):
        return
    if path.port and int(path.port) not in stopwords.PORTS:
        yield context.mention(Kind.PORT, path.port, Role.USES)
    name = route_name(path.text)
    if not _is_route(context, path, name):
        return
    served = _serves(context, path)
    if served and context.prefix != name and _mounts(context) and word.method not in STREAMS:
        yield context.mention(Kind.ROUTE, _below(word, name), Role.PROVIDES, detail=MOUNT)
    elif served:
        if not (
            context.call in keywords.PREFIXES and context.prefix == name and not word.handled and not _of_class(context)
        ):
            full = _below(word, name, context.prefix)
            for one in (full, f"{full}/{{}}") if _is_resource(context) else (full,):
                yield context.mention(Kind.ROUTE, one, Role.PROVIDES, detail=_method(context, path))
    elif context.key in keywords.PREFIXES:
        if context.prefix != name:
            yield context.mention(Kind.ROUTE, name, Role.PROVIDES, detail=MOUNT)
    else:
        called = (
            bool(path.host)
            or _calls(context)
            or (bool(word.method) and (word.at > 0 or word.method in STREAMS))
            or _is_retrofit(word)
            or (bool(word.methods) and "HTTP::" in word.call)  # of Ruby: `Net::HTTP::Put.new`
        )
        role = Role.USES if called else Role.NAMES
        yield context.mention(Kind.ROUTE, name, role, detail=_method(context, path), weak=0 if called else 1)
        for parameter in _PARAMETER.findall(context.text) if called else ():
            yield from field(parameter, word.line, Role.USES)


def _scheme(context: LiteralContext) -> str:
    """Return the scheme of an address that opens an app, or of any other address; "" if the string is none."""
    if context.call in keywords.REGISTERS and not context.word.at:
        return context.text.lower()
    match = _LINKED.fullmatch(context.text) if "://" in context.text else None
    return match[1] if match else ""


def prefix_of(words: Sequence[Literal], language: str) -> str:
    """Return the prefix of all routes of a file, or "" if it declares none or several."""
    found = {
        route_name(word.text if word.text.startswith("/") else f"/{word.text}")
        for word in words
        if word.form is Form.STRING and not word.handled and _is_prefix(word, last_of(word.call), language)
    }
    return found.pop() if len(found) == 1 else ""


def _is_prefix(word: Literal, call: str, language: str) -> bool:
    if word.decorates:  # a class has a prefix; a method has a route of its own
        return call in keywords.CLASSES and (call != "route" or language == "csharp")
    if not word.text.startswith("/") or call == "route":
        return False
    return last_of(word.key) in keywords.PREFIXES or (call in keywords.PREFIXES and word.at <= 1)


def _path(context: LiteralContext) -> _Path | None:
    """Return the path in a string: the whole string, after a host, or relative to one. None without a path."""
    text, method, word = context.text, "", context.word
    if context.declares and text.startswith("^"):
        return None  # whatever it is compared with, nobody is served by a pattern in a configuration
    if text.startswith(("^/", "^\\/")) or (context.call in keywords.PATTERNS and text.startswith("^")):
        return _Path(pattern_route(text), pattern=True)
    if context.call == "re_path" and _PATTERN.search(text):
        return _Path(pattern_route(text), pattern=True)
    if context.call in keywords.PATTERNS and text.startswith("/") and _PATTERN.search(text):
        return _Path(pattern_route(text), pattern=True)
    if text.startswith("/") and text.endswith("$"):
        return _Path(pattern_route(text))  # `server.on("/status$", answer)`
    if match := _METHOD.match(text):
        method, text = match[1], text[match.end() :]
    if " " in text or context.language == "toml":
        return None
    if match := _URL.fullmatch(text):
        host, port, path = match[1], match[2] or "", match[3] or ""
        if keywords.PUBLIC_HOSTS & set(host.lower().split(".")) or len(path) < 2:
            path = ""
        return _Path(path, host or "{}", method, port if port.isdigit() else "")
    if word.decorates and context.call in keywords.DEFINES:
        return _Path(text if text.startswith("/") else f"/{text}", "", method)
    if _is_resource(context) or (context.call == "resources" and context.language == "ruby"):
        return _Path(f"/{text.lstrip(':/')}", "", method)
    if (_names_a_path(context) or _makes_url(context)) and _SIMPLE.fullmatch(text):
        return _Path(f"/{text}", "", method)
    if text.startswith("/"):
        return _Path(text, "", method)
    if text.startswith("{}/"):
        return _Path(text[2:], "{}", method)
    if text.startswith("{}") and "/" in text and _calls(context):
        return _Path("/" + text.lstrip("{}"), "{}", method)
    if _is_retrofit(word) and re.fullmatch(r"[\w\-]+", text):
        return _Path(f"/{text}", "", method)
    served = context.call in keywords.DEFINES or context.on in keywords.SERVERS or word.decorates
    placed = _calls(context) or served or _completes_a_url(context)
    return _Path(f"/{text}", "", method) if placed and _RELATIVE.fullmatch(text) else None


def _navigates(context: LiteralContext) -> bool:
    """Return whether a path is that of a screen or page, to which a program goes without asking a server."""
    if context.call in keywords.NAVIGATES:
        return True
    return context.call in ("push", "replace", "go") and context.on in keywords.NAVIGATORS


def _makes_url(context: LiteralContext) -> bool:
    """Return whether the place puts the address of a server before a path."""
    if context.word.at or context.word.is_key:
        return False
    return _MAKES_URL.fullmatch(context.call) is not None or (context.key.endswith(_OF_PATH) and not context.declares)


def _completes_a_url(context: LiteralContext) -> bool:
    """Return whether a path is a part of a URL that is completed elsewhere: `RIDES_URL = "api/rides"`."""
    code = not context.declares and context.language not in ("bash", "dockerfile", "plain")
    return code and not context.word.is_key and context.key.endswith(_OF_URL)


def _is_route(context: LiteralContext, path: _Path, name: str) -> bool:
    if not path.text or not _ROUTE.fullmatch(name) or ends_like_a_file(name):
        return False
    requested = path.host or context.word.decorates or context.word.handled or _calls(context)
    if not requested and ends_like_a_file(path.text):
        return False  # `/api/rides.json` is a route where somebody asks for it, and a file elsewhere
    placed = (
        context.word.decorates
        or (bool(context.word.within) and not context.declares)
        or context.key in keywords.PREFIXES
    )
    if not placed and not re.search(r"[A-Za-z]{2}", name):
        return False
    return bool(path.host) or name.split("/")[1] not in keywords.SYSTEM_FOLDERS


def _serves(context: LiteralContext, path: _Path) -> bool:
    """Return whether the place declares a route (rather than calls it)."""
    word, call, on = context.word, context.call, context.on
    if path.host or _is_retrofit(word):
        return False
    if word.method in STREAMS:
        return word.handled or word.decorates
    if path.pattern:
        return True
    declares = call in keywords.DEFINES
    verb = call in keywords.VERBS
    if word.decorates and (verb or declares or on in keywords.SERVERS):
        return True
    if word.handled and (verb or declares or word.method) and on not in keywords.CLIENTS - {"api"}:
        return True
    if word.case and context.key in ("path", "pathname", "url", "uri", "route", "raw_path", "path_info"):
        return True  # the path of a request is compared with it
    if on in keywords.SERVERS and (verb or call in ("use", "all", "handle", "methodfunc", "method")):
        return True
    match context.language:
        case "c" | "cpp":
            return word.key.endswith("uri") or call in ("on", "serveon", "seturi")
        case "ruby" | "elixir":
            return (verb and not on) or call == "resources"
        case "php" if _is_resource(context):
            return True
        case "python" if _is_resource(context):
            return True
        case "go" if verb and not word.at and word.call.rpartition(".")[2].isupper():
            return True
        case "python" if call in ("url", "path") and word.at == 0:
            return True
    return declares and call not in _NOT_ALONE


def _mounts(context: LiteralContext) -> bool:
    return context.call in keywords.MOUNTS or (context.call == "route" and context.language == "go")


def _of_class(context: LiteralContext) -> bool:
    """Return whether this decorates a single function, although the decorator's name occurs on classes, too."""
    return context.word.decorates and context.call not in keywords.CLASSES


def _is_resource(context: LiteralContext) -> bool:
    """Return whether this declares the routes of a resource: of all, and of one."""
    if context.language == "python":
        return context.call == "register" and context.on.endswith("router") and not context.word.at
    return not context.word.at and (
        (context.call == "resources" and context.language in ("elixir", "php"))
        or (context.language == "php" and context.call in ("apiresource", "resource") and context.on == "route")
    )


def _names_a_path(context: LiteralContext) -> bool:
    """Return whether the place holds a path, which need not begin with a slash there."""
    word, call = context.word, context.call
    if word.is_key or word.at:
        return False
    match context.language:
        case "php":
            return context.on == "route" and (call in keywords.VERBS or call == "any")
        case "python":
            return call in ("path", "include_router") and not context.on
        case "typescript" | "csharp" | "java" | "kotlin":
            return word.decorates and call in keywords.VERBS and bool(word.within)
    return False


def _is_retrofit(word: Literal) -> bool:
    """Return whether this is an annotation of Retrofit, which declares what is called."""
    return word.decorates and word.call.lstrip("@") in _RETROFIT


def _method(context: LiteralContext, path: _Path) -> str:
    if path.method or context.word.method:
        return path.method or context.word.method
    if context.word.decorates and context.call in keywords.STREAMED:
        return keywords.STREAMED[context.call]
    verb = context.call.removesuffix("async").removesuffix("mapping").removeprefix("http").removeprefix("map")
    return verb.upper() if verb in keywords.VERBS else context.word.methods


def _below(word: Literal, name: str, prefix: str = "") -> str:
    """Return the full form of a route that is declared below another one."""
    above = route_name(word.within) if word.within else prefix
    if above in ("", "/") or name == above or name.startswith(above + "/"):
        return name
    return above + (name if name != "/" else "")


def _calls(context: LiteralContext) -> bool:
    """Return whether the string is passed to something that sends requests."""
    if context.call == "join" and context.on in ("path", "filepath", "posix", "posixpath"):
        return False  # of files
    if context.call in keywords.REQUESTS or context.on in keywords.REQUESTS or _makes_url(context):
        return True
    client = context.on in keywords.CLIENTS or context.on.endswith(("client", "session", "http", "api", "_conn"))
    return client and (context.call in keywords.VERBS or context.call in keywords.CLIENTS)
