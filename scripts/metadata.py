"""What a wheel says of where the project lives: its addresses, and links of the README that lead there from elsewhere.

hatchling calls it for every build in a clone (see pyproject.toml); of an unpacked sdist it takes what the sdist says.
The address is that of the remote `origin`; without one on a forge, a wheel names none, and the README stays as it is.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PLACES = {
    "Homepage": "",
    "Documentation": "/blob/HEAD/docs",
    "Changelog": "/blob/HEAD/CHANGELOG.md",
    "Issues": "/issues",
}
LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?!\w+:|#)(?P<path>[^)\s]+)\)")


class Metadata(MetadataHookInterface):
    """Fills in `urls` and `readme`."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        root = Path(self.root)
        home = address(root)
        text = (root / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, home) if home else text}
        metadata["urls"] = {name: f"{home}{path}" for name, path in PLACES.items()} if home else {}


def address(root: Path) -> str:
    """Return the web address of the project, "" if it is not known."""
    words = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
    try:
        return web_address(subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip())
    except FileNotFoundError:  # there is no git
        return ""


def web_address(remote: str) -> str:
    """Return the https address of a remote on a forge, without a login and `.git`; "" for a folder on this machine."""
    found = re.fullmatch(
        r"(?:https?://(?:[^@/]*@)?|ssh://(?:[^@/]*@)?|[^@/:]+@)([\w.-]+)(?::\d+)?[:/]+(.+?)(?:\.git)?/?", remote
    )
    return f"https://{found[1]}/{found[2]}" if found else ""


def absolute(text: str, home: str) -> str:
    """Return a README whose links to files of the repo lead to the forge; images to their bytes."""

    def lead(link: re.Match[str]) -> str:
        kind = "raw" if link["image"] else "blob"
        return f"{link['image']}[{link['text']}]({home}/{kind}/HEAD/{link['path']})"

    return LINK.sub(lead, text)
