"""mentions: which words of a source file name something that two repos may share, and what that is.

Judged by shape and by what stands around a word, in that order of trust: an index of `headers` is a header, whatever
it looks like; `X-Device-Token` is one wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from supervisor.core import common
from supervisor.domain.seam import Form, Kind, Mention, Role, Word

_PACKAGE_FILE = re.compile(r"(?:src/|python/|[\w\-]+/)?(\w+)/__init__\.py")
_PLACEHOLDER = re.compile(r"\{[^{}/]*\}|<[^<>/]*>|(?<=/):\w+\??|(?<=/)\[+\.{0,3}\w+\]+|(?<=/)\*\w*|\(\?P?<\w+>[^/]*\)")
_ROUTE = re.compile(r"/(?:[\w\-.~{}@+%,;=]+(?:/[\w\-.~{}@+%:,;=]+)*/?)?")
_URL = re.compile(r"(?:\w[\w+.\-]*://)(?:[^/@\s]*@)?([^/:?#\s]*)(?::(\d+|\{\}))?(/[^\s?#]*)?(?:[?#]\S*)?")
_METHOD = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+(?=[/{])")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")
_OWN_HEADER = re.compile(r"[Xx]-[A-Za-z][A-Za-z0-9\-]+")
_HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+):\s")
_ENV = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{5,}")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_\-.:/][A-Za-z0-9]+)+|[A-Z]{1,4}[_-]?\d{3,5}|[a-z]+(?:[A-Z][a-z0-9]+)+")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")
_TOPIC = re.compile(r"[A-Za-z0-9{}$+#*][\w{}$+#*.:/\-]*")
_SENTENCE = re.compile(r"[\w{}'\"(][^\n<>]{10,}")
_TABLE = re.compile(
    r"\b(?:from|join|into|update|table(?:\s+if\s+(?:not\s+)?exists)?|references|truncate|on)\s+"
    r"[\"`\[]?(?:\w+[\"`\]]?\.[\"`\[]?)?([a-z_][a-z0-9_]{2,})",
    re.I,
)
_SQL = re.compile(r"\s*(select\b.+\bfrom\b|insert\s+into|update\s+\S+\s+set|delete\s+from|create\s+(unlogged\s+)?table|alter\s+table"
                  r"|with\s+\w+\s+as|create\s+(unique\s+)?index|replace\s+into|merge\s+into)", re.I | re.S)

_SERVERS = frozenset(
    "app router route routes r mux bp blueprint server srv fastify group engine web rg public private protected admin "
    "v1 v2 webapp flask sanic bottle namespace ns koa express apirouter restify hono authorized authed guarded".split()
)
_CLIENTS = frozenset(
    "axios requests http https httpx client session fetch got superagent ky rest resty conn dio urlsession webclient "
    "resttemplate httpclient apiclient api agent request curl unirest okhttp retrofit faraday guzzle httparty reqwest ureq "
    "ajax net xhr gateway backend transport connection _client _session _http alamofire af".split()
)
_VERBS = frozenset("get post put patch delete head options getasync postasync putasync deleteasync patchasync".split())
_DEFINES = frozenset(
    "route add_url_rule handle handlefunc add_route add_api_route mapget mappost mapput mapdelete mappatch mapgroup "
    "getmapping postmapping putmapping deletemapping patchmapping requestmapping httpget httppost httpput httpdelete "
    "httppatch websocket api_route resource add_resource re_path url path include_router mount nest scope all use "
    "add_websocket_route onws handler on_get controller method pathprefix subrouter urlpatterns httpserver_register "
    "register_uri_handler methodfunc live forward".split()
)
_CLASSES = ("requestmapping", "controller", "route")
_MOUNTS = frozenset("group mount use nest scope namespace mapgroup pathprefix include_router register_blueprint".split())
_PREFIXES = frozenset("prefix url_prefix apirouter blueprint group pathprefix requestmapping controller scope routeprefix route".split())
_REQUESTS = frozenset(
    "fetch axios urlopen request newrequest newrequestwithcontext getjson postjson urljoin uri url join build_url buildurl "
    "make_request makerequest usefetch useswr xmlhttprequest open eventsource websocket_connect url_for_api create_connection "
    "path_join api_url send_request get_json post_json uri.parse".split()
)
_RENAMES = frozenset(
    "serialname serializedname jsonproperty jsonpropertyname jsonkey rename alias data_key bsonelement datamember field_name "
    "serialization_alias validation_alias fieldname xmlelement param".split()
)
_ENVIRONMENTS = ("environ", "get_env", "fetch_env", "fromenvironment", "getenv", "env", "lookupenv", "getenvironmentvariable", "environmentvariable", "fetchenv")
_EVENTS_OUT = frozenset(
    "emit publish send broadcast produce basic_publish sendtoqueue send_task notify trigger dispatch fire push enqueue "
    "publishasync convertandsend emit_event send_event publish_event xadd rpush lpush send_json write_message".split()
)
_EVENTS_IN = frozenset(
    "on once subscribe consume basic_consume listen addeventlistener handle_event handle_in psubscribe queue_bind "
    "assertqueue queue_declare queuedeclare exchange_declare assertexchange exchangedeclare consumer kafkalistener "
    "rabbitlistener off on_event receive onmessage channel topic queue task shared_task brpop blpop xread "
    "handle_cast handle_info set_message_handler message_callback_add register_event subscribe_to".split()
)
_TOPIC_WORDS = ("topic", "queue", "routing_key", "routingkey", "exchange", "channel", "subject", "stream", "event")
_MESSAGE_KEYS = frozenset("type event op action kind cmd command msg_type message_type eventtype event_type method t".split())
_ERRORS = ("error", "err", "code", "reason", "fault", "exception", "problem", "fail")
_FLAGS = ("flag", "feature", "toggle", "experiment", "variation", "is_enabled", "isenabled")
_FILES = re.compile(r"/(usr|tmp|etc|var|dev|bin|sbin|home|proc|opt|root|sys|lib|mnt|Users|Applications|run)(/|$)")
_PUBLIC = re.compile(
    r"(^|\.)(github|gitlab|google|googleapis|w3|example|mozilla|python|npmjs|apache|wikipedia|stackoverflow|microsoft|schema"
    r"|json-schema|pypi|jsdelivr|unpkg|readthedocs|ietf|docker|golang|rust-lang|nodejs|opensource|creativecommons|shields)\."
)
_ENDING = re.compile(
    r"\.(js|jsx|mjs|tsx?|css|scss|html?|py|md|rst|txt|ya?ml|toml|json|xml|csv|log|sh|go|rs|rb|php|c|h|cc|cpp|java|kt|swift"
    r"|so|dll|exe|gz|tar|zip|png|jpe?g|gif|svg|ico|woff2?|pem|key|crt|lock|ini|cfg|conf|env|db|sqlite|sql|proto|com|org|net|io)$"
)
MOUNT = "mount"
"""The detail of a route that others of the repo are below."""

_MULTIWORD = re.compile(r"[A-Za-z0-9][_\-.:][A-Za-z0-9]|[a-z0-9][A-Z]")


def mentions(words: Sequence[Word], language: str, file: str = "") -> tuple[Mention, ...]:
    """What the words of one file mention; the same thing on the same line only once."""
    prefix = _prefix(words, language)
    found: dict[tuple[Kind, str, int, str], Mention] = {}
    if (match := _PACKAGE_FILE.fullmatch(file)) and match[1].lower() not in common.FOLDERS:
        one = Mention(Kind.PACKAGE, package_name(match[1]), match[1], 0, Role.PROVIDES)
        found[one.kind, one.name, one.line, one.detail] = one
    for word in words:
        for one in _of(word, language, prefix):
            key = (one.kind, one.name, one.line, one.detail)
            if key not in found or (found[key].role is Role.NAMES and one.role is not Role.NAMES):
                found[key] = one
    return tuple(found.values())


def plain_name(text: str) -> str:
    """The form in which `retry_after`, `retryAfter` and `RETRY-AFTER` are equal."""
    return re.sub(r"[_\-\s]", "", text).lower()


def route_name(text: str) -> str:
    """The form in which `/v1/devices/{id}/`, `/v1/devices/:id` and `/v1/devices/<int:id>?x=1` are equal."""
    path = _PLACEHOLDER.sub("{}", text.partition("?")[0].partition("#")[0])
    path = "/".join(_segment(part) for part in path.split("/"))
    return re.sub(r"//+", "/", path).rstrip("/") or "/"


def _segment(part: str) -> str:
    """A hole beside words is what the caller puts before or behind them, but for a file's ending."""
    return part if part == "{}" or "{}" not in part else "{}" if re.fullmatch(r"[\W_]*(\{\}[\W_]*)+", part) else part


