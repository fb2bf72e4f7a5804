"""`scripts/pictures`: take the pictures of the manual: a real run in `orch watch`, and on the page of `orch web`."""

from __future__ import annotations

import argparse
import json
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests import CHECKOUT
from tests.browser import Browser
from tests.cli.web.served import Served
from tests.e2e.lab import Lab
from tests.pictures.scene import running
from tests.tmux import Tmux

SIZE = (100, 32)
PAGE = (960, 860)
HOME = "/home/me"  # in place of the folder of the run, which is another one on each machine
HIDE = """{{
const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (all.nextNode()) all.currentNode.data = all.currentNode.data.replaceAll({path}, {home});
}}"""
FORM = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {terminal_width} {terminal_height}">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px
ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
<rect width="{terminal_width}" height="{terminal_height}" fill="#15181c"/>
<g clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/pictures", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=CHECKOUT / "docs", help="where they go (%(default)s)")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with running() as lab:
        (folder / "watch.svg").write_text(_watch(lab), encoding="utf-8")
        _page(lab, folder)
    return 0


def _watch(lab: Lab) -> str:
    command = [sys.executable, "-m", "supervisor.cli.main", "watch"]
    environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT), "COLORTERM": "truecolor"}
    with Tmux(command, cwd=lab.workspace.root, environ=environ, columns=SIZE[0], lines=SIZE[1]) as tmux:
        tmux.until("waits on you: 1", "T20")
        tmux.until("npm test", "npm run")
        return drawn(tmux.coloured.replace(str(lab.folder), HOME), SIZE[0])


def drawn(screen: str, columns: int) -> str:
    """Draw a coloured screen as SVG that loads nothing."""
    console = Console(record=True, width=columns, file=StringIO(), force_terminal=True, color_system="truecolor")
    for line in screen.rstrip("\n").split("\n"):
        console.print(Text.from_ansi(line), end="\n", overflow="crop", no_wrap=True)
    return console.export_svg(title="", code_format=FORM, unique_id="watch")


def _page(lab: Lab, folder: Path) -> None:
    web = Served(lab.workspace)
    try:
        with Browser(lab.folder / "profile") as browser:
            browser.size(*PAGE)
            browser.open(web.link)
            browser.until("document.querySelectorAll('a.row').length === 30")
            browser.js(HIDE.format(path=json.dumps(str(lab.folder)), home=json.dumps(HOME)))
            browser.picture(folder / "page.png")
    finally:
        web.close()


if __name__ == "__main__":
    sys.exit(main())
