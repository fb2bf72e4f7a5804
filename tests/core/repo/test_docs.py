"""Documents yield headings, commands and rules with their lines. No content raises an error."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.repo.docs import CHANGELOG_LIMIT, DOCUMENT_LIMIT, read_docs, wanted
from supervisor.core.repo.files import RepoFile
from supervisor.domain.repo.facts import (
    Docs,
    Document,
    DocumentedCommand,
    DocumentHeading,
    DocumentKind,
    Moment,
    Purpose,
    RepoRule,
)
from tests.core.hostile import hostile

README = b"""\
# Thing

[![CI](https://ci/badge.svg)](https://ci)

A thing that does what *things* do, and [more](https://x).

## Development

```sh
$ make build
built
$ pytest -q   # all of them
```

Run `ruff check .` before you commit.
"""

CONTRIBUTING = b"""\
Contributing
============

Before you open a pull request
------------------------------

* Run ``tox`` and make sure that it passes.
* Say hello.

Releasing
---------

1. Bump the version.
2. Run ``twine upload dist/*``.

Build the docs::

    make docs
    cmake --build .
"""


def docs_of(**files: bytes) -> Docs:
    named = {name.replace("_", "."): content for name, content in files.items()}
    return read_docs([RepoFile(name, len(content)) for name, content in named.items()], named)


def test_a_readme_yields_what_the_repo_is_and_how_to_work_on_it() -> None:
    assert docs_of(README_md=README) == Docs(
        documents=(
            Document(
                "README.md",
                DocumentKind.README,
                "A thing that does what things do, and more.",
                (DocumentHeading("Thing", 1, 1), DocumentHeading("Development", 2, 7)),
            ),
        ),
        commands=(
            DocumentedCommand("make build", Purpose.BUILD, "README.md", 10),
            DocumentedCommand("pytest -q", Purpose.TEST, "README.md", 12),
            DocumentedCommand("ruff check .", Purpose.LINT, "README.md", 15),
        ),
        rules=(RepoRule("Run ruff check . before you commit.", Moment.COMMIT, "README.md", 15),),
    )


def test_restructured_text_is_read_as_well() -> None:
    found = docs_of(CONTRIBUTING_rst=CONTRIBUTING)
    assert found.documents[0].headings == (
        DocumentHeading("Contributing", 1, 1),
        DocumentHeading("Before you open a pull request", 2, 4),
        DocumentHeading("Releasing", 2, 10),
    )
    assert found.commands == (
        DocumentedCommand("cmake --build .", Purpose.BUILD, "CONTRIBUTING.rst", 19),
        DocumentedCommand("tox", Purpose.TEST, "CONTRIBUTING.rst", 7),
        DocumentedCommand("twine upload dist/*", Purpose.RELEASE, "CONTRIBUTING.rst", 14),
    )
    assert found.rules == (
        RepoRule("Run tox and make sure that it passes.", Moment.COMMIT, "CONTRIBUTING.rst", 7),
        RepoRule("Bump the version.", Moment.RELEASE, "CONTRIBUTING.rst", 13),
        RepoRule("Run twine upload dist/*.", Moment.RELEASE, "CONTRIBUTING.rst", 14),
    )


def test_those_nearest_to_the_root_are_read_first_and_licences_translations_and_vendored_ones_not_at_all() -> None:
    names = (
        *("docs/guide.md", "README.md", "README.zh-CN.md", "LICENSE.md", "node_modules/x/README.md", "AGENTS.md"),
        *("src/main.py", "CHANGELOG.md", "packages/a/README.md", "tests/README.md"),
    )
    assert wanted([RepoFile(name, 10) for name in names]) == (
        ("README.md", DOCUMENT_LIMIT),
        ("AGENTS.md", DOCUMENT_LIMIT),
        ("CHANGELOG.md", CHANGELOG_LIMIT),
        ("packages/a/README.md", DOCUMENT_LIMIT),
        ("docs/guide.md", DOCUMENT_LIMIT),
    )


def test_documents_that_are_not_read_are_reported() -> None:
    many = [RepoFile(f"docs/{number:02}.md", 10) for number in range(45)]
    assert read_docs(many, {file.name: b"# x" for file in many[1:]}).cut == (
        "docs/00.md could not be read",
        "5 more documents were not read",
    )


def test_a_document_that_tangles_the_parser_is_reported_and_the_others_are_read() -> None:
    found = docs_of(README_md=b"> " * 30 + b"x", AGENTS_md=b"# Rules")
    assert [one.path for one in found.documents] == ["README.md", "AGENTS.md"]
    assert found.cut[0].startswith("README.md could not be parsed (line 1: ")


@settings(max_examples=150, deadline=None)
@given(ending=st.sampled_from(["md", "rst", "adoc", "txt"]), content=st.one_of(st.binary(max_size=80), hostile))
def test_whatever_a_document_holds_its_texts_are_fit_to_be_shown(ending: str, content: bytes | str) -> None:
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    name = f"CONTRIBUTING.{ending}"
    found = read_docs([RepoFile(name, len(raw))], {name: raw})
    texts = [heading.text for one in found.documents for heading in one.headings]
    texts += [*(one.summary for one in found.documents), *(one.text for one in (*found.commands, *found.rules))]
    # The joiners of words and of emoji are not printable, and harmless.
    assert all(text.replace("\u200d", "").replace("\u200c", "").isprintable() for text in texts)
