"""Read what CI and commit hooks run, from the files of GitHub, GitLab, CircleCI, Azure, Jenkins and others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from supervisor.core.repo.commands import LENGTH, purpose_of, quote
from supervisor.core.repo.places import inside, moved, shell_lines
from supervisor.core.repo.structured import Malformed, Value, read_yaml
from supervisor.domain.repo.facts import CiJob, CiStep, Moment, Pipeline, RepoRule
from supervisor.regex import alternatives, regex

JOBS = 20
STEPS = 20  # commands of one job
NAME = 80

_SYSTEMS = (
    (regex(r"\.github/workflows/[^/]+\.ya?ml"), "github"),
    (regex(r"\.gitea/workflows/[^/]+\.ya?ml|\.forgejo/workflows/[^/]+\.ya?ml"), "gitea"),
    (regex(r"(.*/)?\.gitlab-ci\.ya?ml|\.gitlab/(ci/)?[^/]+\.ya?ml"), "gitlab"),
    (regex(r"\.circleci/config\.ya?ml"), "circleci"),
    (regex(r"azure-pipelines[\w.-]*\.ya?ml|\.azure(-pipelines|-devops)?/[^/]+\.ya?ml"), "azure"),
    (regex(r"(.*/)?Jenkinsfile([.-]\w+)?"), "jenkins"),
    (regex(r"\.travis\.ya?ml"), "travis"),
    (regex(r"\.?appveyor\.ya?ml"), "appveyor"),
    (regex(r"bitbucket-pipelines\.ya?ml"), "bitbucket"),
    (regex(r"\.buildkite/[^/]+\.ya?ml"), "buildkite"),
    (regex(r"\.drone\.ya?ml|\.woodpecker(/[^/]+)?\.ya?ml"), "drone"),
    (regex(r"\.cirrus\.ya?ml"), "cirrus"),
    (regex(r"\.build\.yml|\.builds/[^/]+\.yml"), "sourcehut"),
    (regex(r"\.ci/[^/]+\.(ya?ml|sh)|cloudbuild\.ya?ml|ci/[^/]+\.ya?ml"), "ci"),
)
_HOOKS = regex(r"\.pre-commit-config\.ya?ml|\.husky/(pre-commit|commit-msg|pre-push)|lefthook\.ya?ml|\.lefthook\.ya?ml")


def system_of(name: str) -> str | None:
    """Return the CI system that reads a file of this name; None if the file is not a pipeline."""
    if _any_system().fullmatch(name) is None:
        return None
    return next(system for pattern, system in _SYSTEMS if pattern.fullmatch(name))


@cache
def _any_system() -> re.Pattern[str]:
    return alternatives(pattern for pattern, _ in _SYSTEMS)


def is_hooks(name: str) -> bool:
    """Return whether the file configures commit hooks."""
    return _HOOKS.fullmatch(name) is not None


def read_pipeline(name: str, content: bytes) -> Pipeline:
    """Read the jobs of a pipeline and what they run. A malformed file yields nothing but a note that says so."""
    system = system_of(name) or "ci"
    if system == "jenkins":
        return Pipeline(name, system, jobs=_bounded(list(_jenkins(content))))
    if name.endswith(".sh"):
        steps = shell_lines(content[: 64 << 10].decode("utf-8", "replace"), 1)
        return Pipeline(
            name, system, jobs=_bounded([("script", 1, [(line, at) for line, at in steps if purpose_of(line)])])
        )
    try:
        data = read_yaml(content)
    except Malformed as error:
        return Pipeline(name, system, note=f"cannot be read: {error}")
    on = data.at("on") if "on" in data.pairs else data.at("true")
    events = list(on.pairs) or [item.text for item in on.items]
    found = list(
        _github(data)
        if system in ("github", "gitea")
        else _gitlab(data)
        if system == "gitlab"
        else _sourcehut(data)
        if system == "sourcehut"
        else _any(data)
    )
    called = quote(data.at("name").text, NAME)
    return Pipeline(name, system, called, tuple(quote(event, NAME) for event in events[:10]), _bounded(found))


def read_hooks(name: str, content: bytes) -> tuple[RepoRule, ...]:
    """Read what runs before a commit or a push, as rules. A malformed file yields none."""
    rules: list[RepoRule] = []
    if name.startswith(".husky/"):
        when = name.rpartition("/")[2]
        for text, line in shell_lines(content[: 16 << 10].decode("utf-8", "replace"), 1):
            if not text.startswith((".", "export", "if", "fi", "#")):
                rules.append(RepoRule(f"the {when} hook runs {quote(text, LENGTH)}", Moment.COMMIT, name, line))
        return tuple(rules[:10])
    try:
        data = read_yaml(content)
    except Malformed:
        return ()
    if "repos" in data.pairs:
        for hook in (hook for repo in data.at("repos").items for hook in repo.at("hooks").items):
            if called := hook.at("id").text:
                rules.append(
                    RepoRule(f"pre-commit runs {quote(called, NAME)}", Moment.COMMIT, name, hook.at("id").line)
                )
    for when in ("pre-commit", "pre-push", "commit-msg"):
        for called, command in data.at(when, "commands").pairs.items():
            run = quote(command.at("run").text, LENGTH) or quote(called, NAME)
            rules.append(RepoRule(f"the {when} hook runs {run}", Moment.COMMIT, name, command.line))
    return tuple(rules[:20])


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_Found = tuple[str, int, list[tuple[str, int]]]


def _github(data: Value) -> Iterator[_Found]:
    for called, job in data.at("jobs").pairs.items():
        home = (
            job.at("defaults", "run", "working-directory").text or data.at("defaults", "run", "working-directory").text
        )
        steps = [
            line
            for step in job.at("steps").items
            for ran in (step.at("run"), step.at("with", "run"))  # an action may run it in a container
            for line in _lines(ran, step.at("working-directory").text or home)
        ]
        uses = job.at("uses")
        if uses.text:
            steps.append((f"uses {uses.text}", uses.line))
        yield called, job.line - 1, steps


_GITLAB_WORDS = _set("stages variables default include workflow image services cache before_script after_script pages")


def _gitlab(data: Value) -> Iterator[_Found]:
    for called, job in data.pairs.items():
        if called not in _GITLAB_WORDS and "script" in job.pairs:
            steps = [
                line for part in ("before_script", "script") for item in job.at(part).items for line in _lines(item)
            ]
            yield called, job.line - 1, steps


def _sourcehut(data: Value) -> Iterator[_Found]:
    """List the tasks. Each begins beside the clones of the sources: `cd NAME` enters the repo."""
    clones = [(f"git clone {source.text}", 0) for source in data.at("sources").items]
    for task in data.at("tasks").items:
        for called, script in task.pairs.items():
            lines = moved((*clones, *shell_lines(script.text, script.line)), inside(""))
            yield called, script.line - ("\n" in script.text), [(text, line) for text, line in lines if line]


_RUN_KEYS = _set("run script command commands bash pwsh powershell test_script build_script install before_script args")


def _any(data: Value) -> Iterator[_Found]:
    """Collect what is below any key that is named like a command. Its job is the mapping nearest to the top."""
    jobs = data.at("jobs")
    parts = jobs.pairs or {f"{job.at('job').text or job.at('name').text or 'job'}": job for job in jobs.items}
    for called, part in (parts or {"pipeline": data}).items():
        yield called, max(1, part.line - (part is not data)), list(_commands(part))


def _commands(value: Value) -> Iterator[tuple[str, int]]:
    for key, inner in value.pairs.items():
        if key in _RUN_KEYS:
            for item in (inner.at("command") if inner.pairs else inner).items:
                yield from _lines(item)
        else:
            yield from _commands(inner)
    for item in value.items if not isinstance(value.data, str) else ():
        yield from _commands(item)


def _lines(value: Value, folder: str = "") -> list[tuple[str, int]]:
    return list(moved(shell_lines(value.text, value.line), inside(folder))) if value.text else []


_STAGE = regex(r"\bstage\s*\(\s*['\"]([^'\"\n]{1,80})['\"]")
_SH = regex(r"\b(?:sh|bat|powershell)\b[\s(]*(?:script:\s*)?('''|\"\"\"|'|\")(.{1,2000}?)\1", re.DOTALL)


def _jenkins(content: bytes) -> Iterator[_Found]:
    text = content[: 128 << 10].decode("utf-8", "replace")
    stages = [(match.start(), match[1]) for match in _STAGE.finditer(text)] or [(0, "pipeline")]
    ends = [at for at, _ in stages[1:]] + [len(text)]
    for (at, called), end in zip(stages, ends, strict=True):
        steps: list[tuple[str, int]] = []
        for match in _SH.finditer(text, at, end):
            steps += shell_lines(match[2], text.count("\n", 0, match.start(2)) + 1)
        yield called, text.count("\n", 0, at) + 1, steps


_NOISE = regex(
    r"(echo|set|if|then|else|fi|for|do|done|while|cd|export|mkdir|cat|exit|case|esac|printf|sleep|ls|cp|mv|rm)\b|[{}()\[\]]|\w+=\S*$"
)


_DATABASE = regex(r"\b(rails|rake)\s+db:")
"""Prepares the database of a job, in an environment of its own."""

_MOVED = regex(r"^cd [^&|;]+ && (?=\S)")


def _bounded(found: list[_Found]) -> tuple[CiJob, ...]:
    """Return the first jobs, without commands that say nothing about the repo (`echo`, `cd`, ...)."""
    jobs = []
    for called, line, steps in found[:JOBS]:
        kept = [
            CiStep(quote(text, LENGTH), None if _DATABASE.search(text) else purpose_of(text), at)
            for text, at in steps
            if not _NOISE.match(_MOVED.sub("", text))
        ]
        jobs.append(CiJob(quote(called, NAME), line, tuple(kept[:STEPS]), max(0, len(kept) - STEPS)))
    return tuple(jobs)
