"""Read source code: literals and names of data, each with its line and its surroundings.

`read` loads the grammars; code that only classifies files needs none of them.

Here: languages and their grammars. Not here: what a literal means to the map (`core.map`).
"""

from supervisor.wire.source.languages import LIMIT, built, is_test, language_of, skipped, unread_languages

__all__ = ["LIMIT", "built", "is_test", "language_of", "skipped", "unread_languages"]
