"""JSON values of any shape, such as a broken peer, or one of another version, may send."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def objects(*names: str, inner: st.SearchStrategy[Any] = anything) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with any of these fields, each of any shape."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, inner | anything))
