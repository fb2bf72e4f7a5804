"""Nouns: frozen records and enums, made of the standard library and msgspec.

Here: data that more than one ring speaks of. Not here: functions that decide or change (`core`), or I/O.
"""
