"""Load `rules:` and `notify:` from the config."""

from __future__ import annotations

import re

import pytest

from supervisor.domain.ask import Rule
from supervisor.errors import ConfigError
from supervisor.runtime.config.load import load
from supervisor.runtime.config.model import Config, NotifySettings
from supervisor.runtime.workspace import WorkspacePaths


def read(workspace: WorkspacePaths, text: str) -> Config:
    workspace.config.write_text(f"children: {{api: ../api}}\n{text}", encoding="utf-8")
    return load(workspace)


def error_of(workspace: WorkspacePaths, text: str) -> str:
    with pytest.raises(ConfigError) as error:
        read(workspace, text)
    return re.sub(r"^.*?orchestrator\.config\.yaml:[0-9]+: ", "", str(error.value))


def test_rules_are_read_in_their_order(workspace: WorkspacePaths) -> None:
    config = read(
        workspace,
        """
rules:
  - accept: {command: git status}
  - accept: {path: ./docs/**}
    child: api
    for_session: yes
  - decline: {tool: "lab/*"}
    child: orchestrator
  - decline:
      path: /etc/**
""",
    )
    assert config.rules == (
        Rule(1, "accept", command=("git", "status")),
        Rule(2, "accept", path="docs/**", child="api", for_session=True),
        Rule(3, "decline", tool="lab/*", child="orchestrator"),
        Rule(4, "decline", path="/etc/**"),
    )


def test_a_config_without_them_settles_and_notifies_nothing(workspace: WorkspacePaths) -> None:
    config = read(workspace, "")
    assert (config.rules, config.notify) == ((), None)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{acept: {command: x}}", "the key `rules.1.acept` is not known: did you mean `accept`?"),
        ("{accept: {comand: x}}", "the key `rules.1.accept.comand` is not known: did you mean `command`?"),
        ("{child: api}", "rule 1 must say either `accept` or `decline`"),
        ("{accept: {command: x}, decline: {command: y}}", "rule 1 must say either `accept` or `decline`"),
        ("{accept: {}}", "rule 1 must name one of `command`, `path` and `tool`: make a rule of its own for each"),
        ("{accept: {command: x, path: y}}", "rule 1 must name one of `command`, `path` and `tool`"),
        ("{accept: {command: 'a; b'}}", "rule 1 names no plain command (`a; b`)"),
        ("{accept: {command: 'git *'}}", "rule 1 names no plain command (`git *`)"),
        ("{accept: {command: ''}}", "rule 1 names no plain command (``)"),
        ("{accept: {path: ../x}}", "rule 1 names no path (`../x`)"),
        ("{accept: {path: ''}}", "rule 1 names no path (``)"),
        ("{accept: {tool: act}}", "rule 1 names no tool (`act`): write `SERVER/TOOL`, or `SERVER/*`"),
        (
            "{accept: {command: x}, child: apis}",
            "rule 1 names the child `apis`, which does not exist: did you mean `api`?",
        ),
        ("{decline: {command: x}, for_session: yes}", "rule 1 says `for_session` but declines"),
    ],
)
def test_the_error_for_an_invalid_rule_names_its_number(workspace: WorkspacePaths, rule: str, words: str) -> None:
    assert error_of(workspace, f"rules: [{rule}]").startswith(words)


def test_the_number_of_a_rule_is_that_of_its_place(workspace: WorkspacePaths) -> None:
    assert error_of(workspace, "rules: [{accept: {command: x}}, {}]").startswith("rule 2 must say")


def test_notify_takes_a_command_or_an_address(workspace: WorkspacePaths) -> None:
    everything = ("asks", "blocked", "paused", "end")
    assert read(workspace, "notify: {command: notify-send 'all of orch'}").notify == NotifySettings(
        everything, ("notify-send", "all of orch")
    )
    assert read(workspace, "notify: {command: [a, 'b c'], on: asks}").notify == NotifySettings(("asks",), ("a", "b c"))
    assert read(workspace, "notify: {webhook: 'https://x/y', on: [end, asks]}").notify == NotifySettings(
        ("end", "asks"), (), "https://x/y"
    )


@pytest.mark.parametrize(
    ("written", "desktop", "form"),
    [
        ("desktop", True, "json"),
        ("{desktop: yes}", True, "json"),
        ("{webhook: 'https://ntfy.sh/topic'}", False, "ntfy"),
        ("{webhook: 'https://hooks.slack.com/services/x'}", False, "slack"),
        ("{webhook: 'https://ntfy.example.com/x'}", False, "json"),
        ("{webhook: 'https://ntfy.example.com/x', form: ntfy, desktop: yes}", True, "ntfy"),
        ("{webhook: 'https://ntfy.sh/topic', form: json}", False, "json"),
    ],
)
def test_notify_takes_a_desktop_and_the_form_of_an_address(
    workspace: WorkspacePaths, written: str, desktop: bool, form: str
) -> None:
    found = read(workspace, f"notify: {written}").notify
    assert found is not None
    assert (found.desktop, found.form, found.pause_seconds) == (desktop, form, 60.0)


@pytest.mark.parametrize(
    ("notify", "words"),
    [
        ("{}", "`notify` names neither `command` nor `webhook` nor `desktop`"),
        ("{on: [asks], desktop: no}", "`notify` names neither `command` nor `webhook` nor `desktop`"),
        ("desktp", "`notify` may not be `desktp`"),
        ("{form: ntfy, command: x}", "`notify.form` is the form of a webhook, and there is none: add `webhook`"),
        ("{webhook: 'https://x', form: sms}", "`notify.form` may not be `sms`"),
        ("{command: x, pause_seconds: -1}", "`notify.pause_seconds`"),
        ("{command: ''}", "`notify.command` is empty"),
        ("{command: []}", "`notify.command` is empty"),
        ('{command: "a \'b"}', "`notify.command` is not a command"),
        ("{webhok: x}", "the key `notify.webhok` is not known: did you mean `webhook`?"),
        ("{command: x, on: [ask]}", "`notify.on.0` may not be `ask`: did you mean `asks`?"),
    ],
)
def test_an_invalid_notify_is_an_error(workspace: WorkspacePaths, notify: str, words: str) -> None:
    assert error_of(workspace, f"notify: {notify}").startswith(words)


@pytest.mark.parametrize(
    "address", ["file:///secret", "ftp://secret", "secret", "https://", "http://secret:x/", "https://a/b secret"]
)
def test_the_error_for_an_invalid_address_does_not_show_it(workspace: WorkspacePaths, address: str) -> None:
    words = error_of(workspace, f"notify: {{webhook: '{address}'}}")
    assert words == "`notify.webhook` is not an address: write one that begins with https:// or http://"


def test_an_address_is_not_shown_by_what_holds_it() -> None:
    assert "secret" not in repr(NotifySettings(("asks",), (), "https://x/secret"))
