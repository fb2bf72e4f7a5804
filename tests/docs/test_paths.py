"""Everything that the documents name exists: files, folders, and names in files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("supervisor", "tests", "docs", "scripts", "skills", "templates")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(rf"(?:{'|'.join(ROOMS)})/[\w./-]*")
_NAMED_IN = re.compile(r"`(\w+)`(?:,? and `(\w+)`)?\s+(?:in|of)\s+`((?:supervisor|tests)/[\w./-]+\.py)`")
_TESTS = re.compile(r"`(tests/[\w./]+\.py)`: ((?:`\.\.\.\w+`(?:, )?)+)")
_ENDING = re.compile(r"`\.\.\.(\w+)`")
_GENERATED = re.compile(r"<!-- generated: .*?<!-- end: ", re.DOTALL)


def prose(page: Path) -> str:
    return _FENCED.sub("", _GENERATED.sub("", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_document_names_exists(page: Path) -> None:
    named = {path for span in _SPAN.findall(prose(page)) for path in re.split(r"\s+", span) if _PATH.fullmatch(path)}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_each_row_of_the_security_page_names_tests_that_exist() -> None:
    rows = [line for line in prose(ROOT / "docs" / "security.md").splitlines() if line.startswith("| ")]
    shown = [row for row in rows if not row.startswith(("| Who ", "| Checked ", "| --- "))]
    assert len(shown) > 15
    for row in shown:
        found = _TESTS.findall(row.rsplit(" | ", 1)[-1])
        assert found, row
        for path, names in found:
            text = (ROOT / path).read_text(encoding="utf-8")
            endings = _ENDING.findall(names)
            assert endings, row
            assert [one for one in endings if len(re.findall(rf"def test\w*{one}\(", text)) != 1] == [], path


def test_every_name_is_in_the_file_in_which_the_architecture_says_it_is() -> None:
    found = [
        (name, path)
        for *names, path in _NAMED_IN.findall(prose(ROOT / "docs" / "architecture.md"))
        for name in names
        if name
    ]
    assert len(found) > 30
    missing = [
        f"{name} in {path}"
        for name, path in found
        if not re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_every_test_that_the_security_page_names_is_in_the_file_before_it() -> None:
    cells = re.findall(r"`(tests/[\w/]+\.py)`: ((?:`\.\.\.\w+`(?:, )?)+)", prose(ROOT / "docs" / "security.md"))
    found = [(path, end) for path, names in cells for end in re.findall(r"`\.\.\.(\w+)`", names)]
    assert len(found) > 10
    missing = [
        f"{end} in {path}"
        for path, end in found
        if not re.search(rf"^def test\w*{end}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_the_architecture_names_every_package() -> None:
    packages = {file.parent.relative_to(ROOT).as_posix() for file in (ROOT / "supervisor").rglob("__init__.py")}
    text = prose(ROOT / "docs" / "architecture.md")
    assert [package for package in sorted(packages - {"supervisor"}) if f"`{package}/`" not in text] == []


def test_the_glossary_is_in_alphabetical_order_and_says_each_word_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)[1:]
    assert len(rows) > 50
    assert rows == sorted(set(rows), key=str.casefold)
