"""Reading source code: the literals and names of data in it, each with its line and what stands around it."""

from supervisor.wire.source.languages import LIMIT, built, is_test, language_of, skipped
from supervisor.wire.source.read import words

__all__ = ["LIMIT", "built", "is_test", "language_of", "skipped", "words"]
