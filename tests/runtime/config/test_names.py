"""Whatever folders are called, their repos get valid and distinct names."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.runtime.config.load import NAME
from supervisor.runtime.config.names import names_for

WORDS = st.one_of(
    st.text(min_size=1, max_size=60).map(lambda text: text.replace("/", "|").replace("\0", "|")),
    st.sampled_from(
        ["server", "Server", "ser ver", "human", "ORCHESTRATOR", "a-server", "server-2", "-", "日本", "n" * 90]
    ),
)
FOLDERS = st.lists(st.tuples(WORDS, WORDS).map(lambda parts: Path("/", *parts)), max_size=12)
TAKEN = st.lists(st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,39}\Z"), max_size=6)


@given(FOLDERS, TAKEN)
def test_names_are_valid_distinct_and_untaken(folders: list[Path], taken: list[str]) -> None:
    names = names_for(folders, taken)
    assert len(names) == len(folders)
    assert all(NAME.fullmatch(name) and name.casefold() not in (HUMAN, ORCHESTRATOR) for name in names)
    folded = [name.casefold() for name in names]
    assert len({*folded}) == len(folded)
    assert not {*folded} & {name.casefold() for name in taken}


@given(FOLDERS)
def test_a_name_that_is_valid_and_nobody_elses_is_kept(folders: list[Path]) -> None:
    plain = [folder.name for folder in folders]
    for name, folder in zip(names_for(folders), plain, strict=True):
        alone = sum(one.casefold() == folder.casefold() for one in plain) == 1
        clean = all(NAME.fullmatch(one) and not one.endswith(("-", "_")) for one in plain)
        if alone and clean and folder.casefold() not in (HUMAN, ORCHESTRATOR) and len(folders) == 1:
            assert name == folder