def package_name(text: str) -> str:
    """The form in which `My_Pkg` and `my-pkg` are equal."""
    return re.sub(r"[_.\-]+", "-", text).lower()


def _imported(text: str, language: str) -> str:
    """The package that an import is of."""
    if language == "python":
        return text.partition(".")[0]
    if language == "go":
        return text
    parts = text.split("/")
    return "/".join(parts[:2]) if text.startswith("@") else parts[0]


def repo_name(url: str) -> str:
    """What a repo is called, by its URL or path: the last part, without `.git`."""
    return re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git").lower()


def topic_name(text: str) -> str:
    """The form in which `devices/+/status` and `devices/%s/status` are equal."""
    parts = re.split(r"([/.:])", _PLACEHOLDER.sub("{}", text))
    return "".join("{}" if part in ("+", "*", "{}") else part for part in parts).strip("/")


def _prefix(words: Sequence[Word], language: str) -> str:
    """What all routes of the file are below, if it says so once."""
    found = {
        route_name(word.text if word.text.startswith("/") else f"/{word.text}")
        for word in words
        if word.form is Form.STRING
        and (word.text.startswith("/") or word.decorates)
        and "/" in f"/{word.text}"
        and not word.handled
        and (_last(word.key) in _PREFIXES or (_last(word.call) in _PREFIXES and (word.decorates or word.at <= 1)))
        and not (word.decorates and _last(word.call) not in _CLASSES)
        and (_last(word.call) != "route" or language == "csharp")
    }
    return found.pop() if len(found) == 1 else ""


