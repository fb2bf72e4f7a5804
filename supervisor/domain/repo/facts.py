"""What the files of a repo say of it: its documents and its code. Texts hold no control character and no secret."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Purpose(StrEnum):
    """What a command is for."""

    SETUP = "setup"
    BUILD = "build"
    TEST = "test"
    LINT = "lint"
    FORMAT = "format"
    RUN = "run"
    RELEASE = "release"


class DocumentKind(StrEnum):
    """What a document is, by its name."""

    README = "readme"
    AGENTS = "agents"
    CONTRIBUTING = "contributing"
    ARCHITECTURE = "architecture"
    CHANGELOG = "changelog"
    RELEASE = "release"
    OTHER = "other"


class Moment(StrEnum):
    """Before what a rule counts."""

    COMMIT = "commit"  # a pull request too
    RELEASE = "release"


class DocumentHeading(Struct, frozen=True):
    """A heading, `level` 1 being the title."""

    text: str
    level: int
    line: int


class Document(Struct, frozen=True):
    """A document; `summary` is the first thing that it says, `more` the number of headings that are left out."""

    path: str
    kind: DocumentKind
    summary: str
    headings: tuple[DocumentHeading, ...]
    more: int = 0


class DocumentedCommand(Struct, frozen=True):
    """A command that a file names, and where."""

    text: str
    purpose: Purpose
    path: str
    line: int


class RepoRule(Struct, frozen=True):
    """What must be done (or must not) before a commit or a release, as the file says it."""

    text: str
    before: Moment
    path: str
    line: int


class Docs(Struct, frozen=True):
    """The documents, those that say the most of the repo first. `cut` says in words what is not complete."""

    documents: tuple[Document, ...] = ()
    commands: tuple[DocumentedCommand, ...] = ()
    rules: tuple[RepoRule, ...] = ()
    cut: tuple[str, ...] = ()


class Language(Struct, frozen=True):
    """How much is written in a language, as the files lie on disk."""

    name: str
    files: int
    bytes: int


class LeftOut(Struct, frozen=True):
    """Files that nobody of this repo wrote by hand (`reason`: vendored, generated, ...), and count for no language."""

    reason: str
    files: int
    bytes: int


class Folder(Struct, frozen=True):
    """A folder at the top, or the root itself (`.`), and all files below it."""

    path: str
    files: int
    bytes: int


class Fact(Struct, frozen=True):
    """Something else that a manifest declares: the runtime it needs, a port, a base image, a member of a workspace."""

    name: str
    value: str
    line: int


class Script(Struct, frozen=True):
    """A script, target or task. `command` is empty where it takes more than one line to say."""

    name: str
    command: str
    purpose: Purpose | None
    line: int


class Dependency(Struct, frozen=True):
    """Another package, the versions that will do (as declared), and whether only developing needs it."""

    name: str
    version: str
    dev: bool
    line: int


class Manifest(Struct, frozen=True):
    """A file that declares a package, a build or a set of services. `kind` is the tool that reads it.

    `more` is the number of dependencies and scripts that are left out; `note` says why nothing could be read.
    """

    path: str
    kind: str
    name: str = ""
    version: str = ""
    scripts: tuple[Script, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    facts: tuple[Fact, ...] = ()
    more: int = 0
    note: str = ""


class EntryPoint(Struct, frozen=True):
    """Where running begins: `why` says by which rule. Line 0: the file as a whole."""

    name: str
    path: str
    line: int
    why: str


class SuiteFolder(Struct, frozen=True):
    """A folder that holds tests, itself or below."""

    path: str
    files: int


class Framework(Struct, frozen=True):
    """A test framework, and the line that names it (line 0: the file is there)."""

    name: str
    path: str
    line: int


class Suite(Struct, frozen=True):
    """How the repo is tested: files by their names, the folders they lie in, and with what."""

    files: int = 0
    folders: tuple[SuiteFolder, ...] = ()
    frameworks: tuple[Framework, ...] = ()


class CiStep(Struct, frozen=True):
    """A command that CI runs, as far as one line shows it."""

    text: str
    purpose: Purpose | None
    line: int


class CiJob(Struct, frozen=True):
    """A job of a pipeline; `more` is the number of commands that are left out."""

    name: str
    line: int
    steps: tuple[CiStep, ...]
    more: int = 0


class Pipeline(Struct, frozen=True):
    """A file of a CI system; `on` is what starts it, `note` says why nothing could be read."""

    path: str
    system: str
    name: str = ""
    on: tuple[str, ...] = ()
    jobs: tuple[CiJob, ...] = ()
    note: str = ""


class Code(Struct, frozen=True):
    """What the repo is made of, the largest and the nearest to the root first. `cut` says what is not complete."""

    languages: tuple[Language, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    folders: tuple[Folder, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    tests: Suite = Suite()
    pipelines: tuple[Pipeline, ...] = ()
    cut: tuple[str, ...] = ()
