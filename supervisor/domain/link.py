"""What ties the repos together: mentions in their sources, and the links that two or more mentions make."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

RPC_SERVED, RPC_CALLED = "gRPC server", "gRPC client"
"""The details of a service or a method of gRPC that code serves or calls."""


class Kind(StrEnum):
    """What sort of thing two repos share."""

    ROUTE = "route"
    TOPIC = "topic"
    HEADER = "header"
    COOKIE = "cookie"
    ENV = "env"
    KEY = "key"
    ERROR = "error"
    FLAG = "flag"
    PORT = "port"
    TABLE = "table"
    SCHEMA = "schema"
    PACKAGE = "package"
    SUBMODULE = "submodule"
    COPY = "copy"
    CONSTANT = "constant"
    STATUS = "status"
    COMMIT = "commit"
    WORD = "word"  # looks like a name that two repos agree on, but the place does not say what it names


class Role(StrEnum):
    """On which side of a link a place is."""

    PROVIDES = "provides"  # it serves or defines the thing
    USES = "uses"  # it relies on the thing
    NAMES = "names"  # it only names the thing


class Form(StrEnum):
    """What a literal is in the source."""

    STRING = "string"
    NUMBER = "number"
    FIELD = "field"  # the name of a field of a struct, an interface or an object
    MEMBER = "member"  # a field that is read or written: `answer.retryAfter`
    ENV = "env"  # an environment variable
    TAG = "tag"  # the tag of a field in Go
    TYPE = "type"  # the name of a type, service, message or operation in a schema
    PACKAGE = "package"
    USED_TYPE = "used type"  # the name of a type in code
    STATUS = "status"  # an HTTP status


class Literal(Struct, frozen=True):
    """A string, number or name of data in a source file, with what stands around it."""

    text: str  # without quotes; `{}` stands for what is inserted at run time
    line: int  # from 1
    form: Form = Form.STRING
    call: str = ""  # the function that it is passed to, as written
    at: int = 0  # as which argument of the call, from 0
    handled: bool = False  # another argument of the call is a function
    method: str = ""  # the HTTP method that another argument of the call names
    key: str = ""  # what it is assigned to, compared with, or the value of
    of: str = ""  # what it is an index of
    is_key: bool = False  # it is itself a key
    decorates: bool = False  # it is in a decorator or annotation
    within: str = ""  # the routes of the calls around it
    case: bool = False  # it is compared with something
    listed: bool = False  # it is one of several in a list
    raw: str = ""  # as it is in the line, if that differs from `text`
    methods: str = ""  # the HTTP methods that stand beside a route: `GET, PUT`
    type: str = ""  # of a field, as written
    sent: bool = False  # of a field: its class says that it is written to data or read from it


class Wanted(Struct, frozen=True):
    """A file to read."""

    name: str
    raw: bytes  # the name as git has it
    token: str  # equal tokens mean equal contents
    built: bool = False  # it is generated from other files

    @property
    def oid(self) -> str:
        """Its blob; "" if the token names no content of git's."""
        return "" if " " in self.token else self.token

    @property
    def version(self) -> str:
        """The key under which the mentions of the file are kept; it changes with the content and with `built`."""
        return f"{self.token} built" if self.built else self.token


class Mention(NamedTuple):
    """A place in a source file that names something two repos may share."""

    kind: Kind
    name: str  # normalized: two spellings of one thing have the same name
    shown: str  # as written
    line: int
    role: Role = Role.NAMES
    detail: str = ""  # the method of a route, the value of a constant
    weak: int = 0  # 1: the place alone proves little; 2: nothing
    type: str = ""  # of a field that is declared: `string`, `list of integer`, ...


class Place(Struct, frozen=True):
    """One side of a link: `file`:`line` of `child` says `shown`. Line 0: the file as a whole, or a commit."""

    child: str
    file: str
    line: int
    role: Role
    shown: str
    detail: str = ""
    type: str = ""  # of a field that is declared here


