"""The stories that the demo can play."""

from __future__ import annotations

from supervisor.demo.checkout import CHECKOUT
from supervisor.demo.lamp import LAMP
from supervisor.demo.story import Story

STORIES: dict[str, Story] = {one.sample.story: one for one in (LAMP, CHECKOUT)}
