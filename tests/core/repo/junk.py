"""Bytes that partly look like a manifest or a pipeline."""

from __future__ import annotations

from hypothesis import strategies as st

_pieces = st.sampled_from(
    [
        *(b"[project]\n", b"name = ", b'"x"', b"version: ", b"services:\n", b"  - run: x\n", b"jobs:\n", b"&a ", b"*a"),
        *(
            b"{",
            b"}",
            b"[",
            b"]",
            b'"scripts":',
            b"<a>",
            b"</a>",
            b"test:\n\t",
            b"\xff",
            b"\0",
            b"\x1b[2J",
            b"require (\n",
        ),
        *(
            b"stage('x')",
            b'sh "',
            b"implementation 'a:b:1'",
            b"\n",
            b" ",
            b"? ",
            b"!!python/object ",
            b"- ",
            b"| \n",
            b"#",
        ),
    ]
)
junk = st.one_of(st.binary(max_size=60), st.lists(_pieces, max_size=14).map(b"".join))
