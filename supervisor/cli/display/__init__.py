"""What people see: text, colour, tables, progress, the terminal's title.

Here: from values to a terminal that no stranger's text can take over. Not here: where the values come from.
"""
