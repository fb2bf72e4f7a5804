"""A web server that takes notices."""

from __future__ import annotations

from tests.runtime.notify.hook import hook

__all__ = ["hook"]
