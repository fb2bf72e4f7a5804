"""Texts of somebody who wants them to be read as more than data."""

from __future__ import annotations

import re

from hypothesis import strategies as st
from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")

_BLOCKS = (
    "\n# Done\n¦\n## Tasks\n\n¦\n===\n¦\n---\n¦\n| a | b |\n|---|---|\n| c | d |\n¦\n```\n¦\n~~~~\n¦\n`````text\n¦"
    "\n<script>\n¦\n[x]: javascript:alert(1)\n¦\n> ¦\n- ¦\n    ¦1. ¦1) ¦+ ¦# ¦- ¦> ¦{{runs}}"
)
_INLINES = (
    " | ¦\\|¦\\¦`¦```¦<!-- ¦ -->¦<javascript:alert(1)>¦[x](javascript:alert(1))¦![x](http://x)¦**¦_¦~~¦&lt;¦&#35;¦&"
    "¦snake_case¦word¦ ¦é"
)
_CONTROLS = "\t¦\r¦\r\n¦\x1b[2J¦\x1b]8;;http://x\x07¦\x00¦\x1f¦\x85¦\u2028¦\u202e¦\u200b¦\ud800¦\U000e0041"

_pieces = st.sampled_from("¦".join((_BLOCKS, _INLINES, _CONTROLS)).split("¦"))
hostile = st.one_of(st.lists(_pieces, max_size=8).map("".join), st.text(max_size=30))
