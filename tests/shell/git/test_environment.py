"""The variables that name one repo are left out of an environment, and no other ones."""

from __future__ import annotations

import subprocess

from supervisor.shell.git.environment import without_repo


def test_all_that_git_calls_local_is_left_out() -> None:
    listed = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True)
    names = listed.stdout.split()
    assert "GIT_DIR" in names
    assert without_repo(dict.fromkeys(names, "x")) == {}


def test_settings_of_one_command_are_left_out_and_the_users_own_stay() -> None:
    counted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": "x"}
    kept = {"GIT_CONFIG_GLOBAL": "/home/ada/gitconfig", "GIT_AUTHOR_NAME": "Ada", "PATH": "/bin", "XGIT_DIR": "x"}
    assert without_repo(counted | kept) == kept