def _last(name: str) -> str:
    return re.split(r"\.|->|::|\?\.", name.rstrip("!?"))[-1].lower()


def _receiver(name: str) -> str:
    parts = re.split(r"\.|->|::|\?\.", name)
    return parts[-2].lower().lstrip("$@") if len(parts) > 1 else ""


def _of(word: Word, language: str, prefix: str) -> Iterator[Mention]:
    match word.form:
        case Form.NUMBER:
            yield from _number(word, language)
        case Form.FIELD if word.call in ("proto", "graphql"):
            yield from _key(word.text, word, Role.PROVIDES)
        case Form.FIELD if word.key in ("Header", "Cookie"):
            kind, shown = (Kind.HEADER, word.text.replace("_", "-")) if word.key == "Header" else (Kind.COOKIE, word.text)
            if shown.lower() not in common.HEADERS:
                yield Mention(kind, shown.lower(), word.text, word.line, Role.PROVIDES)
        case Form.FIELD | Form.MEMBER:
            if _ENV.fullmatch(word.text) and "_" in word.text:
                yield Mention(Kind.WORD, word.text, word.text, word.line, weak=2 if word.form is Form.MEMBER else 0)
            elif _MULTIWORD.search(word.text):
                yield from _key(word.text, word, Role.NAMES, weak=2 if word.form is Form.MEMBER else 1)
        case Form.ENV:
            if _ENV.fullmatch(word.text) and word.text not in common.ENVIRONMENT:
                role = Role.PROVIDES if word.is_key else Role.USES
                yield Mention(Kind.ENV, word.text, word.text, word.line, role, weak=2 if language == "bash" else 0)
        case Form.PACKAGE if word.key == "submodule":
            yield Mention(Kind.SUBMODULE, repo_name(word.text), word.text, word.line, Role.USES)
        case Form.PACKAGE if word.key == "imports":
            name = _imported(word.text, word.call)
            yield Mention(Kind.PACKAGE, package_name(name), name, word.line, Role.USES, weak=1)
        case Form.PACKAGE:
            role = Role.PROVIDES if word.key == "provides" else Role.USES
            yield Mention(Kind.PACKAGE, package_name(word.text), word.text, word.line, role)
        case Form.TAG:
            for name, value in re.findall(r'(\w+):"([^"]*)"', word.text):
                key = value.split(",")[0]
                if name in ("json", "form", "query", "bson", "msgpack", "yaml", "uri", "param") and _IDENTIFIER.fullmatch(key):
                    yield from _key(key, word, Role.NAMES)
                elif name in ("env", "envconfig") and _ENV.fullmatch(key) and key not in common.ENVIRONMENT:
                    yield Mention(Kind.ENV, key, key, word.line, Role.USES)
                elif name == "header":
                    yield from _header(key, word)
        case Form.TYPE | Form.USED_TYPE:
            schema = word.form is Form.TYPE
            if len(word.text) > 3 and word.text not in common.TYPES and (schema or _MULTIWORD.search(word.text)):
                role = Role.PROVIDES if schema else Role.USES
                yield Mention(Kind.SCHEMA, word.text, word.text, word.line, role, weak=0 if schema else 2)
        case Form.STRING:
            yield from _string(word, language, prefix)


