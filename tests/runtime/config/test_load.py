"""Load `orchestrator.config.yaml`, or report what is wrong and where."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from ruamel.yaml import YAML

from supervisor.domain.ask import NOTICE_KINDS, Rule
from supervisor.domain.child import Child
from supervisor.domain.plan import Budget, Price
from supervisor.errors import ConfigError, OrchError, UsageError
from supervisor.runtime.config.load import NAME, SIZE_LIMIT, check_new, load
from supervisor.runtime.config.model import Config, Limits, NotifySettings
from supervisor.runtime.config.starter import starter
from supervisor.runtime.workspace import WorkspacePaths


def orchestrator(workspace: WorkspacePaths, model: str | None = None, effort: str | None = None) -> Child:
    """The orchestrator's own server, in the workspace."""
    return Child("orchestrator", str(workspace.root), model, effort, "read-only")


def read(workspace: WorkspacePaths) -> Config:
    """Load a config with this text."""
    return replace(load(workspace), digest="")


def error_of(workspace: WorkspacePaths, text: str | bytes) -> str:
    """The error for a config with this text."""
    workspace.config.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as error:
        load(workspace)
    return str(error.value).replace(f"{workspace.config}", "CONFIG").replace(f"{workspace.root.parent}", "HERE")


def test_a_short_config_has_the_defaults(workspace: WorkspacePaths) -> None:
    workspace.config.write_text("children:\n  api: ../api\n", encoding="utf-8")
    assert read(workspace) == Config(
        (Child("api", f"{workspace.root.parent}/api"),), orchestrator(workspace), None, Limits()
    )
    assert Limits() == Limits(verify_minutes=20, retry_seconds=(2, 10, 30), ready_seconds=30, log_megabytes=10)


def test_a_full_config_sets_everything(workspace: WorkspacePaths) -> None:
    here = workspace.root.parent
    (here / "app" / "deep").mkdir()
    workspace.config.write_text(
        f"""\
children:
  app: {here}/app/deep
  api:
    path: ../api
    model: gpt-5.5
    effort: high
    sandbox: read-only
    network: true
    approvals: never
orchestrator:
  model: gpt-6
  effort: low
codex:
  bin: ~/bin/codex
limits:
  verify_minutes: 0.5
  retry_seconds: [0, 1]
  ready_seconds: 5
  log_megabytes: 1
""",
        encoding="utf-8",
    )
    assert read(workspace) == Config(
        (Child("app", f"{here}/app"), Child("api", f"{here}/api", "gpt-5.5", "high", "read-only", True, "never")),
        orchestrator(workspace, "gpt-6", "low"),
        "~/bin/codex",
        Limits(verify_minutes=0.5, retry_seconds=(0, 1), ready_seconds=5, log_megabytes=1),
    )


