"""A document is split into headings, prose, items and code, in each of its languages."""

from __future__ import annotations

from supervisor.core.repo.documents import Piece, pieces

RST = """\
Thing
=====

.. image:: x.png

A thing that
does things.

====
Over
====

.. code-block:: sh
   :caption: x

   make test

.. note:: Run it.
   Twice.

.. toctree::

   a

* First
* Second::

    make x

Use
---
1. Go.

Deep
~~~~
.. comment
"""
ADOC = """\
= Thing
:toc:
A thing.

== Use

[source,sh]
----
make test
----

* First
. Second
// no
image::x.png[]
....
out
....
----
never closed
"""
HTML = """\
---
title: front matter
---
<h2>A &nbsp; <b>B</b></h2>
<p>Text <img src=x></p>

<p></p>
"""


def test_restructured_text_is_split_with_the_levels_in_the_order_of_their_styles() -> None:
    assert pieces("a.rst", RST) == [
        Piece("heading", "Thing", 1, 1),
        Piece("prose", "A thing that\ndoes things.", 6),
        Piece("heading", "Over", 10, 2),
        Piece("code", "   make test\n", 16, note="sh"),
        Piece("prose", "Run it.\n   Twice.\n", 18),
        Piece("item", "First", 25),
        Piece("item", "Second::", 26),
        Piece("code", "    make x", 28),
        Piece("heading", "Use", 30, 3),
        Piece("item", "Go.", 32),
        Piece("heading", "Deep", 34, 4),
    ]


def test_a_document_without_an_ending_is_restructured_text_if_it_looks_so() -> None:
    assert pieces("README", "Thing\n=====\n\n.. note:: x\n\nText.\n") == [
        Piece("heading", "Thing", 1, 1),
        Piece("prose", "x\n", 4),
        Piece("prose", "Text.", 6),
    ]
    assert pieces("README", "Thing\n=====\n\nText.\n") == [Piece("heading", "Thing", 1, 1), Piece("prose", "Text.", 4)]


def test_asciidoc_is_split_without_attributes_and_comments() -> None:
    assert pieces("a.adoc", ADOC) == [
        Piece("heading", "Thing", 1, 1),
        Piece("prose", "A thing.", 3),
        Piece("heading", "Use", 5, 2),
        Piece("code", "make test", 9, note="sh"),
        Piece("item", "First", 12),
        Piece("item", "Second", 13),
        Piece("code", "out", 17),
    ]


def test_html_in_markdown_gives_its_headings_and_paragraphs_below_the_front_matter() -> None:
    assert pieces("a.md", HTML) == [
        Piece("heading", "A B", 4, 2),
        Piece("prose", "B", 4),
        Piece("prose", "Text", 5),
    ]
