"""How stories are drawn, and shown when they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.core.engine.story import Story

STORIES = int(os.environ.get("ORCH_STORIES", "0"))
SHOWN = 60  # lines of a story that failed
story_settings = settings(
    max_examples=STORIES or 25,
    derandomize=not STORIES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def numbers(length: int) -> st.SearchStrategy[list[int]]:
    """Draw a byte or two for each choice: bytes are cheap to draw and shrink well."""
    whole = st.binary(min_size=length, max_size=3 * length)
    return whole.map(lambda data: [(high << 8) + low for high, low in zip(data[::2], data[1::2], strict=False)])


@contextmanager
def showing(story: Story) -> Iterator[None]:
    """Show how the story ended if it fails."""
    try:
        yield
    except Exception as error:
        error.add_note("\n".join(story.log[-SHOWN:]))
        raise
