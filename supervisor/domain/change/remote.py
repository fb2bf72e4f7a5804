"""Where a branch is pushed to."""

from __future__ import annotations

from msgspec import Struct


class RemotePlace(Struct, frozen=True):
    """A remote of a repo."""

    name: str
    urls: tuple[str, ...]  # to which git pushes; there may be credentials in them
    one_url: bool  # git fetches from there too
    base: str  # the branch of the remote that a pull request is to be merged into; "": the forge's default
    hook: str  # the file that is the pre-push hook, on another machine its name; "": none
