"""Modules that are imported when they are first used, because most processes never use them."""

from __future__ import annotations

from importlib import import_module


class Late:
    """Stand for a module until one of its names is used, then import it.

    Declare it beside the import that mypy and import-linter read:

        if TYPE_CHECKING:
            from supervisor.runtime.remote import ending
        else:
            ending = Late("supervisor.runtime.remote.ending")  # 40 ms: hardly ever needed
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self._name), name)