def _string(word: Word, language: str, prefix: str) -> Iterator[Mention]:
    text = word.text.strip()
    shown = (word.raw or word.text).strip()
    call, key, of = word.call, _last(word.key), _last(word.of)
    last = _last(call)
    constant = re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+", word.key.rpartition(".")[2]) is not None
    declares = language in ("yaml", "json", "toml")
    if _SQL.match(text) or call == "sql":
        yield from _tables(word)
        return
    if key == "cookie" and (match := re.match(r"([A-Za-z_]\w{2,})=", text)):
        yield Mention(Kind.COOKIE, match[1], match[1], word.line, Role.PROVIDES)
        return
    if last in ("table", "collection", "from_", "knex", "create_table") or key in ("__tablename__", "table_name", "tablename", "table"):
        if re.fullmatch(r":?[a-z][a-z0-9_]{2,}", text) and not word.is_key:
            yield Mention(Kind.TABLE, text.lstrip(":"), text, word.line)
            return
    if constant and not declares and "\n" not in text and len(text) < 120:
        yield Mention(Kind.CONSTANT, plain_name(word.key.rpartition(".")[2]), word.key.rpartition(".")[2], word.line, detail=text)
    if "_header" in (key, last) or (key.endswith("header") and _HEADER.fullmatch(text)) or _is_header(word, text):
        yield from _header(text.rstrip(": "), word)
        return
    if (match := _HEADER_LINE.match(text)) and match[1].lower() not in common.HEADERS:
        yield from _header(match[1], word)
        return
    routes = tuple(_routes(text, word, language, prefix))
    if routes:
        yield from routes
        return
    if _is_env(word, text, declares):
        if text not in common.ENVIRONMENT:
            yield Mention(Kind.ENV, text, text, word.line, Role.PROVIDES if declares else Role.USES)
        return
    if declares:
        yield from _declared(word, text)
        return
    if (last in _RENAMES or key in _RENAMES) and _IDENTIFIER.fullmatch(text) and text not in ("camelCase", "snake_case"):
        yield from _key(text, word, Role.NAMES)
        return
    if language == "swift" and key and plain_name(key) == plain_name(text):
        yield from _key(text, word, Role.NAMES)
        return
    if match := re.fullmatch(r"(?:tcp://)?[\w.\-{}\[\]*]*:(\d{4,5})", text):
        if int(match[1]) not in common.PORTS:
            role = Role.PROVIDES if any(part in last for part in ("listen", "bind", "serve", "run")) else Role.USES
            yield Mention(Kind.PORT, match[1], shown, word.line, role)
        return
    if "cookie" in f"{last} {of} {key} {_receiver(call)}".lower() and not word.is_key and _IDENTIFIER.fullmatch(text):
        if word.at == 0 and len(text) > 3 and text.lower() not in common.COOKIE_WORDS:
            yield Mention(Kind.COOKIE, text, text, word.line, _side(last, ("set_cookie", "setcookie", "set", "cookie")))
            return
    if any(part in call.lower() or part in key or part in of for part in _FLAGS) and _CODE.fullmatch(text) and word.at == 0:
        if not word.is_key or any(part in key for part in _FLAGS):
            yield Mention(Kind.FLAG, plain_name(text), text, word.line, Role.USES)
            return
    if _is_topic(word, text, last, key):
        out = last in _EVENTS_OUT
        role = Role.PROVIDES if out else Role.USES if last in _EVENTS_IN else Role.NAMES
        yield Mention(Kind.TOPIC, topic_name(text), (word.raw or text).strip(), word.line, role)
        return
    code = _CODE.fullmatch(text) is not None and _MULTIWORD.search(text) is not None or re.fullmatch(r"[A-Z]{1,4}[_-]?\d{3,5}", text)
    if code and text.lower() not in common.WORDS:
        around = f"{call} {key}".lower()
        if any(part in around for part in _ERRORS) and not word.is_key and "encod" not in around:
            yield Mention(Kind.ERROR, text, text, word.line)
        elif re.fullmatch(r"[a-z][a-z_\-]+[.:][a-z][a-z_\-]+", text) and not _ENDING.search(text) and not of:
            yield Mention(Kind.TOPIC, topic_name(text), text, word.line, Role.NAMES)
        elif key in _MESSAGE_KEYS and not word.is_key and not text.startswith(("application/", "text/")):
            yield Mention(Kind.TOPIC, topic_name(text), (word.raw or text).strip(), word.line, Role.NAMES)
        elif word.is_key and any(part in key for part in ("error", "message", "problem", "reason", "hint")):
            yield Mention(Kind.ERROR, text, text, word.line)
        elif word.is_key or of or (last in ("get", "pop", "setdefault", "has", "containskey", "getstring", "optstring") and word.at == 0):
            yield from _key(text, word, Role.NAMES)
        elif "getobjectitem" in last or "toobject" in last or "json" in last:
            yield from _key(text, word, Role.NAMES)
        elif "/" not in text:
            yield Mention(Kind.WORD, text, text, word.line, weak=0 if word.case or key else 2)
        return
    if (word.is_key or of) and _IDENTIFIER.fullmatch(text) and len(text) > 2:
        yield from _key(text, word, Role.NAMES)
    elif text.count("/") > 1 and _TOPIC.fullmatch(text) and "{}" in topic_name(text) and not text.startswith("{}"):
        yield Mention(Kind.TOPIC, topic_name(text), (word.raw or text).strip(), word.line)
    elif re.fullmatch(r"[a-z]{3,}( [a-z]{2,}){1,2}", text) and not word.is_key:
        yield Mention(Kind.ERROR, text, shown, word.line, weak=0 if _told(last, key) or word.case else 1)
    elif _SENTENCE.fullmatch(text) and text.count(" ") > 2 and len(text) < 160 and not word.is_key:
        yield Mention(Kind.ERROR, text.rstrip(".:! "), shown, word.line, weak=0 if _told(last, key) else 1)