def test_a_home_and_a_link_lead_to_the_repo(workspace: WorkspacePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    here = workspace.root.parent
    monkeypatch.setenv("HOME", str(here))
    (here / "link").symlink_to(here / "app")
    workspace.config.write_text("children: {api: ~/api, app: ../link}", encoding="utf-8")
    assert load(workspace).children == (Child("api", f"{here}/api"), Child("app", f"{here}/app"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("childern: {api: ../api}", "1: the key `childern` is not known: did you mean `children`?"),
        ("children: {api: ../api}\nlimit: {}", "2: the key `limit` is not known: did you mean `limits`?"),
        (
            "children: {api: {path: ../api, modle: x}}",
            "1: the key `children.api.modle` is not known: did you mean `model`?",
        ),
        (
            "children: {api: ../api}\nlimits: {verify_minute: 1}",
            "2: the key `limits.verify_minute` is not known: did you mean `verify_minutes`?",
        ),
        ("children: {api: ../api}\ncodex: {zzz: x}", "2: the key `codex.zzz` is not known: use `bin`"),
        (
            "children: {api: ../api}\nzzz: 1",
            "2: the key `zzz` is not known: use one of `children`, `runners`, `orchestrator`, `codex`, `limits`, "
            "`budget`, `rules`, `notify`, `prices`, `control`, `sandbox`, `land`",
        ),
    ],
)
def test_the_error_for_an_unknown_key_names_the_nearest_one(workspace: WorkspacePaths, text: str, words: str) -> None:
    assert error_of(workspace, text) == f"CONFIG:{words}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("children: {}", "CONFIG:1: `children`: expected a mapping of length >= 1"),
        ("codex: {}", "CONFIG:1: `children` is missing: add it"),
        ("children: [api]", "CONFIG:1: `children`: expected a mapping, got a list"),
        ("children: {api: 7}", "CONFIG:1: `children.api`: expected text or a mapping, got a whole number"),
        ("children: {api: {}}", "CONFIG:1: `children.api.path` is missing: add it"),
        ("children: {api: {path: 7}}", "CONFIG:1: `children.api.path`: expected text, got a whole number"),
        (
            "children: {api: {path: ../api, sandbox: full}}",
            "CONFIG:1: `children.api.sandbox` may not be `full`: use `read-only` or `workspace-write`",
        ),
        (
            "children: {api: ../api}\nlimits: {verify_minutes: 0}",
            "CONFIG:2: `limits.verify_minutes`: expected a number > 0",
        ),
        (
            "children: {api: ../api}\nlimits: {verify_minutes: .inf}",
            "CONFIG:2: `limits.verify_minutes`: expected a number <= 1000000000",
        ),
        (
            "children: {api: ../api}\nlimits: {log_megabytes: .nan}",
            "CONFIG:2: `limits.log_megabytes`: expected a number > 0",
        ),
        (
            "children: {api: ../api}\nlimits: {retry_seconds: [1, -1]}",
            "CONFIG:2: `limits.retry_seconds.1`: expected a number >= 0",
        ),
        (
            "children:\n  api: ../api\n  app:\n    sandbx: x\n    path: y",
            "CONFIG:4: the key `children.app.sandbx` is not",
        ),
        ("children:\n  app: ../app\n  api:\n    path: 7\n", "CONFIG:4: `children.api.path`: expected text"),
        ("children: {api: ../api}\nbudget:\n  plan: 5 cows", "CONFIG:3: `budget.plan`: unknown unit `cows`"),
        ("children: {2: ../api}", "CONFIG:1: a key of `children` is not text: put it in quotes"),
        ("2: x", "CONFIG:1: a key of the file is not text: put it in quotes"),
        ("", "CONFIG holds no `children:`: see `orch init --help` for its form"),
        ("just words", "CONFIG holds no `children:`"),
        ("[1, 2]", "CONFIG holds no `children:`"),
    ],
)
def test_the_error_for_a_value_of_the_wrong_kind_names_its_key(
    workspace: WorkspacePaths, text: str, words: str
) -> None:
    assert words in error_of(workspace, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("children:\n  api: [\n", "CONFIG:3 is not YAML (expected the node content, but found '<stream end>')"),
        ("children:\n\tapi: x\n", "CONFIG:2 is not YAML (found character '\\t' that cannot start any token)"),
        ("children: {api: ../api}\nchildren: {}\n", "CONFIG:2 is not YAML (found duplicate key"),
        ("a: *b\n", "CONFIG:1 is not YAML (found undefined alias 'b')"),
        ("a: !!python/object:os.system x\n", "CONFIG:1 is not YAML ("),
        ("--- a\n--- b\n", "CONFIG:2 is not YAML (but found another document)"),
        (b"a: \xff\n", "CONFIG is not YAML ("),
        ("a: \x01\n", "CONFIG is not YAML ("),
        ("[" * 500, "CONFIG is not YAML (maximum recursion depth"),
        (b"# " + b"x" * SIZE_LIMIT, "CONFIG is larger than 1 MiB"),
    ],
)
def test_the_error_for_invalid_yaml_names_its_line(workspace: WorkspacePaths, text: str | bytes, words: str) -> None:
    assert error_of(workspace, text).startswith(words)


def test_a_config_that_is_not_there_says_how_to_make_one(workspace: WorkspacePaths) -> None:
    with pytest.raises(
        ConfigError, match=r"cannot be read \(No such file or directory\): run `orch init NAME=PATH ...`"
    ):
        load(workspace)
    workspace.config.mkdir()
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        load(workspace)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../gone", "the child `api`: HERE/gone does not exist: correct the child's path"),
        ("../file", "the child `api`: HERE/file is not a folder: give the folder of a git repository"),
        ("../plain", "the child `api`: HERE/plain is not in a git repository: run `git init HERE/plain`"),
        ("../bare", "the child `api`: HERE/bare is a bare repository without a work tree"),
        ("~no-such-user/x", "the child `api`: HERE/ws/~no-such-user/x does not exist"),
        ('"a\\0b"', "the child `api`: "),
        ('""', "the child `api`: HERE/ws is not in a git repository"),
    ],
)
def test_the_error_for_a_path_without_a_repo_names_its_child(workspace: WorkspacePaths, path: str, words: str) -> None:
    here = workspace.root.parent
    (here / "file").write_text("", encoding="utf-8")
    (here / "plain").mkdir()
    subprocess.run(["git", "init", "-q", "--bare", here / "bare"], check=True, timeout=5)
    assert error_of(workspace, f"children: {{api: {path}}}").startswith(words)