class Side(Struct, frozen=True):
    """What one child has of a link, in its sources and not in its tests: what a change is compared with."""

    child: str
    places: tuple[Place, ...] = ()  # that show that the child relies on it or offers it; if there are none, weak ones
    count: int = 0  # of all those
    named: int = 0  # of all places
    weak: int = 0  # how little the places prove, as in `Mention`
    provided: int = 0  # how many of them provide or declare it
    used: int = 0  # how many rely on it

    @property
    def methods(self) -> frozenset[str]:
        """The HTTP methods of a route."""
        return frozenset(method for place in self.places for method in place.detail.split(", ") if method in METHODS)

    @property
    def types(self) -> frozenset[str]:
        """The types with which a field is declared."""
        return frozenset(place.type for place in self.places if place.type)


METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))


SURE_OF_COMMITS = 0.4
"""The lowest score of a pair of commits above the line: both name one ticket, or brought in two sure names. For one
name, other commits may be meant, such as the one that first sent it."""


class Link(Struct, frozen=True):
    """A row of the map: something that two or more repos share."""

    kind: Kind
    name: str
    score: float  # how sure it is, from 0 to 1
    children: tuple[str, ...]
    places: tuple[Place, ...]
    note: str = ""  # what else a reader should know
    conflict: bool = False  # the sides disagree
    sides: tuple[Side, ...] = ()  # one for each child

    @property
    def sure(self) -> bool:
        """Whether it is above the line, below which the less sure ones are shown."""
        return self.kind is not Kind.COMMIT or self.score >= SURE_OF_COMMITS


class Family(StrEnum):
    """What sort of interface a group of links is. The value is how a heading says it."""

    HTTP = "HTTP API"
    MESSAGES = "Messages"
    PROTOBUF = "Protobuf schema"
    GRAPHQL = "GraphQL schema"
    PACKAGE = "Packages"
    DATABASE = "Database"
    SETTINGS = "Settings"
    COPIES = "Copied files"
    NAMES = "Shared names"  # of data, errors and constants, beside no other interface


class Interface(Struct, frozen=True):
    """Links of two children that belong together: one family, one direction, one file or folder that provides them."""

    family: Family
    title: str  # the family, where it is provided, and the number of rows of each kind
    provider: str  # a child
    consumer: str  # another child
    directed: bool  # `consumer` relies on `provider`; else nothing shows which relies on which
    files: tuple[str, ...]  # of the provider, best first
    used_in: tuple[str, ...]  # files of the consumer, best first
    rows: tuple[int, ...]  # the places of its links in `Map.links`, best first
    score: float  # how much speaks for it: the sum of the squares of its links' scores


class Gap(Struct, frozen=True):
    """Something that the map did not understand, in one or two children."""

    children: tuple[str, ...]
    what: str  # with the reason, in one sentence without its full stop
    places: tuple[str, ...] = ()  # the first ones, as `file:line`
    count: int = 0  # of all places


class UnresolvedCall(NamedTuple):
    """A request whose address the source does not show."""

    line: int
    text: str  # the call and its first argument, as written: `fetch(url`


class Surveyed(Struct, frozen=True):
    """How much of a child the map covers."""

    child: str
    path: str
    files: int = 0  # that were read
    skipped: tuple[tuple[str, int], ...] = ()  # files that were left out: (reason, how many)
    problem: str = ""  # why the repo could not be read at all
    next_step: str = ""  # what to do about the problem


class Map(Struct, frozen=True):
    """What ties the repos together, the best evidence first. `cut` says what was left out."""

    children: tuple[Surveyed, ...]
    links: tuple[Link, ...]
    cut: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()  # by pair of children, the best ones first
    gaps: tuple[Gap, ...] = ()


class Drift(Struct, frozen=True):
    """A shared thing that one child changed while others still rely on the old form."""

    child: str  # who changed it
    kind: Kind
    name: str
    what: str  # the change, in one sentence
    others: tuple[str, ...]  # children that rely on the old form
    was: tuple[Place, ...]  # where the child had it
    theirs: tuple[Place, ...]  # where the others have it


class SurveyResult(Struct, frozen=True):
    """What a survey found."""

    digest: str  # of the whole map
    links: tuple[Link, ...]  # the best ones
    drifts: tuple[Drift, ...]  # compared with the map that was known
    summaries: tuple[tuple[str, str], ...]  # per child, a short form of its snapshot (Markdown)