def _told(last: str, key: str) -> bool:
    return any(part in f"{last} {key}" for part in (*_ERRORS, "message", "detail", "raise", "abort"))


def _side(last: str, out: tuple[str, ...]) -> Role:
    return Role.PROVIDES if last in out else Role.USES


# ── routes, ports ────────────────────────────────────────────────────────────────────────────────


def _routes(text: str, word: Word, language: str, prefix: str) -> Iterator[Mention]:
    """A path or an URL, and who serves it as far as the place tells."""
    if word.is_key and language in ("yaml", "json"):
        if word.key == "paths" and text.startswith("/"):
            yield Mention(Kind.ROUTE, route_name(text), text, word.line, Role.PROVIDES, detail="")
        return
    if language in ("toml",) or " " in text.strip() and not _METHOD.match(text):
        return
    method = ""
    if match := _METHOD.match(text):
        method, text = match[1], text[match.end() :]
    host, last = "", _last(word.call)
    if match := _URL.fullmatch(text):
        host, port, path = match[1], match[2], match[3]
        if port and port.isdigit() and int(port) not in common.PORTS:
            yield Mention(Kind.PORT, port, (word.raw or text).strip(), word.line, Role.USES)
        if not path or len(path) < 2 or _PUBLIC.search(host) or "schema" in host:
            return
        text = path
    elif word.decorates and last in _DEFINES:
        text = text if text.startswith("/") else f"/{text}"
    elif text.startswith("{}/"):
        text, host = text[2:], "{}"
    elif re.match(r"(\{\})+[a-z]", text) and "/" in text and _calls(word):
        text, host = "/" + re.sub(r"^(\{\})+", "", text), "{}"
    last, receiver = _last(word.call), _receiver(word.call)
    if last == "resources" and re.fullmatch(r":?[a-z_]{3,}", text) and language in ("ruby", "elixir", "php"):
        yield Mention(Kind.ROUTE, _below(word, "/" + text.lstrip(":")), text, word.line, Role.PROVIDES)
        return
    if not text.startswith("/"):
        served = last in _DEFINES or (last in _VERBS and receiver in _SERVERS) or word.decorates
        if not (_calls(word) or (served and "/" in text)) or not re.fullmatch(r"[\w\-{}.:<>]+(/[\w\-{}.:<>]+)+/?", text):
            return
        text = "/" + text
    name = route_name(text)
    placed = word.decorates or _last(word.key) in _PREFIXES
    if not _ROUTE.fullmatch(name) or not (placed or re.search(r"[A-Za-z]{2}", name)) or (_FILES.match(name) and not host):
        return
    if _ENDING.search(name):
        return
    method = method or word.method
    decorated = word.decorates and (last in _VERBS or last in _DEFINES or receiver in _SERVERS)
    handled = word.handled and (last in _VERBS or last in _DEFINES) and receiver not in ("axios", "http", "requests", "client")
    served = decorated or handled or (last in _DEFINES and last not in ("url", "path", "use", "all", "handler", "method"))
    served = served or (language in ("c", "cpp") and (word.key.endswith("uri") or last in ("on", "serveon", "seturi")))
    served = served or (language in ("ruby", "elixir") and last in _VERBS and not receiver and not host)
    served = served or (word.handled and bool(method) and receiver not in _CLIENTS)
    served = served or (last in ("url", "path") and language == "python" and word.at == 0)
    served = served or (last in _VERBS | {"use", "all", "handle", "methodfunc", "method"} and receiver in _SERVERS and not host)
    retrofit = word.decorates and word.call.lstrip("@") in ("GET", "POST", "PUT", "PATCH", "DELETE", "HTTP")
    if retrofit:
        role = Role.USES
    elif host or not served:
        role = Role.USES if host or _calls(word) or (word.method and word.at) else Role.NAMES
    else:
        role = Role.PROVIDES
    if served and (last in _MOUNTS or (last == "route" and language == "go")) and not host and name != prefix:
        yield Mention(Kind.ROUTE, _below(word, name), (word.raw or word.text).strip(), word.line, role, detail=MOUNT)
        return
    if _last(word.key) in _PREFIXES and prefix != name:
        yield Mention(Kind.ROUTE, name, (word.raw or word.text).strip(), word.line, Role.PROVIDES, detail=MOUNT)
        return
    if last in _PREFIXES and not handled and not (decorated and last not in _CLASSES) and prefix == name:
        return  # what routes are below is no route
    if not method:
        verb = last.removesuffix("async").removesuffix("mapping").removeprefix("http").removeprefix("map")
        method = verb.upper() if verb in _VERBS else ""
    if role is Role.PROVIDES:
        name = _below(word, name, prefix)
    yield Mention(Kind.ROUTE, name, (word.raw or word.text).strip(), word.line, role, detail=method, weak=1 if role is Role.NAMES else 0)


