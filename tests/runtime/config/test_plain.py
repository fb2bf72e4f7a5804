"""Read a plain config without a YAML parser, and say the same as one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from supervisor.runtime.config.plain import read_plain
from supervisor.runtime.config.starter import starter
from tests import CHECKOUT
from tests.test_costs import loaded_by

WORDS = (
    "a",
    "api",
    "true",
    "Null",
    "no",
    "1",
    "1e5",
    "2024-01-01",
    "x.y",
    "../a",
    "~/a",
    "~",
    "-",
    "-/",
    "/",
    ".inf",
    "",
)
LINES = st.tuples(
    st.sampled_from(["", " ", "  ", "    ", "- ", "\t"]),
    st.sampled_from([f"{word}:" for word in WORDS] + ["a", "", "---", "...", "%YAML 1.1", "a: &x"]),
    st.sampled_from(["", " ", "#", " #", "\r", "\x85"]) | st.sampled_from([f" {word}" for word in WORDS]),
    st.sampled_from(["", " ", "#", " # a: b", " # \r", "\r"]),
)
TEXTS = st.lists(LINES.map("".join), max_size=8).map("\n".join)


@given(TEXTS | st.text(alphabet="a:#/~ \n-.1\u2028", max_size=30))
@example("a: b\n  c: d")
@example("a: b\n  c")
@example("a:\n")
@example("a: true")
def test_what_is_plain_says_what_yaml_says(text: str) -> None:
    found = read_plain(text.encode())
    if found is not None:
        try:
            said = YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            pytest.fail(f"it is not YAML: {error}")
        assert found == (said or {})


@pytest.mark.parametrize(
    "children", [[("api", "../api")], [("api", "../api"), ("app", "/repos/app.js/x_y"), ("w", "~/w")]]
)
def test_what_init_writes_is_plain(children: list[tuple[str, str]]) -> None:
    assert read_plain(starter(children).encode()) == {"children": {name: {"path": path} for name, path in children}}


@pytest.mark.parametrize(
    ("text", "loads"),
    [
        ("children:\n  api: {repo}  # here\n", False),
        ('children:\n  api: "{repo}"\n', True),
        ("limit:\n  api: x\n", True),
    ],
)
def test_only_a_config_that_is_not_plain_or_wrong_loads_a_parser(text: str, loads: bool) -> None:
    content = text.format(repo=CHECKOUT).encode()
    program = (
        "from contextlib import suppress; from pathlib import Path; from supervisor.errors import ConfigError\n"
        "from supervisor.runtime.config.read import read\n"
        f"with suppress(ConfigError): read(Path('config'), {content!r})"
    )
    assert ("ruamel.yaml" in loaded_by(program)) is loads
