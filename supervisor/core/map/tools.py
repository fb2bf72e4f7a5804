"""Recognise files whose names tie no repos: of tools, licences, and of libraries that a repo carries."""

from __future__ import annotations

import re

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
