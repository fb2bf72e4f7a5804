"""Sources are read whatever is in them, in bounded time; what is said of a word is where it stands."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.map.mentions import mentions
from supervisor.domain.link import Form
from supervisor.wire.source import LIMIT, built, is_test, language_of, skipped
from supervisor.wire.source.grammar import languages
from supervisor.wire.source.packages import LANGUAGES
from supervisor.wire.source.read import MANY, words

EVERY = sorted({*languages(), *LANGUAGES, "env", "dockerfile", "toml", "sql", "proto", "graphql", "plain"})


@pytest.mark.parametrize("language", EVERY)
@settings(max_examples=15)
@given(data=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_are_read_without_a_complaint(language: str, data: bytes) -> None:
    found = words(language, data)
    mentions(found, language)

    assert all(1 <= word.line <= data.count(b"\n") + data.count(b"\r") + 2 for word in found)


@pytest.mark.parametrize("unit", ["a", "a_", "a.", "a/", "/", "{}", "-", "a b ", "A_", "select ", "x:"])
def test_a_long_literal_is_judged_in_bounded_time(unit: str) -> None:
    text = unit * (390 // len(unit))
    source = "".join(f'f("{text}{number}", k="{text}")\n' for number in range(100)).encode()
    began = time.process_time()
    mentions(words("python", source), "python")
    assert time.process_time() - began < 3


def test_no_more_words_are_kept_than_a_file_may_have() -> None:
    assert len(words("python", b'f("some_word")\n' * 20_000)) == MANY
    assert words("python", b"#" * LIMIT + b'\nf("too_late")') == ()


def test_what_stands_around_a_word_is_told() -> None:
    (word,) = words("python", b'x.headers["X-A"]\n')
    assert (word.text, word.line, word.form, word.of) == ("X-A", 1, Form.STRING, "x.headers")
    (word, *_) = words("typescript", b'\nconst topic: string = "a/+/b";\n')
    assert (word.text, word.line, word.key) == ("a/+/b", 2, "topic")
    words_ = words("go", b'package a\nfunc f() {\n r.Route("/v1", func(r R) {\n  r.Get("/a", h)\n })\n}\n')
    assert [(one.text, one.line, one.call, one.within) for one in words_] == [
        ("/v1", 3, "r.Route", ""),
        ("/a", 4, "r.Get", "/v1"),
    ]


def test_comments_and_docstrings_say_nothing() -> None:
    assert words("python", b'"""/v1/a"""\n# "/v1/b"\n') == ()
    assert words("c", b'/* "a" */ // "b"\n') == ()
    assert words("plain", b'# "abc"\n// "abc"\n<!-- "abc" -->\n') == ()


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a/b.py", "python"),
        ("a.tsx", "tsx"),
        ("a.h", "c"),
        ("Dockerfile", "dockerfile"),
        ("x/Dockerfile.dev", "dockerfile"),
        (".env.local", "env"),
        ("package.json", "package.json"),
        ("requirements-dev.txt", "requirements.txt"),
        ("x.gemspec", "gemspec"),
        ("CMakeLists.txt", "plain"),
        ("README.md", None),
        ("logo.png", None),
        ("LICENSE", None),
    ],
)
def test_the_language_of_a_file_is_told_by_its_name(name: str, language: str | None) -> None:
    assert language_of(name) == language


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("node_modules/a/b.js", b"", "vendored"),
        ("a.min.js", b"", "generated"),
        ("a_pb2.py", b"", "generated"),
        ("yarn.lock", b"", "lock file"),
        ("a.py", b"# @generated\n", "generated"),
        ("a.py", b"x\0", "binary"),
        ("a.js", b"var a=1;" * 5000, "minified"),
        ("a.py", b"x\n" * LIMIT, "too large"),
        ("a.py", b"x = 1\n", None),
    ],
)
def test_what_nobody_wrote_by_hand_is_left_out(name: str, content: bytes, reason: str | None) -> None:
    assert skipped(name, content) == reason


def test_what_was_built_counts_only_where_nothing_else_is() -> None:
    sources = [f"src/{number}.ts" for number in range(9)]
    assert built([*sources, "dist/a.js"]) == {"dist/a.js"}
    assert built(["build/esm/a.js", "build/cjs/a.js", "dist/a.js", "package.json"]) == {"build/cjs/a.js", "dist/a.js"}
    assert built([*sources, "lib/a.py"]) == frozenset()


def test_what_was_built_for_several_platforms_counts_once() -> None:
    modules = ("sub/a.js", *(f"{number}.js" for number in range(10)))
    names = [f"lib/{target}/{name}" for target in ("browser", "node", "weapp") for name in (*modules, "own.js")]
    names.remove("lib/node/own.js")
    names.append("lib/node/only.js")

    assert built(names) == {f"lib/node/{name}" for name in modules} | {
        f"lib/weapp/{name}" for name in (*modules, "own.js")
    }
    parts = ("index.js", "command.js", "message.js", "types.js")
    assert built([f"lib/{folder}/{name}" for folder in ("driver", "node") for name in parts]) == set()
    assert built([f"build/{form}/{name}" for form in ("cjs", "esm") for name in modules]) == {
        f"build/cjs/{name}" for name in modules
    }
    assert built(["dist/index.cjs", "dist/index.mjs", "dist/cli/a.cjs"]) == {"dist/index.cjs"}


def test_tests_and_examples_are_told_by_their_names() -> None:
    assert [is_test(name) for name in ("tests/a.py", "a_test.go", "src/a.spec.ts", "src/a.py", "contest/a.py")] == [
        *(True, True, True),
        *(False, False),
    ]
