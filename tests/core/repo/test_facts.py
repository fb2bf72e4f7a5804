"""Each fact about a repo is one line in its section, with its place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from supervisor.core.repo.facts import facts
from supervisor.domain.repo.facts import (
    CiJob,
    CiStep,
    Code,
    Dependency,
    Docs,
    Document,
    DocumentedCommand,
    DocumentHeading,
    DocumentKind,
    EntryPoint,
    Fact,
    Folder,
    Framework,
    Language,
    LeftOut,
    Manifest,
    Pipeline,
    Purpose,
    Script,
    Suite,
    SuiteFolder,
)
from supervisor.domain.repo.git import (
    Author,
    Convention,
    GitOperation,
    GitState,
    Head,
    History,
    HotFile,
    InFlight,
    InProgress,
    Messages,
    Paths,
    Remote,
    Repair,
    RepoInside,
    Stash,
    Submodule,
    SubmoduleState,
    Tag,
    Together,
    Upstream,
    Week,
    Worktree,
)
from supervisor.domain.repo.snapshot import Snapshot

AT, BEFORE = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
OID = "1234567890abcdef"
CLEAN = GitState("k", "main", Head(OID, "Start", "Ada", AT))


NO_HISTORY, NO_DOCS, NO_CODE = History(), Docs(), Code()


def lines(
    section: str, *, git: GitState = CLEAN, history: History = NO_HISTORY, docs: Docs = NO_DOCS, code: Code = NO_CODE
) -> list[str]:
    """The lines of a section, with code in backquotes."""
    snapshot = Snapshot("backend", "/repos/backend", "k", git, history, docs, code)
    return [
        "".join(f"`{part.text}`" if part.code else part.text for part in fact.parts)
        for fact in facts(snapshot)
        if fact.section == section
    ]


BRANCH = "branch `main` at `1234567890` 2026-11-23 “Start”"
CLEAN_TREE = "the work tree is clean"


@pytest.mark.parametrize(
    ("git", "expected"),
    [
        (GitState("k", "main", None), ["no commit on this branch yet", CLEAN_TREE]),
        (GitState("k", "main", None, empty=True), ["no commit yet", CLEAN_TREE]),
        (replace(CLEAN, branch=None, detached=True), [BRANCH.replace("branch `main`", "detached"), CLEAN_TREE]),
        (replace(CLEAN, branch="topic"), [BRANCH.replace("`main`", "`topic` (default `main`)"), CLEAN_TREE]),
        (replace(CLEAN, bare=True), [BRANCH, "bare: no work tree"]),
    ],
)
def test_the_head_comes_first(git: GitState, expected: list[str]) -> None:
    assert lines("Current state", git=git, history=History(default_branch="main")) == expected


@pytest.mark.parametrize(
    ("git", "expected"),
    [
        (
            replace(
                CLEAN,
                in_progress=InProgress(GitOperation.REBASE, 1, 2, "x"),
                staged=Paths(1, ("a",)),
                unstaged=Paths(8, tuple("abcdefgh")),
                untracked=Paths(1, ("n",)),
                conflicted=Paths(1, ("c",)),
            ),
            [
                "a rebase is in progress, step 1 of 2: change nothing before it ends",
                "1 in conflict: `c`",
                "1 staged: `a`",
                "8 changed: `a`, `b`, `c`, `d`, `e`, `f` and 2 more",
                "1 untracked: `n`",
            ],
        ),
        (
            replace(CLEAN, in_progress=InProgress(GitOperation.MERGE)),
            ["a merge is in progress: change nothing before it ends"],
        ),
        (replace(CLEAN, upstream=Upstream("origin/main", 2, 1)), ["2 ahead of and 1 behind `origin/main`"]),
        (replace(CLEAN, upstream=Upstream("origin/x", None, None)), ["its upstream `origin/x` is gone"]),
        (
            replace(CLEAN, stash_count=4, stashes=(Stash("wip", AT), Stash("more", BEFORE))),
            ["4 stashed: “wip” (2026-11-23); “more” (2026-11-02)"],
        ),
        (
            replace(
                CLEAN,
                worktrees=(
                    Worktree("/w/a", OID, "topic", locked=False, gone=False),
                    Worktree("/w/b", OID, None, locked=False, gone=True),
                ),
            ),
            [
                "another work tree: `/w/a` on `topic`",
                "another work tree: `/w/b` on `a detached HEAD` (its folder is gone)",
            ],
        ),
        (
            replace(
                CLEAN,
                submodules=(
                    Submodule("lib", "https://h/l.git", "o", SubmoduleState.CURRENT),
                    Submodule("doc", None, "o", SubmoduleState.MISSING),
                ),
            ),
            ["submodule `lib` current from `https://h/l.git`", "submodule `doc` missing"],
        ),
        (
            replace(CLEAN, tags=(Tag("v2", 0, AT), Tag("v1", 12, BEFORE))),
            ["tag `v2` (2026-11-23), at HEAD", "tag `v1` (2026-11-02), 12 commits ago"],
        ),
        (
            replace(CLEAN, remotes=(Remote("origin", "https://h/x.git"),), shallow=True, partial=True),
            [
                "remote `origin` `https://h/x.git`",
                "shallow clone: its history ends early",
                "partial clone: git may fetch what is missing",
            ],
        ),
        (
            replace(CLEAN, sparse=("src/", "docs/"), lfs=("*.bin",)),
            ["sparse checkout: `src/`, `docs/`", "in LFS: `*.bin`"],
        ),
    ],
)
def test_an_unfinished_operation_of_git_is_shown(git: GitState, expected: list[str]) -> None:
    assert [line for line in lines("Current state", git=git) if line not in (BRANCH, CLEAN_TREE)] == expected


DOCS = Docs(
    documents=(
        Document(
            "README.md",
            DocumentKind.README,
            "A thing.",
            (DocumentHeading("Thing", 1, 1), DocumentHeading("Use", 2, 5), DocumentHeading("Deep", 3, 9)),
        ),
        Document("docs/x.md", DocumentKind.OTHER, "", ()),
    ),
    commands=(
        DocumentedCommand("make test", Purpose.TEST, "README.md", 9),
        DocumentedCommand("pytest x", Purpose.TEST, "docs/x.md", 2),
    ),
    cut=("docs/y.md could not be read",),
)
CODE = Code(
    languages=(Language("C", 1, 12_000_000), Language("Python", 3, 190_000), Language("Ruby", 1, 3)),
    left_out=(LeftOut("vendored", 2, 2_500_000), LeftOut("generated", 1, 40)),
    folders=(Folder("src", 3, 10), Folder(".", 1, 1)),
    manifests=(
        Manifest(
            "pyproject.toml",
            "pyproject",
            "thing",
            "1.2",
            (Script("thing", "thing.cli:main", None, 13),),
            (Dependency("httpx", ">=0.27", dev=False, line=9), Dependency("pytest", "", dev=True, line=16)),
            (Fact("python", ">=3.11", 7),),
        ),
        Manifest(
            "web/package.json",
            "npm",
            "web",
            scripts=(Script("test", "vitest run", Purpose.TEST, 6), Script("lint", "eslint .", Purpose.LINT, 7)),
            dependencies=tuple(Dependency(f"d{number}", "1", dev=False, line=number) for number in range(14)),
        ),
        Manifest("tox.ini", "tox", scripts=(Script("testenv", "pytest -q", Purpose.TEST, 6),)),
        Manifest("Makefile", "make", "all", scripts=(Script("build", "", Purpose.BUILD, 4),)),
        Manifest("pom.xml", "maven", note="cannot be read: it is not XML"),
    ),
    entry_points=(
        EntryPoint("thing", "src/thing/cli.py", 8, "script of pyproject.toml:13"),
        EntryPoint("main.go", "main.go", 3, "main"),
    ),
    tests=Suite(
        12, (SuiteFolder("tests", 10), SuiteFolder("web/tests", 2)), (Framework("pytest", "pyproject.toml", 16),)
    ),
    pipelines=(
        Pipeline(
            ".github/workflows/ci.yml",
            "github",
            "CI",
            ("push", "pull_request"),
            (CiJob("test", 4, (CiStep("pytest -q", Purpose.TEST, 10),)),),
        ),
        Pipeline("Jenkinsfile", "jenkins", note="cannot be read: it is too large"),
        Pipeline(".gitlab-ci.yml", "gitlab"),
    ),
)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (
            "What it is",
            [
                "A thing. (`README.md`)",
                "pyproject package `thing 1.2` in `pyproject.toml`",
                "npm package `web` in `web/package.json`",
                "languages: C 98% (1 file, 12 MB), Python 2% (3 files, 190 kB)",
            ],
        ),
        (
            "Commands",
            [
                "test: `make test` (`README.md:9`)",
                "test: `pytest -q` (CI, `.github/workflows/ci.yml:10`)",
                "test: `cd web && npm test` (vitest run, `web/package.json:6`)",
                "test: `tox` (pytest -q, `tox.ini:6`)",
                "test: `pytest x` (`docs/x.md:2`)",
                "lint: `cd web && npm run lint` (eslint ., `web/package.json:7`)",
                "build: `make build` (`Makefile:4`)",
            ],
        ),
        (
            "Code",
            [
                "starts in `src/thing/cli.py:8` (`thing`, script of pyproject.toml:13)",
                "starts in `main.go:3` (main)",
                "12 test files in `tests/ (10)`, `web/tests/ (2)`",
                "tested with `pytest` (`pyproject.toml:16`)",
                "CI `.github/workflows/ci.yml` on push, pull_request: `test`",
                "CI `Jenkinsfile`: cannot be read: it is too large",
                "CI `.gitlab-ci.yml`: no jobs found",
                "files by folder: `src (3)`, `. (1)`",
                "`pyproject.toml` needs `httpx >=0.27`",
                "`pyproject.toml` needs for development `pytest`",
                "`pyproject.toml` declares `python >=3.11`",
                f"`web/package.json` needs {', '.join(f'`d{number} 1`' for number in range(12))} and 2 more",
                "`web/package.json` also needs `d12 1`, `d13 1`",
                "`pom.xml` cannot be read: it is not XML",
                "not counted: vendored (2 files, 2.5 MB), generated (1 file, 40 B)",
            ],
        ),
        ("Documents", ["readme `README.md`: Thing · Use", "other `docs/x.md`"]),
        ("Incomplete", ["docs/y.md could not be read"]),
    ],
)
def test_documents_and_code_are_shown_by_section(section: str, expected: list[str]) -> None:
    assert lines(section, docs=DOCS, code=CODE) == expected


def test_the_history_is_shown_from_the_whole_to_the_single_commit() -> None:
    authors = ("Ada", "Bo", "Cy", "Di", "Ed", "Flo")
    history = History(
        commits=30,
        read=30,
        weeks=(Week(BEFORE, 3), Week(AT, 1)),
        authors=tuple(Author(name, 9 - rank, BEFORE, AT) for rank, name in enumerate(authors)),
        author_count=7,
        hot=(HotFile("a.py", 4, 2.0, AT),),
        together=(Together("a.py", "b.py", 4, 0.8),),
        messages=Messages(Convention.CONVENTIONAL, 0.9, "fix: it"),
        repairs=(Repair("revert", OID, "Revert it", AT),),
        in_flight=(InFlight("topic", OID, 1, BEFORE, AT, "Bo", "wip"),),
        cut=("history: cut",),
    )
    assert lines("History", history=history) == [
        "30 commits; by week, up to 2026-11-23: 3 1",
        "messages follow the convention “conventional commits” (90%), for example “fix: it”",
        "by Ada (9), Bo (8), Cy (7), Di (6), Ed (5) and 2 more",
        "changes often: `a.py` (4 commits, last 2026-11-23)",
        "change together: `a.py` and `b.py` (4 times, 80%)",
        "in flight: `topic`, 1 commit by Bo, 2026-11-02 to 2026-11-23: “wip”",
        "revert `1234567890` 2026-11-23 “Revert it”",
    ]
    assert lines("Incomplete", history=history) == ["history: cut"]


def test_a_long_history_without_a_convention_says_so() -> None:
    history = History(
        commits=None, read=500, weeks=(Week(BEFORE, 3),), messages=Messages(Convention.NONE, 0.5, "do it")
    )
    assert lines("History", history=history) == [
        "more than 500 commits; by week, up to 2026-11-02: 3",
        "messages follow no convention, for example “do it”",
    ]


def test_repos_inside_are_shown_with_their_changes_and_the_work_tree_is_clean_only_if_they_are() -> None:
    clean = RepoInside("libs/a", submodule=True, oid=OID)
    dirty = replace(clean, path="libs/b", changed=Paths(2, ("x", "y")), untracked=Paths(1, ("new",)))
    broken = replace(clean, path="nested", submodule=False, problem="its index is damaged")
    assert lines("Current state", git=replace(CLEAN, inside=(clean,))) == [BRANCH, CLEAN_TREE]
    assert lines("Current state", git=replace(CLEAN, inside=(clean, dirty, broken))) == [
        BRANCH,
        "2 changed inside `libs/b`: `x`, `y`",
        "1 untracked inside `libs/b`: `new`",
        "`nested` cannot be read: its index is damaged",
    ]
