"""A packed segment tells which words it holds: never too few, and every program can unpack it."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.shell.ledger import packed as packed_segments
from supervisor.shell.ledger.packed import LONGEST, compressed, may_hold

WORDS = st.text(st.sampled_from('T17-_a"\\é\n'), max_size=LONGEST + 2)
VALUES = st.recursive(
    st.none() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "1-2.jsonl.gz"


def lines_of(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


@given(values=st.lists(VALUES, max_size=6), asked=st.lists(WORDS, max_size=3), torn=st.binary(max_size=20))
def test_what_is_in_a_segment_is_never_denied_and_the_lines_come_back(
    values: list[object], asked: list[str], torn: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl.gz"
    data = lines_of(*values) + torn
    path.write_bytes(compressed(data))
    needles = [json.dumps(word).encode() for word in asked]
    assert gzip.decompress(path.read_bytes()) == data
    assert may_hold(path, needles) or not all(needle in data for needle in needles)


def test_a_segment_without_the_words_is_known_and_needs_all_of_them(path: Path) -> None:
    path.write_bytes(compressed(lines_of({"task": "T1", "child": "api"}, {"task": "T2", "text": 'of "T3" and T4'})))
    asked = [("T1",), ("T1", "api"), ("T1", "web"), ("T3",), ("T4",), ("T",), ("T" * (LONGEST + 1),), ("é",), ()]
    found = [may_hold(path, [json.dumps(word).encode() for word in words]) for words in asked]
    assert found == [True, True, False, False, False, False, True, True, True]


def test_the_words_of_a_line_as_long_as_many_blocks_are_known(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_segments, "AT_ONCE", 10)
    path.write_bytes(compressed(lines_of(*({"task": f"T{number}", "text": "word " * number} for number in range(40)))))
    assert [may_hold(path, [f'"T{number}"'.encode()]) for number in range(41)] == [True] * 40 + [False]


def test_a_segment_says_nothing_if_it_has_no_words_too_many_or_damaged_ones(path: Path) -> None:
    lines = lines_of({"task": "T1"})
    whole = compressed(lines)
    damaged = bytes([*whole[:20], whole[20] ^ 1, *whole[21:]])
    many = compressed(lines_of(*(f"w{number}" for number in range(packed_segments.MOST + 1))))
    for content in (
        gzip.compress(lines),
        gzip.compress(b""),
        compressed(b""),
        many,
        damaged,
        whole[:15],
        whole[:22],
        b"",
    ):
        path.write_bytes(content)
        assert may_hold(path, [b'"T9"'])
    assert (gzip.decompress(damaged), gzip.decompress(compressed(b""))) == (lines, b"")


def test_other_programs_unpack_it(path: Path) -> None:
    lines = lines_of({"task": "T1"}, {"task": "T2"})
    path.write_bytes(compressed(lines))
    assert subprocess.run(["gzip", "-t", "-v", path], check=True, capture_output=True, timeout=60).returncode == 0
    assert subprocess.run(["gzip", "-dc", path], check=True, capture_output=True, timeout=60).stdout == lines
