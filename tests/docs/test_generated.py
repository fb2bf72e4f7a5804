"""The generated parts of pages are up to date, and every promise has a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import config
from tests.docs.blocks import GENERATORS, names, pages, refreshed
from tests.docs.promises import held_by, promises
from tests.docs.whole import WHOLE


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_generated_parts_of_a_page_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert refreshed(text) == text, f"{page.name} is out of date: run `scripts/docs --pages`"


@pytest.mark.parametrize("file", WHOLE, ids=lambda file: file.name)
def test_a_file_that_is_generated_as_a_whole_is_up_to_date(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == WHOLE[file](), f"{file.name} is out of date: run `scripts/docs --pages`"


def test_each_generator_is_used_in_one_page() -> None:
    used = [name for page in pages() for name in names(page.read_text(encoding="utf-8"))]
    assert sorted(used) == sorted(GENERATORS)


def test_a_manual_edit_of_a_generated_part_is_noticed() -> None:
    text = "kept\n\n<!-- generated: promises -->\n\nby hand\n\n<!-- end: promises -->\n\nkept too\n"
    after = refreshed(text)
    assert "by hand" not in after
    assert (after.startswith("kept\n\n<!--"), after.endswith("-->\n\nkept too\n")) == (True, True)
    assert refreshed(after) == after


def test_every_promise_has_a_test_and_every_marked_test_a_promise() -> None:
    made = [key for section in promises().values() for key in section]
    assert len(made) == len(set(made)), "two promises have the same key"
    assert set(made) == set(held_by())


def test_every_key_of_the_config_is_described() -> None:
    meanings = {path: key.meaning for path, key in config.every()}
    assert len(meanings) > 25
    assert [path for path, meaning in meanings.items() if not meaning.endswith(".")] == []
