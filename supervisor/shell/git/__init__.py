"""Reading git, of repositories that may be hostile."""

from supervisor.shell.git.config import read_git
from supervisor.shell.git.listing import Listing, TrackedFile, list_files
from supervisor.shell.git.run import Answer
from supervisor.shell.git.tree import changed_between, read_tree, toplevel

__all__ = [
    "Answer",
    "Listing",
    "TrackedFile",
    "changed_between",
    "list_files",
    "read_git",
    "read_tree",
    "toplevel",
]
