"""How a repo is tested: its test files, where they are, and what runs them."""

from __future__ import annotations

from supervisor.core.repo.files import RepoFile
from supervisor.core.repo.tests import test_layout as layout
from supervisor.domain.repo.facts import (
    CiJob,
    CiStep,
    Dependency,
    Framework,
    Manifest,
    Pipeline,
    Purpose,
    Script,
    Suite,
    SuiteFolder,
)


def files(*names: str) -> list[RepoFile]:
    return [RepoFile(name, 10) for name in names]


def test_test_files_are_counted_by_the_folder_with_a_typical_name() -> None:
    named = (
        "tests/unit/test_a.py",
        "tests/test_b.py",
        "pkg/deep/er/b_test.go",
        "c_test.go",
        "vendor/x/tests/test_c.py",
    )
    assert layout(files(*named, "src/a.py"), (), ()) == Suite(
        4,
        (SuiteFolder("tests", 2), SuiteFolder(".", 1), SuiteFolder("pkg/deep", 1)),
        (Framework("go test", "pkg/deep/er/b_test.go", 0),),
    )


def test_a_framework_is_known_by_a_dependency_a_script_a_pipeline_or_its_own_file() -> None:
    manifests = (
        Manifest(
            "package.json",
            "npm",
            scripts=(Script("test", "mocha --bail", Purpose.TEST, 4), Script("lint", "eslint .", Purpose.LINT, 5)),
            dependencies=(
                Dependency("@playwright/test", "1", dev=True, line=9),
                Dependency("ws", "8", dev=False, line=8),
            ),
        ),
    )
    steps = (CiStep("cargo nextest run", Purpose.TEST, 7), CiStep("cargo fmt", Purpose.FORMAT, 8))
    pipeline = Pipeline("ci.yml", "github", jobs=(CiJob("test", 3, steps),))
    assert layout(files("jest.config.js"), manifests, (pipeline,)).frameworks == (
        Framework("playwright", "package.json", 9),
        Framework("mocha", "package.json", 4),
        Framework("cargo nextest", "ci.yml", 7),
        Framework("jest", "jest.config.js", 0),
    )
