"""Common words: if two repos both have them, that does not tie the repos together."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """Split a text into a set of words."""
    return frozenset(text.split())


HEADERS = word_set(
    """
    content-type content-length content-encoding content-disposition content-language content-range
    content-location accept-encoding accept-language accept-ranges accept-charset cache-control user-agent
    set-cookie if-none-match if-modified-since if-match if-unmodified-since last-modified transfer-encoding
    keep-alive proxy-authorization proxy-connection www-authenticate proxy-authenticate
    access-control-allow-origin access-control-allow-headers access-control-allow-methods
    access-control-allow-credentials access-control-expose-headers access-control-max-age
    access-control-request-method access-control-request-headers strict-transport-security
    content-security-policy x-content-type-options x-frame-options x-xss-protection x-forwarded-for
    x-forwarded-proto x-forwarded-host x-forwarded-port x-real-ip x-requested-with x-powered-by referrer-policy
    permissions-policy x-http-method-override sec-websocket-key sec-websocket-accept sec-websocket-protocol
    sec-websocket-version sec-websocket-extensions cross-origin-opener-policy cross-origin-embedder-policy
    cross-origin-resource-policy alt-svc te-trailers content-md5 x-request-id x-correlation-id x-accel-buffering
    x-amz-date dnt-header utf-8 iso-8859-1 us-ascii last-event-id x-robots-tag x-ua-compatible
    x-dns-prefetch-control max-age no-cache no-store x-axios
    """
)

ENVIRONMENT = word_set(
    """
    PATH HOME USER SHELL TERM LANG PORT HOST DEBUG NODE_ENV ENV LOG_LEVEL LOGLEVEL TMPDIR TEMP PWD EDITOR PAGER
    HOSTNAME PYTHONPATH PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE VIRTUAL_ENV CI TZ NO_COLOR FORCE_COLOR
    HTTP_PROXY HTTPS_PROXY NO_PROXY DISPLAY USERPROFILE APPDATA LOCALAPPDATA PROGRAMFILES SYSTEMROOT
    XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_RUNTIME_DIR PYTHONIOENCODING LC_ALL LC_CTYPE COLUMNS LINES
    GITHUB_TOKEN GITHUB_ACTIONS GITHUB_WORKSPACE GOPATH GOROOT GOOS GOARCH CGO_ENABLED CFLAGS CXXFLAGS LDFLAGS
    LD_LIBRARY_PATH RUST_LOG RUST_BACKTRACE JAVA_HOME RAILS_ENV RACK_ENV APP_ENV ENVIRONMENT VERSION
    NODE_OPTIONS NPM_CONFIG_CACHE PIP_NO_CACHE_DIR DEBIAN_FRONTEND COMPOSE_PROJECT_NAME REMOTE_ADDR REMOTE_PORT
    PATH_INFO CONTENT_LENGTH CONTENT_TYPE QUERY_STRING REQUEST_METHOD SCRIPT_NAME SERVER_NAME SERVER_PORT
    SERVER_PROTOCOL REQUEST_URI RAW_URI HTTP_HOST HTTP_ORIGIN HTTP_COOKIE HTTP_UPGRADE HTTP_USER_AGENT
    HTTP_CONNECTION MIX_ENV NODE_PATH BABEL_ENV PUBLIC_URL PYTHONHASHSEED PYTHONWARNINGS TOXENV READTHEDOCS
    SOURCE_DATE_EPOCH
    """
)

ROUTES = word_set(
    """
    / /health /healthz /ready /readyz /live /livez /metrics /login /logout /api /docs /static /ping /status /version
    /home /about /admin /index /search /users /user /events /data /api/v1 /v1 /v2 /favicon.ico /robots.txt
    /openapi.json
    """
)

SCHEMES = word_set(
    """
    http https ws wss file ftp ftps sftp ssh git svn tcp udp tls ssl unix data blob about javascript mailto tel sms geo
    market intent content android-app android-resource asset assets res resource chrome chrome-extension
    moz-extension ms-appx app app-settings x-apple view-source redis rediss postgres postgresql mysql mariadb mongodb
    mongodb+srv sqlite jdbc amqp amqps mqtt mqtts kafka nats memcached s3 gs gcs az abfs hdfs ldap ldaps rtsp rtmp rtp
    sip sips stun turn turns magnet torrent docker oci pkg npm ipfs socks socks4 socks5 proxy dns mdns coap coaps smtp
    smtps imap pop3 smb nfs dbus usb serial bluetooth package dart webpack node bun deno vscode jar classpath env
    custom scheme protocol git+ssh git+https otpauth xmpp irc ircs gopher urn tauri capacitor ionic myapp
    """
)
"""Schemes of addresses that open no app of the system."""

PORTS = frozenset({80, 443, 8080, 3000, 8000, 5000, 5432, 3306, 6379, 27017, 22, 25, 53, 1024, 65535, 2181, 9092})

TYPES = word_set(
    """
    String Boolean Integer Float Double Number Object Array List Query Mutation Subscription Empty Error
    Exception Response Request Message Status Timestamp Duration Optional Promise Result Date DateTime UUID JSON
    Any Record Partial StringBuilder ArrayList HashMap LinkedHashMap HashSet IllegalArgumentException
    RuntimeException NullPointerException IllegalStateException IOException InputStream OutputStream TypeError
    ValueError KeyError ReadOnly Readonly ReactNode ReactElement EventEmitter HTMLElement MouseEvent ReturnType
    TypeScript Uint8Array ArrayBuffer BigInt CompletableFuture BigDecimal LocalDate LocalDateTime SerializedName
    JsonProperty StateFlow MutableStateFlow TimeInterval DispatchQueue URLSession URLRequest URLResponse
    JSONDecoder JSONEncoder CodingKey CodingKeys Callable Iterable Iterator Sequence Mapping Awaitable
    AsyncIterator TypeVar Generic Protocol dataclass BaseModel annotations TYPE_CHECKING defaultdict OrderedDict
    ThreadPoolExecutor AbortController FormData URLSearchParams WebSocket XMLHttpRequest EventTarget
    MessageEvent StandardScaler NotImplementedError void
    """
)

COOKIE_WORDS = word_set(
    "cookie cookies path domain expires httponly secure samesite max-age name value strict none session"
)

SERVICES = word_set(
    """
    _tcp _udp _http _https _ssh _sftp-ssh _smb _ftp _ipp _ipps _printer _workstation _services _mqtt _airplay
    _googlecast
    """
)
"""Types of services on the local network that many programs have."""

EVENTS = word_set(
    """
    click change error data close open message connect disconnect connection end finish load ready input submit
    keydown keyup keypress mousedown mouseup mousemove mouseover mouseout focus blur scroll resize drain exit
    sigint sigterm listening request response upgrade timeout abort progress pipe unpipe readable pause resume
    play ended touchstart touchend touchmove unload beforeunload hashchange popstate storage online offline
    visibilitychange domcontentloaded unhandledrejection uncaughtexception warning connect_error reconnect
    reconnecting ping pong packet flush aborted secureconnect lookup send text json utf8 utf-8 true false none
    null default test start stop success done
    """
)

WORDS = word_set(
    """
    utf-8 utf_8 iso-8859-1 us-ascii latin-1 application/json text/html text/plain text/css image/png image/jpeg
    image/svg+xml multipart/form-data application/x-www-form-urlencoded application/octet-stream
    text/event-stream application/xml text/xml application/javascript text/javascript en-us en_us en-gb
    x-www-form-urlencoded use-strict node_modules package.json index.js index.html manifest.json main.py __main__
    __init__ __name__ requirements.txt pyproject.toml setup.py readme.md .gitignore read-only read_only on-off
    pre-commit
    store_true store_false store_const append_const
    year-month y-m-d yyyy-mm-dd end-to-end built-in x86_64 amd64 arm64 linux-x64 user-agent content-type
    keep-alive cache-control no-cache not-found not_found bad-request content-length inline-block flex-start
    flex-end space-between border-box no-repeat sans-serif font-size margin-top background-color user_id utf-16
    utf-32 about:blank os.path sys.path foo.bar foo_bar foo-bar hello-world
    """
)

KEYS = word_set(
    """
    id name type value data status message error errors code key keys url uri path title description version
    text content body headers method params query result results items item list count total page limit offset
    size length index start end date time timestamp created updated createdat updatedat deletedat user users
    username password email token host port config options settings enabled disabled default required optional
    label labels tags tag color width height format mode level state event events action target source src dest
    input output file files filename filepath dir root parent children node nodes next prev previous first last
    min max sum avg true false null none undefined string number integer boolean object array float double bool
    int str properties items additionalproperties ref schema schemas license author authors main scripts
    dependencies devdependencies peerdependencies engines repository homepage bugs private module exports import
    imports types typings files keywords test tests build lint dev prod env environment image images services
    volumes networks command args entrypoint ports build context restart dependson logger logging log info debug
    warn warning success failure ok fail reason detail details meta metadata extra kwargs self cls function
    class const let var return async await auth authorization accept host origin referer cookie cookies session
    contenttype useragent json html css xml yaml utf8 base64 encoding charset language locale timezone utc year
    month day hour minute second seconds firstname lastname fullname displayname classname onclick onchange
    onpress style styles href alt placeholder backgroundcolor fontsize fontweight alignitems justifycontent
    flexdirection padding margin border display position statuscode statustext responsetype readonly isactive
    isenabled createdby updatedby sortby orderby pagesize pagenumber perpage hasmore nextpage maxlength
    minlength minimum maximum pattern example examples summary operationid requestbody responses parameters in
    the get post put patch delete head options application/json 200 201 204 400 401 403 404 409 500 innerhtml
    textcontent addeventlistener queryselector getelementbyid localstorage sessionstorage usestate useeffect
    tostring valueof hasownproperty stringify foreach indexof callback handler listener props refs dispatch
    payload store defaultvalue initialvalue lineheight borderradius flexgrow textalign zindex maxwidth minwidth
    maxheight minheight response request wsgiinput wsgiurlscheme wsgierrors wsgiversion wsgimultithread asgi
    handlesigint connection client server __name__ __init__ filter filters sort order search page_size group
    groups role roles permission permissions address phone city country street zip state currency price amount
    quantity total subtotal tax discount lat lng latitude longitude x y z w h r g b a i j k n m p q s t u v
    """
)

CONSTANTS = word_set(
    """
    loglevel defaulttimeout maxretries timeoutms basedir rootdir debugmode maxlen maxsize buffersize pagesize
    defaultport defaulthost batchsize chunksize minversion maxlength
    """
) - {"maxretries", "timeoutms", "defaulttimeout", "pagesize", "batchsize"}

SQL = word_set(
    """
    select where set values and or not null exists only the dual information_schema unnest generate_series
    lateral current_timestamp now excluded delete update insert cascade conflict
    """
)

ADJECTIVES = word_set(
    """
    is has on in at by to of no not can old new current selected given my own all any min max total base full short
    initial latest real original local remote global parent show hide add remove update set get on tag api web app
    """
)
"""Words that make no name specific: of two common words, `old_url` and `is_public` are common, too."""

FOLDERS = word_set(
    "test tests testing docs doc examples example scripts tools benchmarks utils util lib src app core common"
)

CAPITALS = word_set(
    """
    critical fatal trace notset https ascii desc unknown other auto high medium small large varchar timestamptz bigint
    pending active inactive utf8mb4 sqlite mysql postgres postgresql nan infinity
    """
)

CASES = word_set("camelCase PascalCase snake_case kebab-case SCREAMING_SNAKE_CASE SCREAMING-KEBAB-CASE")
"""Names of conventions: `#[serde(rename_all = "camelCase")]`."""


def is_usual(word: str) -> bool:
    """Return whether a word in capitals is too common to belong to a protocol."""
    return any(word.lower() in usual for usual in (EVENTS, KEYS, WORDS, CAPITALS))
