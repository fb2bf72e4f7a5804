"""The protocol that the installed codex publishes, for every test that checks against it."""

from __future__ import annotations

import os
import subprocess

import pytest

from supervisor.runtime.codex.binary import locate
from tests.wire.schema import Protocol


@pytest.fixture(scope="session")
def protocol(tmp_path_factory: pytest.TempPathFactory) -> Protocol:
    folder = tmp_path_factory.mktemp("schema")
    home = tmp_path_factory.mktemp("codex-home")
    command = [locate(None), "app-server", "generate-json-schema", "--experimental", "--out", folder]
    subprocess.run(command, env={**os.environ, "CODEX_HOME": str(home)}, check=True, timeout=30)
    return Protocol(folder)