def _below(word: Word, name: str, prefix: str = "") -> str:
    """The whole of a route that is declared below another one."""
    above = route_name(word.within) if word.within else prefix
    if above in ("", "/") or name == above or name.startswith(above + "/"):
        return name
    return above + (name if name != "/" else "")


def _calls(word: Word) -> bool:
    """Whether the word is handed to something that sends requests."""
    last, receiver = _last(word.call), _receiver(word.call)
    if last in _REQUESTS or receiver in _REQUESTS:
        return True
    named = receiver in _CLIENTS or receiver.endswith(("client", "session", "http", "api", "_conn"))
    return (last in _VERBS or last in _CLIENTS) and named and not (word.handled and receiver == "app")


def _number(word: Word, language: str) -> Iterator[Mention]:
    key = word.key.rpartition(".")[2]
    bare = plain_name(key)
    digits = word.text.replace("_", "")
    if bare.endswith(("port", "ports")) and digits.isdigit() and 1023 < int(digits) < 65536 and int(digits) not in common.PORTS:
        yield Mention(Kind.PORT, digits, word.text, word.line, Role.PROVIDES if word.is_key else Role.NAMES)
    if language not in ("hcl", "yaml", "json") and not word.within and not word.is_key and _MULTIWORD.search(key) and bare not in common.CONSTANTS:
        yield Mention(Kind.CONSTANT, bare, key, word.line, detail=digits)


