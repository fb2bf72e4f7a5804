"""Describe how a repo is tested: test files and folders by name, and frameworks that its manifests and CI name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from supervisor.core.repo.files import RepoFile, is_test, left_out
from supervisor.domain.repo.facts import Framework, Manifest, Pipeline, Suite, SuiteFolder
from supervisor.regex import alternatives, regex

FOLDERS = 12
FRAMEWORKS = 12


def test_layout(files: Sequence[RepoFile], manifests: Sequence[Manifest], pipelines: Sequence[Pipeline]) -> Suite:
    """Return the test files, folders and frameworks. Each framework comes once, with the first line that names it."""
    named: dict[str, Framework] = {}
    for found in _frameworks(manifests, pipelines):
        named.setdefault(found.name, found)
    count, any_config = 0, _any_config()
    folders: Counter[str] = Counter()
    for file in files:
        if left_out(file.name) is not None:
            continue
        for pattern, framework in _CONFIGS if any_config.search(file.name) else ():
            if framework not in named and pattern.search(file.name):
                named[framework] = Framework(framework, file.name, 0)
        if is_test(file.name):
            count += 1
            folders[_folder(file.name)] += 1
    largest = sorted(folders.items(), key=lambda item: (-item[1], item[0]))[:FOLDERS]
    return Suite(count, tuple(SuiteFolder(path, many) for path, many in largest), tuple(named.values())[:FRAMEWORKS])


_SAME = (
    "pytest hypothesis nose nose2 tox jest vitest mocha ava jasmine karma cypress tap tape playwright supertest "
    "flutter_test mockito rspec minitest uvu proptest rstest qunit googletest criterion xunit"
)
_FRAMEWORKS = {
    **{name: name for name in _SAME.split()},
    "@playwright/test": "playwright",
    "@testing-library/react": "testing-library",
    "phpunit/phpunit": "phpunit",
    "github.com/stretchr/testify": "testify",
    "GTest": "googletest",
    "Catch2": "catch2",
    "NUnit": "nunit",
    "xunit.v3": "xunit",
    "MSTest": "mstest",
    "MSTest.TestFramework": "mstest",
    "junit:junit": "junit",
    "org.junit.jupiter:junit-jupiter": "junit",
    "org.junit.jupiter:junit-jupiter-api": "junit",
    "io.mockk:mockk": "mockk",
}
_CONFIGS = tuple(
    (regex(pattern), framework)
    for pattern, framework in (
        (r"(^|/)(pytest\.ini|conftest\.py)$", "pytest"),
        (r"(^|/)jest\.config\.\w+$", "jest"),
        (r"(^|/)vitest\.config\.\w+$", "vitest"),
        (r"(^|/)playwright\.config\.\w+$", "playwright"),
        (r"(^|/)cypress\.(config\.\w+|json)$", "cypress"),
        (r"(^|/)\.mocharc\.\w+$", "mocha"),
        (r"(^|/)phpunit\.xml(\.dist)?$", "phpunit"),
        (r"(^|/)\.rspec$", "rspec"),
        (r"(^|/)test/.*_test\.exs$", "ExUnit"),
        (r"_test\.go$", "go test"),
        (r"^(crates/[^/]+/|[^/]+/)?tests/[^/]+\.rs$", "cargo test"),
        (r"Tests/[^/]*/?[^/]+Tests\.swift$", "XCTest"),
    )
)


@cache
def _any_config() -> re.Pattern[str]:
    return alternatives(pattern for pattern, _ in _CONFIGS)


_RUNS = regex(
    r"\b(pytest|unittest|jest|vitest|mocha|tox|nox|ctest|rspec|phpunit|playwright|cypress|go test"
    r"|cargo (?:nextest|test)|node --test)\b"
)
_TEST_FOLDER = regex(r"(unit|integration|e2e)?[-_]?(tests?|specs?|__tests__|e2e|androidTest|\w+Tests)")


def _frameworks(manifests: Sequence[Manifest], pipelines: Sequence[Pipeline]) -> Iterator[Framework]:
    for manifest in manifests:
        for dependency in manifest.dependencies:
            if dependency.name in _FRAMEWORKS:
                yield Framework(_FRAMEWORKS[dependency.name], manifest.path, dependency.line)
        for script in manifest.scripts:
            if match := _RUNS.search(script.command):
                yield Framework(match[1], manifest.path, script.line)
    for pipeline in pipelines:
        for step in (step for job in pipeline.jobs for step in job.steps):
            if match := _RUNS.search(step.text):
                yield Framework(match[1], pipeline.path, step.line)


def _folder(name: str) -> str:
    """Return the outermost folder that has a typical name, else the folder of the file, at most two levels deep."""
    parts = name.split("/")[:-1]
    for at, part in enumerate(parts):
        if _TEST_FOLDER.fullmatch(part):
            return "/".join(parts[: at + 1])
    return "/".join(parts[:2]) or "."
