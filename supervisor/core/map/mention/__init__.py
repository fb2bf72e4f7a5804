"""What one source file mentions: classify its literals, and bring the names into one form.

Here: whatever looks at one file. Not here: what two repos share (`core.map`), or how a language is read
(`wire.source`).
"""
