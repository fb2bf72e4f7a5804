"""Reading source code: the literals and names of data in it, each with its line and what stands around it.

`read` has the grammars; whoever only tells files apart needs none of them.
"""

from supervisor.wire.source.languages import LIMIT, built, is_test, language_of, skipped

__all__ = ["LIMIT", "built", "is_test", "language_of", "skipped"]
