"""The words by which software says what it does with a string: who serves, who calls, who publishes, who listens."""

from __future__ import annotations

from supervisor.core.map.stopwords import word_set


def _tuple(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SERVERS = word_set(
    """
    app router route routes r mux bp blueprint server srv fastify group engine web rg public private protected
    admin v1 v2 webapp flask sanic bottle namespace ns koa express apirouter restify hono authorized authed
    guarded
    """
)
"""What routes are added to: `app.get(...)`, `router.post(...)`."""

CLIENTS = word_set(
    """
    axios requests http https httpx client session fetch got superagent ky rest resty conn dio urlsession
    webclient resttemplate httpclient apiclient api agent request curl unirest okhttp retrofit faraday guzzle
    httparty reqwest ureq ajax net xhr gateway backend transport connection _client _session _http alamofire af
    """
)
"""What sends requests: `axios.get(...)`, `client.post(...)`."""

VERBS = word_set(
    """
    get post put patch delete head options getasync postasync putasync deleteasync patchasync
    """
)
"""Methods of HTTP, as functions are named after them."""

DEFINES = word_set(
    """
    route add_url_rule handle handlefunc add_route add_api_route mapget mappost mapput mapdelete mappatch
    mapgroup getmapping postmapping putmapping deletemapping patchmapping requestmapping httpget httppost
    httpput httpdelete httppatch websocket api_route resource add_resource re_path url path include_router mount
    nest scope all use add_websocket_route onws handler on_get controller method pathprefix subrouter
    urlpatterns httpserver_register register_uri_handler methodfunc live forward
    """
)
"""Functions, decorators and annotations that declare a route."""

CLASSES = word_set("requestmapping controller route")
"""Annotations of a whole class: its routes are below."""

MOUNTS = word_set(
    """
    group mount use nest scope namespace mapgroup pathprefix include_router register_blueprint
    """
)
"""Functions that put routes below another one."""

PREFIXES = word_set(
    """
    prefix url_prefix apirouter blueprint group pathprefix requestmapping controller scope routeprefix route
    """
)
"""Functions, annotations and arguments that say what the routes of a file are below."""

REQUESTS = word_set(
    """
    fetch axios urlopen request newrequest newrequestwithcontext getjson postjson urljoin uri url join build_url
    buildurl make_request makerequest usefetch useswr xmlhttprequest open eventsource websocket_connect
    url_for_api create_connection path_join api_url send_request get_json post_json uri.parse
    """
)
"""Functions that take the address of a request."""

RENAMES = word_set(
    """
    serialname serializedname jsonproperty jsonpropertyname jsonkey rename alias data_key bsonelement datamember
    field_name serialization_alias validation_alias fieldname xmlelement param
    """
)
"""Annotations that give a field its name on the wire."""

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
"""Functions that wait for one, or declare what it goes through."""

TOPIC_WORDS = _tuple("topic queue routing_key routingkey exchange channel subject stream event")
"""Parts of names that hold a topic."""

MESSAGE_KEYS = word_set(
    """
    type event op action kind cmd command msg_type message_type eventtype event_type method t
    """
)
"""Keys whose value says what a message is."""

ERRORS = _tuple("error err code reason fault exception problem fail")
"""Parts of names that have to do with errors."""

FLAGS = _tuple("flag feature toggle experiment variation is_enabled isenabled")
"""Parts of names that have to do with feature flags."""

EVENT_FIRST = word_set("on once emit publish subscribe send broadcast")
"""Of those, the ones whose first argument is a topic even if it is a plain word."""

EVENT_PARTS = _tuple("publish subscribe enqueue broadcast topic_ queue_")
"""Parts of names of functions that have to do with topics."""

TABLES = word_set("table collection from_ knex create_table")
"""Functions whose argument is a table of a database."""

LOOKUPS = word_set("get pop setdefault has containskey getstring optstring getint getbool fetch dig")
"""Functions that read a field of data."""

PUBLIC_HOSTS = word_set(
    """
    github gitlab google googleapis w3 example mozilla python npmjs apache wikipedia stackoverflow microsoft schema
    json-schema pypi jsdelivr unpkg readthedocs ietf docker golang rust-lang nodejs opensource creativecommons shields
    """
)
"""Parts of the names of hosts that have nothing to do with any repo."""

SYSTEM_FOLDERS = word_set("usr tmp etc var dev bin sbin home proc opt root sys lib mnt Users Applications run")
"""How a path of files begins."""

ENDINGS = word_set(
    """
    js jsx mjs ts tsx css scss htm html py md rst txt yml yaml toml json xml csv log sh go rs rb php c h cc cpp java kt
    swift so dll exe gz tar zip png jpg jpeg gif svg ico woff woff2 pem key crt lock ini cfg conf env db sqlite sql
    proto com org net io
    """
)
"""How the name of a file or a host ends."""
