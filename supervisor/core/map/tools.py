"""Recognise files whose names tie no repos: of tools, licences, of libraries that a repo carries, and the pages of a
server, which only the server itself serves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from supervisor.core.map.occurrences import Occurrence
from supervisor.domain.link import Kind, Role
from supervisor.regex import regex

_TOOL = regex(
    r"""(^|/)(
        licen[cs]es?/.* | \.github/.* | \.circleci/.* | \.husky/.*
      | \.woodpecker(/.*|\.ya?ml) | \.(gitea|forgejo|trunk|devcontainer)/.* | \.[\w-]*lint[\w-]*(\.\w+)*
      | \.vscode/.* | \.idea/.* | fastlane/.* | gradle/wrapper/.*
      | (babel|biome|commitlint|cypress|esbuild|eslint|jest|karma|knip|lint-staged|metro|next|nuxt|playwright|postcss
          |prettier|release|rollup|rspack|stylelint|svelte|tailwind|tsup|vite|vitest|webpack|workbox)
        (\.[\w-]+)*\.config(\.[\w-]+)*\.\w+
      | webpack(\.[\w-]+)+\.js | (gulp|grunt)file\.\w+ | karma\.conf\.\w+
      | \.(eslint|prettier|babel|stylelint|swc)rc(\.\w+)?
      | (tsconfig|jsconfig)(\.[\w-]+)*\.json | (lerna|turbo|nx|renovate|deno|biome|vercel|angular)\.json
      | gradle(-wrapper)?\.properties | gradlew(\.bat)? | local\.properties | sonar-project\.properties | detekt\.yml
      | \.gitlab-ci\.yml | \.travis\.yml | \.drone\.yml | appveyor\.yml | azure-pipelines\.yml
      | bitbucket-pipelines\.yml
      | \.pre-commit-config\.yaml | \.?codecov\.ya?ml | crowdin\.ya?ml | funding\.ya?ml | dependabot\.ya?ml
      | \.?mkdocs\.ya?ml | \.readthedocs\.ya?ml | \.golangci\.ya?ml | \.goreleaser\.ya?ml | \.rubocop\.yml
      | phpstan\.neon
      | tox\.ini | pytest\.ini | setup\.cfg | \.flake8 | noxfile\.py | mypy\.ini | rustfmt\.toml | clippy\.toml
      | \.clang-(format|tidy) | \.swiftlint\.yml | phpunit\.xml(\.dist)? | rector\.php | \.php-cs-fixer(\.dist)?\.php
    )$""",
    re.X | re.I,
)


_LIBRARY = regex(
    r"(^|/)(libs?|libraries|managed_components)/[^/]+/([^/]+/){2,}[^/]+\.(c|cc|cpp|cxx|h|hh|hpp|hxx|inc|s)$", re.I
)


_MIGRATION = regex(r"(^|/)(db/migrate|migrations|alembic/versions|database/migrations|schemas/[\w.]+Database)/", re.I)


def is_apart(file: str) -> bool:
    """Return whether what is in a file concerns others only if the rest of the repo has it, too: a migration of the
    repo's own database, or a file of C or C++ deep in a library that the repo carries, such as a Bluetooth stack."""
    return _LIBRARY.search(file) is not None or _MIGRATION.search(file) is not None


def is_tool(file: str) -> bool:
    """Return whether a file configures a tool or is a licence: nothing in it concerns another repo by itself."""
    return _TOOL.search(file) is not None


_OF_BROWSERS = regex(r"\.([cm]?[jt]sx?|vue|svelte|astro|html?|hbs|twig|css|scss)$", re.I)
_OF_NOBODY = regex(r"\.(json|ya?ml|toml|md|proto|graphqls?|txt)$", re.I)
CALLS = 3
"""Routes of a server that a folder must call, and none that it serves, to be a client of its own."""


def pages(found: Iterable[Occurrence]) -> Callable[[Occurrence], bool]:
    """Return whether an occurrence is in the pages of a server, or in another client that its own repo has.

    Such files are in a language of browsers, in which the repo serves no route, or in a folder at the top that calls
    the routes of another one. What only they name is nothing that the server sends to others.
    """
    serving: dict[str, set[str]] = defaultdict(set)
    calling: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in found:
        if one.mention.kind is Kind.ROUTE and not one.test and not _OF_NOBODY.search(one.file):
            if one.mention.role is Role.PROVIDES:
                serving[one.child].add(one.file)
            elif one.mention.role is Role.USES:
                calling[one.child, _top(one.file)].add(one.mention.name)
    apart = {child for child, files in serving.items() if not any(map(_OF_BROWSERS.search, files))}
    tops = {child: set(map(_top, files)) for child, files in serving.items()}
    clients = {
        (child, top)
        for (child, top), names in calling.items()
        if len(names) >= CALLS and top and child in tops and top not in tops[child]
    }

    def is_page(one: Occurrence) -> bool:
        return (one.child in apart and _OF_BROWSERS.search(one.file) is not None) or (
            (one.child, _top(one.file)) in clients
        )

    return is_page


def _top(file: str) -> str:
    """Return the folder at the top that a file is in; "" if it is in none."""
    return file.partition("/")[0] if "/" in file else ""
