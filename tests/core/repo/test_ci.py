"""Pipelines of each CI system yield jobs and commands with their lines. Hooks are rules. Junk is read or noted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.repo.ci import JOBS, STEPS, read_hooks, read_pipeline, system_of
from supervisor.domain.repo.facts import CiJob, CiStep, Moment, Pipeline, Purpose, RepoRule
from tests.core.repo.junk import junk

WORKFLOW = b"""\
name: CI
on: [push, pull_request]
jobs:
  test:
    steps:
      - uses: actions/checkout@v4
      - run: pip install -e .
      - run: |
          echo hello
          pytest -q
"""


def test_a_workflow_gives_its_jobs_and_the_lines_of_their_commands() -> None:
    assert read_pipeline(".github/workflows/ci.yml", WORKFLOW) == Pipeline(
        ".github/workflows/ci.yml",
        "github",
        "CI",
        ("push", "pull_request"),
        (CiJob("test", 4, (CiStep("pip install -e .", Purpose.SETUP, 7), CiStep("pytest -q", Purpose.TEST, 10))),),
    )


def test_a_task_of_sourcehut_begins_beside_the_clone_and_enters_it() -> None:
    content = b"""\
sources:
  - https://git.example.org/depot.git
tasks:
  - test: |
      cd depot
      go test ./...
      cd web
      npm test
  - other: cd elsewhere && go test ./...
"""
    assert read_pipeline(".build.yml", content).jobs == (
        CiJob("test", 4, (CiStep("go test ./...", Purpose.TEST, 6), CiStep("cd web && npm test", Purpose.TEST, 8))),
        CiJob("other", 9, (CiStep("cd elsewhere && go test ./...", Purpose.TEST, 9),)),
    )
    assert system_of(".builds/alpine.yml") == "sourcehut"


@pytest.mark.parametrize(
    ("path", "content", "step"),
    [
        (".gitlab-ci.yml", b"unit:\n  script:\n    - make test\n", CiStep("make test", Purpose.TEST, 3)),
        ("Jenkinsfile", b"stage('t') {\n  sh 'mvn -B verify'\n}", CiStep("mvn -B verify", Purpose.TEST, 2)),
        (
            ".circleci/config.yml",
            b"jobs:\n  b:\n    steps:\n      - run: cargo test\n",
            CiStep("cargo test", Purpose.TEST, 4),
        ),
        (
            "azure-pipelines.yml",
            b"steps:\n  - script: dotnet build\n",
            CiStep("dotnet build", Purpose.BUILD, 2),
        ),
        (".ci/run.sh", b"#!/bin/sh\nset -e\nnpm test\n", CiStep("npm test", Purpose.TEST, 3)),
    ],
)
def test_every_ci_system_gives_its_commands(path: str, content: bytes, step: CiStep) -> None:
    assert [step for job in read_pipeline(path, content).jobs for step in job.steps] == [step]


def test_jobs_of_gitlab_are_those_with_a_script_and_words_of_its_own_are_none() -> None:
    text = b"""\
stages: [test]
default:
  script: [no]
unit:
  before_script:
    - pip install -e .
  script:
    - echo hello
    - pytest
lint: {stage: test}
"""
    assert read_pipeline(".gitlab-ci.yml", text).jobs == (
        CiJob("unit", 4, (CiStep("pip install -e .", Purpose.SETUP, 6), CiStep("pytest", Purpose.TEST, 9))),
    )


def test_a_job_of_github_that_uses_another_workflow_says_so() -> None:
    text = b"on:\n  push:\njobs:\n  deploy:\n    uses: ./.github/workflows/deploy.yml\n"
    assert read_pipeline(".github/workflows/ci.yml", text) == Pipeline(
        ".github/workflows/ci.yml",
        "github",
        on=("push",),
        jobs=(CiJob("deploy", 4, (CiStep("uses ./.github/workflows/deploy.yml", None, 5),)),),
    )


def test_a_file_that_cannot_be_read_yields_a_note() -> None:
    pipeline = read_pipeline(".gitlab-ci.yml", b"{")
    assert (pipeline.jobs, pipeline.note[:16]) == ((), "cannot be read: ")


def test_of_very_many_jobs_and_steps_the_first_are_kept_and_the_steps_counted() -> None:
    steps = "".join(f"    - run: make t{number}\n" for number in range(STEPS + 3))
    jobs = "".join(f"  j{number}:\n    steps:\n{steps}" for number in range(JOBS + 2))
    found = read_pipeline(".github/workflows/ci.yml", f"jobs:\n{jobs}".encode()).jobs
    assert [(len(job.steps), job.more) for job in found] == [(STEPS, 3)] * JOBS


@pytest.mark.parametrize(
    ("path", "content", "rules"),
    [
        (
            ".husky/pre-commit",
            b'. "$(dirname -- "$0")/_/husky.sh"\nnpx lint-staged\n',
            [("the pre-commit hook runs npx lint-staged", 2)],
        ),
        (
            "lefthook.yml",
            b"pre-push:\n  commands:\n    test:\n      run: make test\n    types: {}\n",
            [("the pre-push hook runs make test", 4), ("the pre-push hook runs types", 5)],
        ),
        ("lefthook.yml", b"{", []),
    ],
)
def test_the_commands_of_hooks_are_rules_too(path: str, content: bytes, rules: list[tuple[str, int]]) -> None:
    assert list(read_hooks(path, content)) == [RepoRule(text, Moment.COMMIT, path, line) for text, line in rules]


def test_hooks_are_rules_before_a_commit() -> None:
    content = b"repos:\n  - repo: x\n    hooks:\n      - id: ruff\n"
    assert read_hooks(".pre-commit-config.yaml", content) == (
        RepoRule("pre-commit runs ruff", Moment.COMMIT, ".pre-commit-config.yaml", 4),
    )


CI = (".github/workflows/x.yml", ".gitlab-ci.yml", "Jenkinsfile", ".circleci/config.yml", ".ci/x.sh")


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(CI), content=junk)
def test_whatever_a_pipeline_holds_it_is_read_or_noted(name: str, content: bytes) -> None:
    pipeline = read_pipeline(name, content)
    assert (pipeline.path, pipeline.system) == (name, system_of(name))
    read_hooks(".pre-commit-config.yaml", content)
    read_hooks("lefthook.yml", content)
