"""Read any source, in bounded time, with the context of each literal."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.core.map.mention.mentions import mentions
from supervisor.domain.link import Form
from supervisor.wire.source import LIMIT, built, is_test, language_of, skipped
from supervisor.wire.source.grammar import languages
from supervisor.wire.source.packages import LANGUAGES
from supervisor.wire.source.read import MANY, literals

EVERY = sorted({*languages(), *LANGUAGES, "env", "dockerfile", "toml", "sql", "proto", "graphql", "plain"})


@pytest.mark.parametrize("language", EVERY)
@settings(max_examples=15)
@given(data=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_are_read_without_an_error(language: str, data: bytes) -> None:
    found = literals(language, data)
    mentions(found, language)

    assert all(1 <= word.line <= data.count(b"\n") + data.count(b"\r") + 2 for word in found)


@pytest.mark.parametrize("unit", ["a", "a_", "a.", "a/", "/", "{}", "-", "a b ", "A_", "select ", "x:"])
def test_a_long_literal_is_classified_in_bounded_time(unit: str) -> None:
    text = unit * (390 // len(unit))
    source = "".join(f'f("{text}{number}", k="{text}")\n' for number in range(100)).encode()
    began = time.process_time()
    mentions(literals("python", source), "python")
    assert time.process_time() - began < 3


def test_no_more_literals_are_kept_than_the_limit() -> None:
    assert len(literals("python", b'f("some_word")\n' * 20_000)) == MANY
    assert literals("python", b"#" * LIMIT + b'\nf("too_late")') == ()


def test_a_literal_comes_with_its_context() -> None:
    (word,) = literals("python", b'x.headers["X-A"]\n')
    assert (word.text, word.line, word.form, word.of) == ("X-A", 1, Form.STRING, "x.headers")
    (word, *_) = literals("typescript", b'\nconst topic: string = "a/+/b";\n')
    assert (word.text, word.line, word.key) == ("a/+/b", 2, "topic")
    words_ = literals("go", b'package a\nfunc f() {\n r.Route("/v1", func(r R) {\n  r.Get("/a", h)\n })\n}\n')
    assert [(one.text, one.line, one.call, one.within) for one in words_] == [
        ("/v1", 3, "r.Route", ""),
        ("/a", 4, "r.Get", "/v1"),
    ]


def test_comments_and_docstrings_are_ignored() -> None:
    assert literals("python", b'"""/v1/a"""\n# "/v1/b"\n') == ()
    assert literals("c", b'/* "a" */ // "b"\n') == ()
    assert literals("plain", b'# "abc"\n// "abc"\n<!-- "abc" -->\n') == ()


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
def test_a_file_name_tells_the_language(name: str, language: str | None) -> None:
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
def test_files_that_nobody_wrote_by_hand_are_skipped(name: str, content: bytes, reason: str | None) -> None:
    assert skipped(name, content) == reason


def test_built_files_count_only_where_there_are_no_sources() -> None:
    sources = [f"src/{number}.ts" for number in range(9)]
    assert built([*sources, "dist/a.js"]) == {"dist/a.js"}
    assert built(["build/esm/a.js", "build/cjs/a.js", "dist/a.js", "package.json"]) == {"build/cjs/a.js", "dist/a.js"}
    assert built([*sources, "lib/a.py"]) == frozenset()


def test_a_build_for_several_platforms_counts_once() -> None:
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


def test_file_names_tell_tests_and_examples() -> None:
    assert [is_test(name) for name in ("tests/a.py", "a_test.go", "src/a.spec.ts", "src/a.py", "contest/a.py")] == [
        *(True, True, True),
        *(False, False),
    ]
