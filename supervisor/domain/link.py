"""What ties the repos together: words found in their sources, and the seams where two repos use the same one."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


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
    COMMIT = "commit"
    WORD = "word"  # looks like a name that is agreed on; what for, the place does not tell


class Role(StrEnum):
    """On which side of a seam a place stands: it serves or defines the thing, relies on it, or only names it."""

    PROVIDES = "provides"
    USES = "uses"
    NAMES = "names"


class Form(StrEnum):
    """What a word is in the source."""

    STRING = "string"
    NUMBER = "number"
    FIELD = "field"  # the name of a field of data: of a struct, an interface, an object
    MEMBER = "member"  # a field that is read or written: `answer.retryAfter`
    ENV = "env"  # a variable of the environment
    TAG = "tag"  # of a field in Go
    TYPE = "type"  # the name of a type, service, message or operation in a schema
    PACKAGE = "package"
    USED_TYPE = "used type"  # the name of a type in code


class Literal(Struct, frozen=True):
    """A literal, or a name of data, and where it stands.

    `text`: without quotes, what is put in at run time as `{}`. `call`: the function it is handed to, as written; `at`:
    as which argument, from 0; `handled`: with a function beside it; `method`: with this HTTP method beside it. `key`:
    what it is assigned to, compared with, or the value of. `of`: what it is an index of. `is_key`: it is the key
    itself. `decorates`: in a decorator or annotation. `within`: the routes of the calls around it. `case`: it is
    compared with something; `listed`: it is one of several. `raw`: as the line has it, if that is not `text`.
    """

    text: str
    line: int
    form: Form = Form.STRING
    call: str = ""
    at: int = 0
    handled: bool = False
    method: str = ""
    key: str = ""
    of: str = ""
    is_key: bool = False
    decorates: bool = False
    within: str = ""
    case: bool = False
    listed: bool = False
    raw: str = ""


class Wanted(Struct, frozen=True):
    """A file to read: its name, as git has it, the token of its content, and whether it is built from others."""

    name: str
    raw: bytes
    token: str
    built: bool = False

    @property
    def version(self) -> str:
        """What is known of the file is of this version of it."""
        return f"{self.token} built" if self.built else self.token


class Mention(NamedTuple):
    """A place that names something two repos may share.

    `name` is the form in which two spellings are equal; `weak`: the place alone proves little (1), or nothing (2).
    `detail`: a route's method, a constant's value.
    """

    kind: Kind
    name: str
    shown: str
    line: int
    role: Role = Role.NAMES
    detail: str = ""
    weak: int = 0


class Place(Struct, frozen=True):
    """One side of a seam: `file`:`line` of `child` says `shown`. Line 0: the file as a whole, or a commit."""

    child: str
    file: str
    line: int
    role: Role
    shown: str
    detail: str = ""


class Link(Struct, frozen=True):
    """A row of the map. `score`: from 0 to 1; `note`: what is worth knowing; `conflict`: the sides disagree."""

    kind: Kind
    name: str
    score: float
    children: tuple[str, ...]
    places: tuple[Place, ...]
    note: str = ""
    conflict: bool = False


class Surveyed(Struct, frozen=True):
    """How much of a child the map knows: files read, files left out by reason; or why it could not be read at all, and
    what to do about that."""

    child: str
    path: str
    files: int = 0
    skipped: tuple[tuple[str, int], ...] = ()
    problem: str = ""
    next_step: str = ""


class Map(Struct, frozen=True):
    """What ties the repos together, the best evidence first. `cut`: what was left out, in words."""

    children: tuple[Surveyed, ...]
    links: tuple[Link, ...]
    cut: tuple[str, ...] = ()


class Drift(Struct, frozen=True):
    """A shared thing that `child` changed while the `others` still rely on it as it was.

    `what`: one sentence; `was`: where the child had it; `theirs`: where the others have it.
    """

    child: str
    kind: Kind
    name: str
    what: str
    others: tuple[str, ...]
    was: tuple[Place, ...]
    theirs: tuple[Place, ...]


class SurveyResult(Struct, frozen=True):
    """What a survey found: the digest of the map, its best seams, what changed since the map that was known, and for
    each child what is known of it in short."""

    digest: str
    links: tuple[Link, ...]
    drifts: tuple[Drift, ...]
    known: tuple[tuple[str, str], ...]
