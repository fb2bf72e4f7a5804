"""Run git on repositories that may be hostile: no hooks, no prompts, bounded time and output.

Here: running git and reading its folder. Not here: what its output means (`core.repo.git`).
"""

from supervisor.shell.git.config import Setting, filters_of, names_no_filter, read_config, read_git
from supervisor.shell.git.environment import without_repo
from supervisor.shell.git.folder import GitDir, place_of, progress_of, read_small
from supervisor.shell.git.listing import Listing, TrackedFile, list_files
from supervisor.shell.git.run import GitOutput, failed, run_git
from supervisor.shell.git.tree import changed_between, fingerprint, read_status, read_tree, toplevel

__all__ = [
    "GitDir",
    "GitOutput",
    "Listing",
    "Setting",
    "TrackedFile",
    "changed_between",
    "failed",
    "filters_of",
    "fingerprint",
    "list_files",
    "names_no_filter",
    "place_of",
    "progress_of",
    "read_config",
    "read_git",
    "read_small",
    "read_status",
    "read_tree",
    "run_git",
    "toplevel",
    "without_repo",
]
