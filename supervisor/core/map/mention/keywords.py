"""Names of functions, objects and keys that show what code does with a string: serve, call, publish, subscribe, ..."""

from __future__ import annotations

from supervisor.core.map.mention.stopwords import word_set


def _tuple(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SERVERS = word_set(
    """
    app router route routes r mux bp blueprint server srv fastify group engine web rg public private protected
    admin v1 v2 webapp flask sanic bottle namespace ns koa express apirouter restify hono authorized authed
    guarded
    """
)
"""Objects to which routes are added: `app.get(...)`, `router.post(...)`."""

CLIENTS = word_set(
    """
    axios requests http https httpx client session fetch got superagent ky rest resty conn dio urlsession
    webclient resttemplate httpclient apiclient api agent request curl unirest okhttp retrofit faraday guzzle
    httparty reqwest ureq ajax net xhr gateway backend transport connection _client _session _http alamofire af
    """
)
"""Objects that send requests: `axios.get(...)`, `client.post(...)`."""

VERBS = word_set(
    """
    get post put patch delete head options getasync postasync putasync deleteasync patchasync
    """
)
"""HTTP methods, as names of functions."""

DEFINES = word_set(
    """
    route add_url_rule handle handlefunc add_route add_api_route mapget mappost mapput mapdelete mappatch
    mapgroup getmapping postmapping putmapping deletemapping patchmapping requestmapping httpget httppost
    httpput httpdelete httppatch websocket api_route resource add_resource re_path url path include_router mount
    nest scope all use add_websocket_route onws handler on_get controller method pathprefix subrouter
    urlpatterns sse serverendpoint httpserver_register register_uri_handler methodfunc live forward
    """
)
"""Functions, decorators and annotations that declare a route."""

STREAMED = {"websocket": "WS", "serverendpoint": "WS", "websocketgateway": "WS", "sse": "SSE"}
"""Decorators and annotations of routes that are streams."""

PATTERNS = word_set("mustcompile compile re_path url regexp regex pattern pathregex patternpath route")
"""Functions that take a regular expression, which may be that of a route."""

CLASSES = word_set("requestmapping controller route")
"""Annotations of a class: they hold a prefix of its routes."""

MOUNTS = word_set(
    """
    group mount use nest scope namespace mapgroup pathprefix include_router register_blueprint
    """
)
"""Functions that mount routes below another one."""

PREFIXES = word_set(
    """
    prefix url_prefix apirouter blueprint group pathprefix requestmapping controller scope routeprefix route
    """
)
"""Functions, annotations and arguments that hold a prefix of the routes of a file."""

REQUESTS = word_set(
    """
    fetch axios urlopen request newrequest newrequestwithcontext getjson postjson urljoin uri url join build_url
    buildurl make_request makerequest usefetch useswr xmlhttprequest open eventsource websocket_connect
    url_for_api create_connection path_join api_url send_request get_json post_json uri.parse
    """
)
"""Functions that take the URL of a request."""

NAVIGATES = word_set(
    """
    composable navigate navigatetorestored navdeeplink pushnamed pushreplacementnamed popandpushnamed
    pushnamedandremoveuntil goroute gonamed usematch matchpath generatepath navigateto redirectto
    <route <link <navlink <navigate <redirect
    """
)
"""Functions and elements that take the address of a screen or page of the same program."""

NAVIGATORS = word_set("router history navigator nav navcontroller navigation $router routerhistory gorouter context")
"""Objects that go to a screen or page of the same program: `router.push("/rides")`."""

REGISTERS = word_set("setasdefaultprotocolclient registerprotocolhandler registerurlscheme")
"""Functions that say which scheme of an address opens the program."""

RENAMES = word_set(
    """
    serialname serializedname jsonproperty jsonpropertyname jsonkey rename alias data_key bsonelement datamember
    field_name serialization_alias validation_alias fieldname xmlelement param
    """
)
"""Annotations that give a field its serialized name."""

FIELD_LISTS = word_set("fields fillable visible appends attributes")
"""Names of lists that say which fields are sent: of Django REST framework, marshmallow, Laravel."""

FIELD_CALLS = word_set("attributes permit")
"""Functions of Rails that say which fields are sent."""

QUERIED = word_set(
    """
    addqueryparameter appendqueryparameter addqueryparam setqueryparam withqueryparam addencodedqueryparameter
    """
)
"""Functions that add a parameter to the query of a URL."""

ASKED = word_set("formvalue queryparam getqueryparam requestparam fromquery defaultquery getquery postformvalue")
"""Functions and annotations that read a parameter of the query of a request."""

QUERIES = word_set("query searchparams urlsearchparams args queryparams query_params")
"""Objects that hold the query of a URL."""

ENVIRONMENTS = word_set(
    """
    environ get_env fetch_env fromenvironment getenv env lookupenv getenvironmentvariable environmentvariable
    fetchenv
    """
)
"""Functions that read the environment."""

EVENTS_OUT = word_set(
    """
    emit publish send broadcast produce basic_publish sendtoqueue send_task notify trigger dispatch fire push
    enqueue publishasync convertandsend emit_event send_event publish_event xadd rpush lpush send_json
    write_message
    """
)
"""Functions that send a message or an event."""

EVENTS_IN = word_set(
    """
    on once subscribe consume basic_consume listen addeventlistener handle_event handle_in psubscribe queue_bind
    assertqueue queue_declare queuedeclare exchange_declare assertexchange exchangedeclare consumer
    kafkalistener rabbitlistener off on_event receive onmessage channel topic queue task shared_task brpop blpop
    xread handle_cast handle_info set_message_handler message_callback_add register_event subscribe_to
    """
)
"""Functions that receive a message or an event, or declare a queue for it."""

TOPIC_WORDS = _tuple("topic queue routing_key routingkey exchange channel subject stream event")
"""Parts of the names of variables that hold a topic."""

PUSHED_TO = (*TOPIC_WORDS, *_tuple("socket conn client broker bus room lobby redis server self"))
"""Parts of the names of what sends when something is pushed to it. Anything else is a list."""

MESSAGE_KEYS = word_set(
    """
    type event op action kind cmd command msg_type message_type eventtype event_type method t
    """
)
"""Keys whose value is the type of a message."""

ERRORS = word_set("err errs errno errmsg code codes fault faults")
ERROR_STEMS = _tuple("error exception problem fail reason")
"""Words of names that are about errors, and beginnings of such words."""

EXPLAINS = word_set("help description title label placeholder summary doc usage tooltip hint caption metavar")
"""Names of texts that explain something to a person."""

TOLD = _tuple("message detail raise abort")
"""Parts of names that hold a sentence for somebody to read."""

LOCAL_SERVICES = _tuple("mdns bonjour nsd zeroconf dnssd dns_sd avahi")
"""Parts of names that are about services on the local network."""

FLAGS = _tuple("flag feature toggle experiment variation is_enabled isenabled")
"""Parts of names that are about feature flags."""

EVENT_FIRST = word_set("on once emit publish subscribe send broadcast")
"""Of `EVENTS_IN` and `EVENTS_OUT`, those whose first argument is a topic even if it is a plain word."""

EVENT_PARTS = _tuple("publish subscribe enqueue broadcast topic_ queue_")
"""Parts of names of functions that are about topics."""

TABLES = word_set("table collection from_ knex create_table")
"""Functions whose argument is a database table."""

LOOKUPS = word_set("get pop setdefault has containskey getstring optstring getint getbool fetch dig")
"""Functions that read a field of data."""

PUBLIC_HOSTS = word_set(
    """
    github gitlab google googleapis w3 example mozilla python npmjs apache wikipedia stackoverflow microsoft schema
    json-schema pypi jsdelivr unpkg readthedocs ietf docker golang rust-lang nodejs opensource creativecommons shields
    """
)
"""Parts of names of public hosts: no child serves them."""

SYSTEM_FOLDERS = word_set("usr tmp etc var dev bin sbin home proc opt root sys lib mnt Users Applications run")
"""First parts of file paths."""

ENDINGS = word_set(
    """
    js jsx mjs ts tsx css scss htm html py md rst txt yml yaml toml json xml csv log sh go rs rb php c h cc cpp java kt
    swift so dll exe gz tar zip png jpg jpeg gif svg ico woff woff2 pem key crt lock ini cfg conf env db sqlite sql
    proto com org net io
    """
)
"""Endings of the names of files and hosts."""