# ── headers, environment, topics, keys, tables ───────────────────────────────────────────────────


def _is_header(word: Word, text: str) -> bool:
    if _OWN_HEADER.fullmatch(text):
        return True
    if not _HEADER.fullmatch(text):
        return False
    around = f"{word.call} {word.of} {word.key}".lower()
    return "header" in around or (word.call in ("yaml", "json") and word.key == "name" and ".parameters" in word.within)


def _header(text: str, word: Word) -> Iterator[Mention]:
    name = text.lower()
    if _HEADER.fullmatch(text) and name not in common.HEADERS:
        last = _last(word.call)
        yield Mention(Kind.HEADER, name, text, word.line, Role.USES if "get" in last else Role.NAMES)


def _is_env(word: Word, text: str, declares: bool) -> bool:
    if declares:
        name, sign, _ = text.partition("=")
        if sign and _ENV.fullmatch(name) and "env" in word.key.lower():
            return False  # handled as what it declares
        above = word.key.lower()
        if word.is_key:
            return _ENV.fullmatch(text) is not None and (above in ("environment", "env", "variables", "data", "envs", "stringdata"))
        return word.key == "name" and ".env" in word.within and _ENV.fullmatch(text) is not None
    if not _ENV.fullmatch(text):
        return False
    if word.key == "name" and not word.call and not word.case:
        return True  # of Terraform
    last, receiver, of = _last(word.call), _receiver(word.call), word.of.lower()
    if last in _ENVIRONMENTS or receiver in ("environ", "env", "process", "dotenv"):
        return True
    return of.endswith(("environ", "env", "_env")) or "getenv" in last or "env" in (last, receiver)


