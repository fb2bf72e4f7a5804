"""What the files of a repo say about it: its documents and its code.

Texts contain no control characters and no secrets. `line` counts from 1; 0 stands for the file as a whole. `cut` lists,
in words, what is incomplete.
"""

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
    """The event before which a rule applies."""

    COMMIT = "commit"  # or a pull request
    RELEASE = "release"


class DocumentHeading(Struct, frozen=True):
    """A heading. `level` 1 is the title."""

    text: str
    level: int
    line: int


class Document(Struct, frozen=True):
    """A README, a guide or the like in the repo, in short."""

    path: str
    kind: DocumentKind
    summary: str  # its first paragraph of prose
    headings: tuple[DocumentHeading, ...]
    more: int = 0  # headings that are left out


class DocumentedCommand(Struct, frozen=True):
    """A command that a document names."""

    text: str
    purpose: Purpose
    path: str
    line: int


class RepoRule(Struct, frozen=True):
    """What must (or must not) be done before a commit or a release, in the words of the file."""

    text: str
    before: Moment
    path: str
    line: int


class Docs(Struct, frozen=True):
    """The documents, the most informative ones first."""

    documents: tuple[Document, ...] = ()
    commands: tuple[DocumentedCommand, ...] = ()
    rules: tuple[RepoRule, ...] = ()
    cut: tuple[str, ...] = ()


class Language(Struct, frozen=True):
    """How much is written in a language, by the files on disk."""

    name: str
    files: int
    bytes: int


class LeftOut(Struct, frozen=True):
    """Files that count for no language, because nobody wrote them by hand in this repo.

    `reason`: "vendored", "generated", ...
    """

    reason: str
    files: int
    bytes: int


class Folder(Struct, frozen=True):
    """A top-level folder, or the root itself (`.`). The numbers include all files below it."""

    path: str
    files: int
    bytes: int


class Fact(Struct, frozen=True):
    """Anything else that a manifest declares: a required runtime, a port, a base image, a workspace member."""

    name: str
    value: str
    line: int


class Script(Struct, frozen=True):
    """A script, target or task. `command` is empty if it takes more than one line.

    Line 0: no file spells it out, and `name` is a command that comes with the tool of the manifest.
    """

    name: str
    command: str
    purpose: Purpose | None
    line: int


class Dependency(Struct, frozen=True):
    """A package that this one depends on."""

    name: str
    version: str  # the accepted versions, as declared
    dev: bool  # needed for development only
    line: int


class Manifest(Struct, frozen=True):
    """A file that declares a package, a build or a set of services."""

    path: str
    kind: str  # the tool that reads it
    name: str = ""
    version: str = ""
    scripts: tuple[Script, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    facts: tuple[Fact, ...] = ()
    more: int = 0  # dependencies and scripts that are left out
    note: str = ""  # why nothing could be read
    runner: str = ""  # the program that runs the scripts, where it differs: `pnpm`, `./gradlew`


class EntryPoint(Struct, frozen=True):
    """Where the program starts. `why` names the rule that found it."""

    name: str
    path: str
    line: int
    why: str


class SuiteFolder(Struct, frozen=True):
    """A folder with tests in it or below it."""

    path: str
    files: int


class Framework(Struct, frozen=True):
    """A test framework, and the line that names it. Line 0: the file's presence alone shows it."""

    name: str
    path: str
    line: int


class Suite(Struct, frozen=True):
    """How the repo is tested."""

    files: int = 0  # test files, by their names
    folders: tuple[SuiteFolder, ...] = ()
    frameworks: tuple[Framework, ...] = ()


class CiStep(Struct, frozen=True):
    """A command that CI runs, as far as it fits on one line."""

    text: str
    purpose: Purpose | None
    line: int


class CiJob(Struct, frozen=True):
    """A job of a pipeline. `more` is the number of commands that are left out."""

    name: str
    line: int
    steps: tuple[CiStep, ...]
    more: int = 0


class Pipeline(Struct, frozen=True):
    """A configuration file of a CI system."""

    path: str
    system: str
    name: str = ""
    on: tuple[str, ...] = ()  # what triggers it
    jobs: tuple[CiJob, ...] = ()
    note: str = ""  # why nothing could be read


class Code(Struct, frozen=True):
    """What the repo is made of. The largest, and those nearest to the root, come first."""

    languages: tuple[Language, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    folders: tuple[Folder, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    tests: Suite = Suite()
    pipelines: tuple[Pipeline, ...] = ()
    cut: tuple[str, ...] = ()