def test_two_names_for_one_repo_are_an_error_however_the_path_is_written(workspace: WorkspacePaths) -> None:
    here = workspace.root.parent
    (here / "api" / "deep").mkdir()
    (here / "link").symlink_to(here / "api")
    for other in ("../api", "../api/deep", "../link"):
        assert error_of(workspace, f"children: {{api: ../api, app: {other}}}") == (
            "the children `api` and `app` are the same repo (HERE/api): name it once"
        )


@pytest.mark.promise("no path outside")
@pytest.mark.parametrize("name", ["", "-api", "a b", "a/b", "a" * 41, "ä", "api\n", ".."])
def test_an_invalid_name_is_an_error(workspace: WorkspacePaths, name: str) -> None:
    with pytest.raises(UsageError) as error:
        check_new(workspace.root, [(name, "../api")])
    assert str(error.value) == (
        f"`{name}` is no name for a child: use up to 40 letters, digits, `-` and `_`, beginning with a letter or digit"
    )


@pytest.mark.parametrize(
    ("name", "who"),
    [("human", "you in the plan"), ("HUMAN", "you in the plan"), ("Orchestrator", "who writes the plan")],
)
def test_no_child_is_called_like_the_human_or_the_orchestrator(workspace: WorkspacePaths, name: str, who: str) -> None:
    assert error_of(workspace, f"children: {{{name}: ../api}}") == (
        f"`{name}` is no name for a child (it stands for {who}): choose another name"
    )


def test_names_on_the_command_line_may_not_repeat(workspace: WorkspacePaths) -> None:
    with pytest.raises(UsageError, match="the child `api` is named twice: give each child a name of its own"):
        check_new(workspace.root, [("api", "../api"), ("api", "../app")])
    here = workspace.root.parent
    assert check_new(workspace.root, [("api", "../api"), ("app", "../app")]) == [
        ("api", here / "api"),
        ("app", here / "app"),
    ]


# ── the starter ──────────────────────────────────────────────────────────────────────────────────


def test_the_starter_loads_back_with_the_defaults(workspace: WorkspacePaths) -> None:
    workspace.config.write_text(starter([("api", "../api"), ("app", "../app")]), encoding="utf-8")
    here = workspace.root.parent
    assert read(workspace) == Config(
        (Child("api", f"{here}/api"), Child("app", f"{here}/app")), orchestrator(workspace), None, Limits()
    )


def test_every_line_that_the_starter_comments_out_is_a_right_one(workspace: WorkspacePaths) -> None:
    text = re.sub(r"^( *)# (?!yaml-)(?=[ a-z_-]+:)", r"\1", starter([("api", "../api")]), flags=re.MULTILINE)
    workspace.config.write_text(text, encoding="utf-8")
    child = Child(
        "api",
        f"{workspace.root.parent}/api",
        "gpt-5.5",
        "high",
        "workspace-write",
        False,
        budget=Budget(5_000_000, 480),
    )
    rules = (
        Rule(1, "accept", command=("git", "status")),
        Rule(2, "accept", path="docs/**", child="api"),
        Rule(3, "decline", command=("git", "push")),
    )
    command = ("notify-send", "{title}", "{text}")
    address = "https://ntfy.sh/a-name-that-nobody-guesses"
    notify = NotifySettings(NOTICE_KINDS, command, address, desktop=True, form="ntfy")
    assert read(workspace) == Config(
        (child,),
        orchestrator(workspace, "gpt-5.5", "high"),
        "/path/to/codex",
        Limits(parallel=4, surprise="50%"),
        rules,
        notify,
        Budget(20_000_000, 1440),
        Budget(2_000_000, 90),
        trusted_git={"api": False},
        surprise=0.5,
        documented_checks=True,
        prices={"gpt-5.5": Price(1.25, 10)},
    )