def _declared(word: Word, text: str) -> Iterator[Mention]:
    """What a value or a key of YAML, JSON or TOML declares."""
    name, sign, _ = text.partition("=")
    if sign and _ENV.fullmatch(name) and "env" in word.key.lower():
        if name not in common.ENVIRONMENT:
            yield Mention(Kind.ENV, name, text, word.line, Role.PROVIDES)
    elif word.key == "ports":
        for port in re.findall(r"\d{4,5}", text):
            if int(port) not in common.PORTS:
                yield Mention(Kind.PORT, port, text, word.line, Role.PROVIDES)
    elif word.is_key and word.key == "properties" and _IDENTIFIER.fullmatch(text):
        yield from _key(text, word, Role.PROVIDES)
    elif word.is_key and word.key in ("schemas", "definitions", "messages"):
        yield Mention(Kind.SCHEMA, text, text, word.line, Role.PROVIDES)
    elif word.is_key and word.key in ("channels", "topics", "queues"):
        yield Mention(Kind.TOPIC, topic_name(text), (word.raw or text).strip(), word.line, Role.PROVIDES)
    elif not word.is_key and any(part in word.key.lower() for part in _TOPIC_WORDS) and _TOPIC.fullmatch(text) and len(text) > 4:
        yield Mention(Kind.TOPIC, topic_name(text), (word.raw or text).strip(), word.line, Role.NAMES)
    elif not word.is_key and word.key in ("enum", "const", "required") and _IDENTIFIER.fullmatch(text):
        if _MULTIWORD.search(text):
            yield Mention(Kind.WORD, text, text, word.line)
    elif word.is_key and any(part in word.key.lower() for part in _FLAGS) and _CODE.fullmatch(text):
        yield Mention(Kind.FLAG, plain_name(text), text, word.line, Role.PROVIDES)
    elif _CODE.fullmatch(text) and _MULTIWORD.search(text) and text.lower() not in common.WORDS:
        yield Mention(Kind.WORD, text, text, word.line, weak=2)


def _is_topic(word: Word, text: str, last: str, key: str) -> bool:
    if word.is_key or not _TOPIC.fullmatch(text) or len(text) < 4 or text.lower() in common.EVENTS:
        return False
    if text.startswith((".", "-")) or "application/" in text or re.fullmatch(r"[\d.:/]+", text):
        return False
    shaped = _MULTIWORD.search(text) is not None or "/" in text or "{}" in text
    if any(part in key for part in _TOPIC_WORDS) and shaped and not key.endswith(("_key_id", "eventlistener")):
        return True
    if last in _EVENTS_IN or last in _EVENTS_OUT:
        return shaped or (word.at == 0 and last in ("on", "once", "emit", "publish", "subscribe", "send", "broadcast"))
    return any(part in last for part in ("publish", "subscribe", "enqueue", "broadcast", "topic_", "queue_")) and shaped


def _key(text: str, word: Word, role: Role, *, weak: int = 0) -> Iterator[Mention]:
    name = plain_name(text)
    if len(name) > 2 and name not in common.KEYS and not text.startswith(("-", "__")):
        yield Mention(Kind.KEY, name, text, word.line, role, weak=weak)


def _tables(word: Word) -> Iterator[Mention]:
    text = word.text
    for match in _TABLE.finditer(text):
        name = match[1].lower()
        if match[0][:2].lower() == "on" and "index" not in text[: match.start()].lower():
            continue
        if name not in common.SQL:
            creates = re.search(r"create\s+(unlogged\s+)?table", text[: match.end()], re.I) is not None
            role = Role.PROVIDES if creates and match[0].lower().startswith("table") else Role.USES
            line = word.line + text[: match.start(1)].count("\n")
            yield Mention(Kind.TABLE, name, match[1], line, role)
