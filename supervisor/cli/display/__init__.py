"""Terminal output: text, colour, tables, progress, the terminal's title.

Here: how values are shown, so that no foreign text can control the terminal. Not here: where the values come from.
"""