NAMES = st.sampled_from(["2024", "1e5", "0x1f", "true", "null", "No", "1_0", "2024-01-01"]) | st.from_regex(
    NAME.pattern, fullmatch=True
)
PATHS = st.sampled_from(["~", "123", "true", "null", ".", "..", "-", "2024-01-01", "1:30", "*a", "# a"]) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=()), min_size=1
)


@settings(deadline=None)
@given(st.dictionaries(NAMES, PATHS, min_size=1, max_size=3))
def test_names_and_paths_survive_the_starter_however_odd(children: dict[str, str]) -> None:
    data = YAML(typ="safe", pure=True).load(starter(children.items()).encode())
    assert data == {"children": {name: {"path": path} for name, path in children.items()}}


@pytest.mark.promise("any input")
@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=60) | st.text(st.sampled_from("children: {}[]\n-api../&*!#'\"|>%@`~0x."), max_size=60))
def test_any_file_content_is_read_or_is_an_error(data: bytes | str) -> None:
    with TemporaryDirectory() as folder:
        workspace = WorkspacePaths(Path(folder))
        workspace.config.write_bytes(data if isinstance(data, bytes) else data.encode())
        with pytest.raises(OrchError):
            load(workspace)


@pytest.mark.parametrize(
    ("written", "share"), [("50%", 0.5), ("0%", 0.0), ("100 %", 1.0), ("12.5%", 0.125), ("off", None), ("null", None)]
)
def test_a_share_is_a_percentage(workspace: WorkspacePaths, written: str, share: float | None) -> None:
    workspace.config.write_text(f"children:\n  api: ../api\nlimits:\n  surprise: {written}\n", encoding="utf-8")
    assert load(workspace).surprise == share


@pytest.mark.parametrize("written", ["50", "0.5", "101%", "-1%", "half", "'%'", "5e1%", "\u0665%"])
def test_a_share_is_nothing_else(workspace: WorkspacePaths, written: str) -> None:
    message = error_of(workspace, f"children:\n  api: ../api\nlimits:\n  surprise: {written}\n")
    assert message.startswith("CONFIG:4: `limits.surprise` may not be ")
    assert message.endswith(": write a share of the running tasks, from `0%` to `100%`")


def test_variables_in_paths_have_their_values(workspace: WorkspacePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPOS", str(workspace.root.parent))
    monkeypatch.setenv("TOOL", "codex")
    text = "children: {api: $REPOS/api, app: {path: '${REPOS}/app'}}\ncodex: {bin: /opt/$TOOL}\n"
    workspace.config.write_text(f"{text}rules: [{{accept: {{path: $REPOS/docs/**}}}}]", encoding="utf-8")
    loaded = load(workspace)
    assert [child.path for child in loaded.children] == [str(workspace.root.parent / name) for name in ("api", "app")]
    assert (loaded.codex_bin, loaded.rules[0].path) == ("/opt/codex", f"{workspace.root.parent}/docs/**")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "children:\n  api: $NOWHERE/api",
            ":2: `children.api`: the variable NOWHERE is not set: set it, or write `$$`",
        ),
        ("children:\n  api: {path: '${NOWHERE}/api'}", "`children.api.path`: the variable NOWHERE is not set"),
        ("children: {api: ../api}\ncodex: {bin: $(which codex)}", ":2: `codex.bin`: a `$` stands before no name"),
        ("children: {api: ../api}\nrules: [{accept: {path: $NO/x}}]", "`rules.1`: the variable NO is not set"),
    ],
)
def test_a_variable_that_is_not_set_is_an_error_with_its_line(
    workspace: WorkspacePaths, text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    monkeypatch.setenv("NO", "")
    assert words in error_of(workspace, text)


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        ("{m: {input: 1}}", ":2: `prices.m.output` is missing: add it"),
        ("{a: {input: 1, output: 2}, m: {input: x, output: 2}}", "`prices.m.input`: expected a number, got"),
        ("{m: {inputs: 1, output: 2}}", "the key `prices.m.inputs` is not known: did you mean `input`?"),
        ("{m: {input: -1, output: 2}}", "`prices.m.input`"),
        ("{m: 5}", "`prices.m`: expected a mapping"),
    ],
)
def test_an_invalid_price_names_its_model(workspace: WorkspacePaths, prices: str, words: str) -> None:
    assert words in error_of(workspace, f"children: {{api: ../api}}\nprices: {prices}")
