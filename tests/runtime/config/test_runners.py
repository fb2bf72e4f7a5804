"""Children on other machines in the config: what is read, and what is refused without a look at this machine's disk."""

from __future__ import annotations

import pytest

from supervisor.domain.child import Runner
from supervisor.errors import ConfigError
from supervisor.runtime.config.load import load, load_guarded, named, present
from supervisor.runtime.workspace import WorkspacePaths


def loaded(workspace: WorkspacePaths, text: str) -> list[tuple[str, str, Runner | None]]:
    workspace.config.write_text(text, encoding="utf-8")
    return [(child.name, child.path, child.runner) for child in load_guarded(workspace).children]


def test_a_child_has_a_prefix_of_its_own_or_that_of_a_name(workspace: WorkspacePaths) -> None:
    found = loaded(
        workspace,
        "children:\n  api: ../api\n"
        "  one: {path: /srv/one/, runner: ssh -p 22 me@lab --}\n"
        "  two: {path: /srv/two, runner: [docker, exec, -i, box]}\n"
        "  three: {path: /srv/three, runner: gpu}\n"
        "runners:\n  gpu: {connect: ssh gpu --, codex: /opt/codex, path: /opt/node/bin, login: there, "
        "env: {CODEX_HOME: /data}}\n",
    )
    assert found == [
        ("api", f"{workspace.root.parent}/api", None),
        ("one", "/srv/one", Runner("me@lab", ("ssh", "-p", "22", "me@lab", "--"))),
        ("two", "/srv/two", Runner("docker exec -i box", ("docker", "exec", "-i", "box"))),
        (
            "three",
            "/srv/three",
            Runner("gpu", ("ssh", "gpu", "--"), "/opt/codex", ("/opt/node/bin",), (("CODEX_HOME", "/data"),)),
        ),
    ]
    assert [child.name for child in present(load(workspace))] == ["api"]
    assert [child.where for child in named(workspace)][1] == "me@lab:/srv/one"


@pytest.mark.parametrize(
    ("child", "rest", "complaint"),
    [
        ("path: srv/one, runner: ssh lab --", "", "('srv/one'), and one has a runner"),
        ("path: ~/one, runner: ssh lab --", "", "is no absolute path"),
        ("path: /, runner: ssh lab --", "", "is no absolute path"),
        ("path: /srv/one, runner: bulider", "runners: {builder: {connect: ssh b --}}", "did you mean `builder`"),
        ("path: /srv/one, runner: lab", "", "there is no runner `lab`"),
        ("path: /srv/one, runner: ''", "", "`children.one.runner` is not a command"),
        ("path: /srv/one, runner: 'ssh \"lab'", "", "`children.one.runner` is not a command"),
        ("path: /srv/one, runner: gpu", "runners: {gpu: {connect: ssh gpu --, path: bin}}", "is no absolute path"),
        ("path: /srv/one, runner: gpu", "runners: {gpu: {connect: []}}", "`runners.gpu.connect` is not a command"),
        (
            "path: /srv/one, runner: gpu",
            "runners: {gpu: {connect: ssh gpu --, env: {OPENAI_API_KEY: sk-proj-abcdefghijkl}}}",
            "OPENAI_API_KEY looks like a secret",
        ),
        (
            "path: /srv/one, runner: gpu",
            "runners: {gpu: {connect: ssh gpu --, env: {'A B': x}}}",
            "`A B` is no variable to set there",
        ),
        (
            "path: /srv/one, runner: gpu",
            "runners: {gpu: {connect: ssh gpu --, conect: x}}",
            "the key `runners.gpu.conect` is not",
        ),
        ("path: /srv/one, runner: gpu", "runners: {gpu: {connect: ssh g --, env: {A: 1}}}", "`runners.gpu.env.A`: "),
        (
            "path: /srv/one, runner: gpu",
            "runners: {gpu: {connect: ssh g --, login: local}}",
            "`runners.gpu.login`: Codex does not say where commands run",
        ),
        ("path: /srv/one, runner: gpu", "runners: {gpu: {connect: ssh g --, login: here}}", "`runners.gpu.login`"),
    ],
)
def test_what_cannot_be_a_runner_is_refused_with_its_line(
    workspace: WorkspacePaths, child: str, rest: str, complaint: str
) -> None:
    workspace.config.write_text(f"children:\n  one: {{{child}}}\n{rest}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"orchestrator.config.yaml:\d") as error:
        load(workspace)
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("paths", "more", "complaint"),
    [
        (("/srv/a", "/srv/a/"), "", "are the same repo (lab:/srv/a)"),
        (("/srv/a", "/srv/a/b"), "", "the child `two` lies in the child `one`"),
        (("/srv/a/b", "/srv/a"), "", "the child `one` lies in the child `two`"),
        (("/srv/a", "/tmp/b"), "", "lies in a temporary folder (lab:/tmp/b)"),
        (("/srv/a", "/tmp/b"), "sandbox: {exclude_tmp: yes}", None),
        (("/srv/a", "/srv/ab"), "", None),
    ],
)
def test_children_of_one_machine_do_not_lie_in_each_other(
    workspace: WorkspacePaths, paths: tuple[str, str], more: str, complaint: str | None
) -> None:
    rows = "".join(
        f"  {name}: {{path: {path}, runner: ssh lab --}}\n" for name, path in zip(("one", "two"), paths, strict=True)
    )
    workspace.config.write_text(f"children:\n{rows}{more}\n", encoding="utf-8")
    if complaint is None:
        assert len(load(workspace).children) == 2
        return
    with pytest.raises(ConfigError) as error:
        load(workspace)
    assert complaint in str(error.value)
