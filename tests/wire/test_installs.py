"""What a command line installs by name is a package that the repo needs, in any language of scripts."""

from __future__ import annotations

import pytest

from supervisor.domain.link import Form
from supervisor.wire.source.languages import language_of
from supervisor.wire.source.read import literals


@pytest.mark.parametrize(
    ("file", "line", "names"),
    [
        ("Makefile", "\tpip install -r req.txt 'hive-client[mqtt]>=1.2' ./local $(OTHER)", ["hive-client"]),
        ("Dockerfile", "RUN npm install -g @hive/tools@2 && npm ci", ["@hive/tools"]),
        (".github/workflows/a.yml", "run: go install github.com/hive/gate/cmd/gate@latest", ["github.com/hive/gate"]),
        ("setup.sh", "cargo install hive-cli --version 1.0; gem install hive -v 2 comb", ["hive-cli", "hive", "comb"]),
        ("justfile", "  yarn add hive-ui", ["hive-ui"]),
        ("Dockerfile", "# pip install hive", []),
        ("Dockerfile", "RUN apt-get install curl && pip install --prefix hive .", []),
        ("Makefile", "install: build", []),
    ],
)
def test_a_script_needs_the_packages_that_it_installs(file: str, line: str, names: list[str]) -> None:
    found = literals(language_of(file) or "", f"first: 1\n{line}\n".encode())
    assert [(it.text, it.line, it.key) for it in found if it.form is Form.PACKAGE] == [(it, 2, "uses") for it in names]
